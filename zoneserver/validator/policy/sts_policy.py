"""The policy file of MTA-STS (RFC 8461 3.2), held against the exchangers of its domain."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from zoneserver.errors import NameSyntaxError
from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.names import ROOT, Name
from zoneserver.records.rrset import RRset

_MODES = ("enforce", "testing", "none")
_MAX_AGE = 31557600  # seconds, RFC 8461 3.2
_FIELD = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*(.*?)[ \t]*")


@dataclass(frozen=True, slots=True)
class StsPolicy:
    """A policy as senders read it; `faults` are what they cannot read, with the line."""

    mode: str
    patterns: tuple[str, ...]
    faults: tuple[tuple[int, str], ...]

    def admits(self, host: Name) -> bool:
        """Whether a host matches a pattern (RFC 8461 4.1); `*` stands for one label."""
        for pattern in self.patterns:
            try:
                if pattern.startswith("*."):
                    if host.labels and host.parent == Name.parse(f"{pattern[2:]}."):
                        return True
                elif host == Name.parse(f"{pattern}."):
                    return True
            except NameSyntaxError:
                continue
        return False


def parse_policy(text: str) -> StsPolicy:
    """Read a policy. Lines end in LF or CRLF; of fields that stand twice the first counts."""
    fields: dict[str, str] = {}
    patterns: list[str] = []
    faults: list[tuple[int, str]] = []
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    for number, line in enumerate(lines, 1):
        field = _FIELD.fullmatch(line)
        if field is None:
            faults.append((number, f"{line[:40]!r} is not of the form key: value"))
        elif field[1] == "mx":
            patterns.append(field[2])
            faults += ((number, fault) for fault in _pattern_faults(field[2]))
        else:
            fields.setdefault(field[1], field[2])
    mode = fields.get("mode", "")
    faults += ((1, fault) for fault in _field_faults(fields, mode, patterns))
    return StsPolicy(mode, tuple(patterns), tuple(faults))


def check_policy(text: str, mark: Mark, domain: Name, mx: RRset | None) -> Iterator[Finding]:
    """ST004: a policy that senders cannot read, or that shuts out an exchanger of ours.

    `mark` is where the text of the policy begins.
    """
    policy = parse_policy(text)
    for number, fault in policy.faults:
        yield make_finding(
            "ST004",
            mark._replace(line=mark.line + number - 1),
            f"the MTA-STS policy of {domain}: {fault}; senders ignore the policy.",
            "write version: STSv1, mode: enforce, mx: and max_age: lines",
            owner=domain,
        )
    if policy.mode not in ("enforce", "testing") or mx is None:
        return
    for rdata, place in zip(mx.rdatas, mx.marks, strict=True):
        host = rdata.points_to
        if host is None or host == ROOT or policy.admits(host):
            continue
        enforced = policy.mode == "enforce"
        yield make_finding(
            "ST004",
            mark,
            f"the MTA-STS policy of {domain} leaves out its exchanger {host}: "
            + (
                "Gmail and all others that heed it deliver nothing there."
                if enforced
                else "it is only tested now, but with mode: enforce nothing is delivered there."
            ),
            f"add the line mx: {str(host).rstrip('.')}",
            level=None if enforced else Level.WARNING,
            owner=domain,
            related=((place, f"MX {rdata.text}"),),
        )


def _pattern_faults(pattern: str) -> Iterator[str]:
    bare = pattern.removeprefix("*.")
    if not re.fullmatch(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9-]+", bare):
        yield f"mx: {pattern} is neither a host nor *. and a domain"


def _field_faults(fields: dict[str, str], mode: str, patterns: list[str]) -> Iterator[str]:
    if fields.get("version") != "STSv1":
        yield "there is no version: STSv1"
    if mode not in _MODES:
        yield f"mode: {mode} is not enforce, testing or none" if mode else "there is no mode:"
    age = fields.get("max_age", "")
    if not re.fullmatch(r"[0-9]{1,10}", age) or int(age) > _MAX_AGE:
        yield (
            f"max_age: {age} is not a number of seconds up to {_MAX_AGE}"
            if age
            else "there is no max_age:"
        )
    if not patterns and mode != "none":
        yield "there is no mx: line, so it admits no exchanger"
