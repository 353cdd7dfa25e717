"""Characters that receivers do not see as we do, and wildcards that answer for policies."""

from collections.abc import Iterator

from zoneserver.findings import Finding, Level, make_finding
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rrset import RRset
from zoneserver.validator.policy.survey import Survey, ask, find_below
from zoneserver.validator.policy.texts import lookalikes
from zoneserver.zone.zone import Zone

# What receivers ask for below a domain of mailboxes.
_ASKED = (
    (b"_dmarc",),
    (b"selector", b"_domainkey"),
    (b"_mta-sts",),
    (b"_smtp", b"_tls"),
)


def check_characters(survey: Survey) -> Iterator[Finding]:
    """TX004: characters that look like others."""
    for text in survey.texts:
        if text.hidden:
            assert text.kind is not None
            yield text.finding(
                "TX004",
                f"it begins with, or holds, {text.hidden}; receivers see no {text.kind.value}"
                " at all",
                "type the text anew, without it",
                level=Level.ERROR,
            )
        elif not text.text.isascii() and (found := lookalikes(text.text)):
            yield text.finding(
                "TX004",
                f"it holds {', '.join(found)}; receivers do not take that for ASCII",
                "type the text anew, in ASCII",
            )


def check_wildcards(survey: Survey) -> Iterator[Finding]:
    """TX005: a wildcard that answers where receivers look for policies (RFC 4592 2.2.1)."""
    if not survey.wildcards:
        return
    mailing = {rrset.owner for rrset in survey.rrsets[rtypes.MX]} | {survey.zone.origin}
    for rrset in survey.wildcards:
        above = rrset.owner.parent
        if above not in mailing and rrset.owner not in mailing:
            continue
        names = [name for labels in _ASKED if (name := _answered(survey.zone, above, labels))]
        if not names:
            continue
        kind = rtypes.mnemonic(rrset.rtype)
        yield make_finding(
            "TX005",
            rrset.mark,
            f"{rrset.owner} {kind} answers queries for {', '.join(names)}: receivers that look"
            " for a policy or a key get this text.",
            "add the records that are missing, or give the names that need it a record of their"
            " own",
            level=Level.HINT if _is_harmless(survey, rrset) else None,
            owner=rrset.owner,
        )


def _answered(zone: Zone, above: Name, labels: tuple[bytes, ...]) -> str:
    """The name that the wildcard answers for, or an empty text."""
    name = find_below(above, *labels)
    if name is None or zone.closest(name).owner != above:
        return ""
    return f"*._domainkey.{above}" if b"_domainkey" in labels else str(name)


def _is_harmless(survey: Survey, rrset: RRset) -> bool:
    """Whether the wildcard is an alias to a name that is known to have no TXT."""
    target = rrset.rdatas[0].points_to
    return target is not None and ask(survey.world, target, rtypes.TXT).is_void
