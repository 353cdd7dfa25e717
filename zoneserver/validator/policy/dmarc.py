"""DMARC records (RFC 9989) from text to values, and the faults of their tags."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from zoneserver.findings import Level
from zoneserver.validator.policy.reports import ReportUri, parse_report_uris
from zoneserver.validator.policy.tags import Tags, parse_tags

_POLICIES = ("none", "quarantine", "reject")
# RFC 9989 4.8: the values that each tag takes, in any case.
_VALUES = {
    "p": _POLICIES,
    "sp": _POLICIES,
    "np": _POLICIES,
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
    "t": ("y", "n"),
    "psd": ("y", "n", "u"),
}
REMOVED = ("pct", "rf", "ri")  # RFC 9989 C.5.2
_KNOWN = ("v", *_VALUES, "fo", "rua", "ruf", *REMOVED)

# RFC 9989 4.8: 0 and 1 exclude one another, each value at most once.
_FO = re.compile(r"(?!.*(.).*\1)(?!.*0.*1)(?!.*1.*0)[01ds](?:[ds01])*", re.IGNORECASE)
_OLD_FO = re.compile(r"[01ds](?:\s*:\s*[01ds])*", re.IGNORECASE)  # RFC 7489 6.4

# What a person would take for DMARC at `_dmarc`, whatever receivers say.
_LOOKS_LIKE = re.compile(r"dmarc\s*1|(?:^|;)\s*(?:p|sp|rua|ruf)\s*=", re.IGNORECASE)


class TagFault(NamedTuple):
    """What is wrong with a DMARC text, and what to write; without a level it is an error."""

    reason: str
    fix: str
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Dmarc:
    """A record. `policy` is what receivers apply, None where they ignore the record.

    `reports` are the addresses of `rua` and `ruf`, as far as the tags are there.
    """

    tags: Tags
    policy: str | None
    reports: tuple[tuple[str, tuple[ReportUri, ...]], ...]
    faults: tuple[TagFault, ...]


def looks_like_dmarc(text: str) -> bool:
    """Whether a text that does not open as DMARC was meant to."""
    return _LOOKS_LIKE.search(text) is not None


@lru_cache(maxsize=1024)  # a hosting provider's zones say the same thousands of times
def parse_dmarc(text: str) -> Dmarc:
    """Read a text that opens with `v=DMARC1`."""
    tags = parse_tags(text)
    reports = tuple(
        (name, parse_report_uris(value))
        for name in ("rua", "ruf")
        if (value := tags.find(name)) is not None
    )
    return Dmarc(tags, _policy_of(tags), reports, tuple(_find_faults(tags)))


def _policy_of(tags: Tags) -> str | None:
    policy = (tags.find("p") or "").lower()
    if policy in _POLICIES and _valid(tags, "sp") and _valid(tags, "np"):
        return policy
    return "none" if tags.find("rua") else None  # RFC 9989 4.10.1


def _find_faults(tags: Tags) -> Iterator[TagFault]:
    """Everything that receivers ignore or read otherwise than it was meant (RFC 9989 4.7)."""
    for piece in tags.junk:
        yield _junk(piece)
    for name in tags.repeated:
        yield TagFault(
            f"the tag {name} stands twice; receivers ignore the record", f"keep one {name}="
        )
    for name, value in tags.pairs:
        if name in _VALUES and value.lower() not in _VALUES[name]:
            yield _bad_value(name, value)
        elif name == "fo":
            yield from _bad_options(value)
        elif name not in _KNOWN:
            guess = [each for each in _KNOWN if sorted(each) == sorted(name)]
            guess += difflib.get_close_matches(name, _KNOWN, 1, 0.6)
            fix = f"did you mean {guess[0]}=?" if guess else "delete it"
            yield TagFault(f"there is no tag {name}; receivers ignore it", fix, Level.WARNING)
    if tags.find("p") is None:
        yield _no_policy(tags)


def _valid(tags: Tags, name: str) -> bool:
    value = tags.find(name)
    return value is None or value.lower() in _VALUES[name]


def _bad_value(name: str, value: str) -> TagFault:
    values = _VALUES[name]
    guess = difflib.get_close_matches(value.lower(), values, 1, 0.5)
    listed = f"{', '.join(values[:-1])} or {values[-1]}"
    effect = (
        "receivers treat the record as p=none at best, and let forged mail pass"
        if values is _POLICIES
        else "receivers take the default"
    )
    fix = f"write {name}={guess[0]}" if guess else f"write {listed}"
    return TagFault(f"{name}={value}: {name} is {listed}; {effect}", fix)


def _bad_options(value: str) -> Iterator[TagFault]:
    if _FO.fullmatch(re.sub(r"\s*:\s*", "", value)) and _OLD_FO.fullmatch(value):
        return
    allowed = _OLD_FO.fullmatch(value) is not None
    yield TagFault(
        f"fo={value}: "
        + ("0 and 1 exclude one another" if allowed else "fo is a list of 0, 1, d and s")
        + "; receivers take the default",
        "write fo=1, or fo=1:d:s",
        Level.WARNING if allowed else None,  # RFC 7489 allowed both
    )


def _junk(piece: str) -> TagFault:
    if re.match(r"(?:mailto:|https?:|[^@\s]+@)", piece, re.IGNORECASE):
        return TagFault(
            f"{piece} stands behind a semicolon; nothing is sent there",
            "separate addresses with commas",
        )
    return TagFault(
        f"{piece[:40]} is no tag=value; receivers ignore it", "write tag=value, as in p=reject"
    )


def _no_policy(tags: Tags) -> TagFault:
    if len(tags.pairs) == 1 and not tags.junk:
        return TagFault(
            "the text ends after v=DMARC1: was it cut at an unquoted semicolon? There is no"
            " policy and no report, as if there were no DMARC",
            'put the whole text in quotes: "v=DMARC1; p=reject; ..."',
        )
    if tags.find("rua"):
        return TagFault(
            "there is no p=: receivers take p=none, and older ones ignore the record",
            "write p=none, p=quarantine or p=reject",
            Level.WARNING,
        )
    return TagFault(
        "there is neither p= nor rua=: receivers ignore the record", "write p=reject"
    )
