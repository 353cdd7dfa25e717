"""What is wrong with DMARC records, and with the addresses that their reports go to."""

import difflib
from collections.abc import Iterator

from zoneserver.findings import Finding, Level
from zoneserver.names import Name, label_text
from zoneserver.validator.policy.dmarc import (
    REMOVED,
    looks_like_dmarc,
    parse_dmarc,
)
from zoneserver.validator.policy.places import is_alias_target, is_doubled, without_doubling
from zoneserver.validator.policy.reports import ReportUri, check_mailbox
from zoneserver.validator.policy.survey import Survey, find_below, seen_texts
from zoneserver.validator.policy.tags import Tags
from zoneserver.validator.policy.texts import Kind, PolicyText
from zoneserver.validator.world import World


def check_dmarc(survey: Survey) -> Iterator[Finding]:
    """DM002-DM007, DM010: the records that receivers look up."""
    for texts in survey.at_place(Kind.DMARC).values():
        records = [text for text in texts if text.seen and text.kind is Kind.DMARC]
        if len(records) > 1:
            yield records[1].finding(
                "DM002",
                f"there are {len(records)} DMARC records at this name; receivers then act as if"
                " there were none, and forged mail gets through",
                "keep one",
                related=tuple((text.mark, text.text) for text in (records[0], *records[2:])),
            )
        for text in texts:
            if text in records:
                yield from _check_record(survey, text)
            elif not text.hidden and (text.kind is Kind.DMARC or looks_like_dmarc(text.text)):
                yield _wrong_opening(text)


def check_places(survey: Survey) -> Iterator[Finding]:
    """DM001: DMARC where no receiver looks for it."""
    for text in survey.of_kind(Kind.DMARC):
        owner, origin = text.owner, survey.zone.origin
        if is_doubled(owner, origin):
            yield text.finding(
                "DM001",
                f"the name has {origin} twice, because a final dot is missing; nobody looks"
                " there, and there is no DMARC",
                f"write {without_doubling(owner, origin)} with the final dot, or"
                f" {without_doubling(owner, origin).relative_to(origin)}",
            )
        elif text.place is None and _is_astray(survey, owner):
            yield text.finding(
                "DM001",
                "receivers look for DMARC at _dmarc in front of the domain, never here",
                f"move it to {_meant(owner)}",
            )
        elif text.place is None and not text.seen:
            yield _wrong_opening(text)  # the consent to reports, RFC 9990 4


def _is_astray(survey: Survey, owner: Name) -> bool:
    first = owner.labels[0].lower() if owner.labels else b""
    if difflib.SequenceMatcher(None, label_text(first), "_dmarc").ratio() >= 0.8:
        return not is_alias_target(survey, owner)
    # A service that keeps the records of its customers has names of its own for them.
    own = any(label.startswith(b"_") for label in owner.labels)
    return not own and not owner.is_wildcard and not is_alias_target(survey, owner)


def _meant(owner: Name) -> str:
    first = owner.labels[0].lower() if owner.labels else b""
    astray = difflib.SequenceMatcher(None, label_text(first), "_dmarc").ratio() >= 0.7
    return f"_dmarc.{owner.parent if astray else owner}"


def _wrong_opening(text: PolicyText) -> Finding:
    return text.finding(
        "DM003",
        "it does not begin with v=DMARC1, written so, and a semicolon; receivers ignore it, and"
        " there is no DMARC",
        'begin the text with "v=DMARC1; "',
    )


def _check_record(survey: Survey, text: PolicyText) -> Iterator[Finding]:
    record = parse_dmarc(text.text)
    for fault in record.faults:
        yield text.finding("DM003", fault.reason, fault.fix, level=fault.level)
    if record.policy == "none" and not record.tags.find("rua"):
        yield text.finding(
            "DM004",
            "p=none without rua= changes nothing and reports nothing",
            "add rua=mailto: and a mailbox",
        )
    yield from _check_removed(text, record.tags)
    for tag, uris in record.reports:
        if not uris:
            yield text.finding(
                "DM007", f"{tag}= names no address", f"write {tag}=mailto: and a mailbox"
            )
        told: set[Name] = set()
        for uri in uris:
            yield from _check_address(survey, text, tag, uri)
            if uri.domain and uri.domain not in told:
                told.add(uri.domain)
                yield from _check_permission(survey, text, tag, uri)


def _check_removed(text: PolicyText, tags: Tags) -> Iterator[Finding]:
    """DM006: tags that receivers no longer read (RFC 9989 C.5.2, A.6)."""
    for name in REMOVED:
        value = tags.find(name)
        if value is not None:
            test = name == "pct" and value != "100"
            yield text.finding(
                "DM006",
                f"{name}={value} is no longer part of DMARC"
                + ("; the policy applies to all mail" if test else "")
                + ", and newer receivers ignore it",
                "write t=y while you are testing" if test else "delete it",
            )


def _check_address(
    survey: Survey, text: PolicyText, tag: str, uri: ReportUri
) -> Iterator[Finding]:
    """DM006, DM007, DM010: one address that reports go to."""
    if not uri.scheme:
        yield text.finding(
            "DM007",
            f"{tag}={uri.text} has no scheme; no report is sent there",
            f"write {tag}=mailto:{uri.text}",
        )
    elif uri.scheme != "mailto":
        yield text.finding(
            "DM007",
            f"{tag}={uri.text}: receivers send reports by mail only",
            "write mailto: and a mailbox",
            level=Level.WARNING,
        )
    elif uri.domain is None:
        yield text.finding(
            "DM007",
            f"{tag}={uri.text} is no mailbox; no report is sent there",
            f"write {tag}=mailto: and a mailbox",
        )
    if uri.has_size:
        yield text.finding(
            "DM006",
            f"the size limit in {uri.text} is no longer part of DMARC",
            "delete it from the ! on",
        )
    yield from check_mailbox(survey, uri, text.owner, text.mark, "DMARC reports")


def _check_permission(
    survey: Survey, text: PolicyText, tag: str, uri: ReportUri
) -> Iterator[Finding]:
    """DM005: reports to another organisation need its consent (RFC 9990 4, RFC 9991 5)."""
    domain, other = text.owner.parent, uri.domain
    if (
        other is None
        or text.owner.is_wildcard
        or _same_organisation(survey.world, domain, other)
    ):
        return
    consent = find_below(other, *domain.labels, b"_report", b"_dmarc")
    if consent is None:
        return
    found = seen_texts(survey.world, consent, Kind.DMARC)
    if found:
        return
    zone = survey.world.zone_of(consent)
    lacks = "without a record at {} no report is sent" if found is None else "{} is not there"
    yield text.finding(
        "DM005",
        f"{tag}={uri.text} is in another domain, which must agree; {lacks.format(consent)}",
        f'in {zone.origin if zone else other}: {consent} TXT "v=DMARC1"',
        level=None if found is None else Level.ERROR,
        also=frozenset({zone.origin} if zone else ()) - {survey.zone.origin},
    )


def _same_organisation(world: World, one: Name, other: Name) -> bool:
    """Whether two domains belong together, as far as names and our own zones tell.

    Receivers compare organizational domains (RFC 9989 4.10.2): the topmost with a DMARC
    record above each. Names in one zone of ours are taken to be of one hand.
    """
    if one.is_below(other) or other.is_below(one):
        return True
    zone = world.zone_of(one)
    if zone is not None and world.zone_of(other) is zone:
        return True
    shared = next((name for name in one.ancestors() if other.is_below(name)), None)
    if shared is None or len(shared.labels) < 2:
        return False
    asked = find_below(shared, b"_dmarc")
    return asked is not None and bool(seen_texts(world, asked, Kind.DMARC))
