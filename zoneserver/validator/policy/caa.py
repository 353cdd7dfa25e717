"""CAA records (RFC 8659), also those for certificates of mailboxes (RFC 9495)."""

import difflib
import re
from collections.abc import Iterator

from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import CAA
from zoneserver.validator.policy.reports import check_mailbox, parse_report_uris
from zoneserver.validator.policy.survey import Survey

_ISSUING = ("issue", "issuewild", "issuemail", "issuevmc")
# The registry of RFC 8659 7: these, and the three that RFC 8657 and CAs added.
_KNOWN = (*_ISSUING, "iodef", "contactemail", "contactphone")
_CRITICAL = 128  # RFC 8659 4.1

_WORD = r"[A-Za-z0-9](?:-*[A-Za-z0-9])*"
_PARAMETER = rf"{_WORD}[ \t]*=[ \t]*[!-:<-~]*"
# RFC 8659 4.2: an issuer, or none, then parameters.
_ISSUER = re.compile(
    rf"[ \t]*(?:{_WORD}(?:\.{_WORD})*[ \t]*)?"
    rf"(?:;[ \t]*(?:{_PARAMETER}(?:[ \t]*;[ \t]*{_PARAMETER})*[ \t]*;?[ \t]*)?)?"
)


def check_caa(survey: Survey) -> Iterator[Finding]:
    """CA001, DM010: which authorities may issue certificates, and who is told."""
    for rrset in survey.rrsets[rtypes.CAA]:
        for rdata, mark in zip(rrset.rdatas, rrset.marks, strict=True):
            assert isinstance(rdata, CAA)
            yield from _check_property(survey, rrset.owner, rdata, mark)


def _check_property(survey: Survey, owner: Name, caa: CAA, mark: Mark) -> Iterator[Finding]:
    tag = caa.tag.decode("latin-1")
    value = caa.value.decode("utf-8", "replace")
    name = tag.lower()  # RFC 8659 4.1: tags are compared without case
    if name not in _KNOWN:
        guess = difflib.get_close_matches(name, _KNOWN, 1, 0.7)
        critical = caa.flags & _CRITICAL
        effect = "no authority issues any certificate" if critical else "authorities ignore it"
        fix = f"did you mean {guess[0]}?" if guess else "delete it"
        reason = f"there is no tag {tag}; {effect}"
        yield _about(owner, caa, mark, reason, fix, level=Level.WARNING)
    elif name in _ISSUING and not _ISSUER.fullmatch(value):
        reason = (
            f'"{value}" is no issuer, such as ca.example; with such a value no authority may'
            " issue a certificate"
        )
        yield _about(
            owner, caa, mark, reason, 'write the domain of the authority, or ";" for none'
        )
    elif name == "iodef":
        yield from _check_iodef(survey, owner, caa, mark, value)
    if caa.flags & ~_CRITICAL:
        reason = f"the flags {caa.flags} have bits that mean nothing"
        yield _about(
            owner, caa, mark, reason, "write 0, or 128 for critical", level=Level.WARNING
        )


def _check_iodef(
    survey: Survey, owner: Name, caa: CAA, mark: Mark, value: str
) -> Iterator[Finding]:
    """RFC 8659 4.4: a URL with mailto:, http: or https:."""
    (uri,) = parse_report_uris(value.replace(",", "%2C")) or (None,)
    sound = uri is not None and uri.scheme in ("mailto", "http", "https")
    if uri is None or not sound or (uri.scheme == "mailto" and uri.domain is None):
        reason = f'"{value}" is no URL with mailto:, http: or https:; nobody is told'
        yield _about(
            owner,
            caa,
            mark,
            reason,
            f"write mailto:{value if '@' in value else ' and a mailbox'}",
        )
    else:
        yield from check_mailbox(
            survey, uri, owner, mark, "reports of certification authorities"
        )


def _about(
    owner: Name, caa: CAA, mark: Mark, reason: str, fix: str, *, level: Level | None = None
) -> Finding:
    what = f"{owner} CAA {caa.text}"
    return make_finding("CA001", mark, f"{what}: {reason}.", fix, level=level, owner=owner)
