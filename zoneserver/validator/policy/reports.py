"""Addresses that reports are sent to: DMARC, TLS-RPT, CAA, and whether they take mail."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from zoneserver.errors import NameSyntaxError
from zoneserver.findings import Finding, Mark, make_finding
from zoneserver.names import Name
from zoneserver.validator.policy.survey import Survey

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
# RFC 7489 6.4, dropped by RFC 9989 4.8: the largest report that is wanted.
_SIZE = re.compile(r"![0-9]+[kmgt]?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReportUri:
    """One address of a list. `domain` is that of the mailbox, None where there is none."""

    text: str
    scheme: str
    domain: Name | None = None
    has_size: bool = False


def parse_report_uris(text: str) -> tuple[ReportUri, ...]:
    """The comma-separated URIs of `rua` and `ruf` (RFC 9989 4.6, RFC 8460 3)."""
    return tuple(_parse(piece.strip()) for piece in text.split(",") if piece.strip())


def check_mailbox(
    survey: Survey, uri: ReportUri, owner: Name, mark: Mark, what: str
) -> Iterator[Finding]:
    """DM010: reports for a domain of ours that takes no mail."""
    fault = survey.mailbox_fault(uri.domain) if uri.domain else ""
    if uri.domain and fault:
        zone = survey.world.zone_of(uri.domain)
        yield make_finding(
            "DM010",
            mark,
            f"{owner}: {what} go to {uri.text}, but {uri.domain} {fault}: they are lost.",
            "name a mailbox that takes mail",
            owner=owner,
            also=frozenset({zone.origin} if zone else ()) - {survey.zone.origin},
        )


def _parse(text: str) -> ReportUri:
    uri = _SCHEME.fullmatch(text)
    if uri is None:
        return ReportUri(text, "")
    scheme = uri[1].lower()
    has_size = _SIZE.search(uri[2]) is not None
    domain = _mailbox_domain(_SIZE.sub("", uri[2])) if scheme == "mailto" else None
    return ReportUri(text, scheme, domain, has_size)


def _mailbox_domain(address: str) -> Name | None:
    """The domain of `user@domain`, as a mailto: URI writes it (RFC 6068 2)."""
    user, at, domain = unquote(address.partition("?")[0]).rpartition("@")
    if not user or not at or " " in domain:
        return None
    try:
        return Name.parse(f"{domain.rstrip('.')}.")
    except NameSyntaxError:
        return None
