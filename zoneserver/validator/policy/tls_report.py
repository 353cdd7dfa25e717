"""TLS-RPT (RFC 8460 3): who is told when senders cannot deliver over TLS."""

import re
from collections.abc import Iterator

from zoneserver.findings import Finding
from zoneserver.validator.policy.places import is_alias_target, is_doubled, without_doubling
from zoneserver.validator.policy.reports import check_mailbox, parse_report_uris
from zoneserver.validator.policy.survey import Survey
from zoneserver.validator.policy.tags import parse_tags
from zoneserver.validator.policy.texts import Kind, PolicyText

_LOOKS_LIKE = re.compile(r"tls-?rpt|(?:^|;)\s*rua\s*=", re.IGNORECASE)
_LABELS = {b"_smtp", b"_tls", b"smtp", b"tls", b"_tlsrpt", b"_smtp-tls"}


def check_records(survey: Survey) -> Iterator[Finding]:
    """TR001, DM010: the record at `_smtp._tls`."""
    for texts in survey.at_place(Kind.TLSRPT).values():
        records = [text for text in texts if text.seen and text.kind is Kind.TLSRPT]
        if len(records) > 1:
            yield records[1].finding(
                "TR001",
                f"there are {len(records)} TLS-RPT records; senders then act as if there were"
                " none",
                "keep one, with all addresses, separated by commas",
                related=((records[0].mark, records[0].text),),
            )
        for text in texts:
            if text in records:
                yield from _check_addresses(survey, text)
            elif not text.hidden and (text.kind or _LOOKS_LIKE.search(text.text)):
                yield text.finding(
                    "TR001",
                    "it does not begin with v=TLSRPTv1; (written so); nobody reports",
                    'write "v=TLSRPTv1; rua=mailto:tlsrpt@example.org"',
                )


def check_places(survey: Survey) -> Iterator[Finding]:
    """TR002: the record where no sender looks for it."""
    for text in survey.of_kind(Kind.TLSRPT):
        owner, origin = text.owner, survey.zone.origin
        if is_doubled(owner, origin):
            reason = f"the name has {origin} twice, because a final dot is missing"
            fix = f"write {without_doubling(owner, origin)} with the final dot"
        elif text.place is Kind.TLSRPT or owner.is_wildcard or is_alias_target(survey, owner):
            continue
        else:
            domain = owner
            while domain.labels and domain.labels[0].lower() in _LABELS:
                domain = domain.parent
            swapped = owner.key.startswith(b"\x04_tls\x05_smtp")
            reason = "_tls._smtp is swapped" if swapped else "this is not _smtp._tls"
            fix = f"move it to _smtp._tls.{domain}"
        yield text.finding(
            "TR002", f"{reason}; senders look there only, and nobody reports", fix
        )


def _check_addresses(survey: Survey, text: PolicyText) -> Iterator[Finding]:
    tags = parse_tags(text.text)
    for piece in tags.junk:
        fix = "separate addresses with commas, fields with semicolons"
        yield text.finding("TR001", f"{piece[:40]} is no field; senders ignore the record", fix)
    uris = parse_report_uris(tags.find("rua") or "")
    if not uris:
        yield text.finding(
            "TR001",
            "it names no address (rua=); nobody reports",
            "write rua=mailto: and a mailbox",
        )
    for uri in uris:
        if uri.scheme not in ("mailto", "https") or (uri.scheme == "mailto" and not uri.domain):
            yield text.finding(
                "TR001",
                f"rua={uri.text} is neither mailto: nor https:; nobody reports there",
                f"write rua=mailto:{uri.text}"
                if "@" in uri.text and not uri.scheme
                else "write rua=mailto: and a mailbox",
            )
        yield from check_mailbox(survey, uri, text.owner, text.mark, "TLS reports")
