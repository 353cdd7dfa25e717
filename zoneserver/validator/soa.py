"""The zone's SOA: that there is one, its mailbox, its serial, its timers."""

from collections.abc import Iterator
from datetime import date, timedelta

from zoneserver.findings import Finding, make_finding
from zoneserver.records import rtypes
from zoneserver.records.rdata import SOA
from zoneserver.validator.world import Candidate, World

_WEEK, _DAY = 604800, 86400
_DATED_DIGITS = 10  # YYYYMMDDnn, RFC 1912 2.2


def check_count(candidate: Candidate, world: World) -> Iterator[Finding]:
    """NS001, NS002, NS013: one SOA, at the apex."""
    origin = candidate.zone.origin
    soas = [record for record in candidate.source.records if record.rtype == rtypes.SOA]
    at_apex = [record for record in soas if record.owner == origin]
    if not at_apex and origin not in candidate.source.unreadable:
        yield make_finding(
            "NS001",
            candidate.start,
            f"{origin} has no SOA; no server loads such a zone.",
            f"add an SOA record at {origin}",
            owner=origin,
        )
    for other in at_apex[1:]:
        if other.rdata != at_apex[0].rdata:
            yield make_finding(
                "NS002",
                other.mark,
                f"{origin} has two SOA records; secondaries and caches could not tell its"
                " version.",
                "keep one",
                owner=origin,
                related=((at_apex[0].mark, "the first SOA"),),
            )
    for stray in soas:
        if stray.owner != origin and stray.owner.is_below(origin):
            yield make_finding(
                "NS013",
                stray.mark,
                f"{stray.owner} has an SOA, but only the apex {origin} may have one.",
                "delete it, or give the child zone a file of its own",
                owner=stray.owner,
            )


def check_soa(candidate: Candidate, world: World) -> Iterator[Finding]:
    """NS011, NS012, NS016: timers that make sense, a mailbox that is a name, a day that was."""
    # The reader of master files has seen the mailbox as it is written.
    told = any(finding.code == "NS012" for finding in candidate.source.findings)
    for record in candidate.source.records:
        soa = record.rdata
        if not isinstance(soa, SOA) or record.owner != candidate.zone.origin:
            continue
        if not told and soa.rname.labels and b"@" in soa.rname.labels[0]:
            mailbox = str(soa.rname).replace("\\@", ".").replace("@", ".")
            yield make_finding(
                "NS012",
                record.mark,
                f"the mailbox {soa.rname} of the SOA has an @; in DNS form that is a dot.",
                f"write {mailbox}",
                owner=record.owner,
            )
        if day := _day_to_come(soa.serial, world.today):
            yield make_finding(
                "NS016",
                record.mark,
                f"the serial {soa.serial} reads as {day}, a day to come: a serial of today is"
                " lower, and secondary servers keep what they have.",
                f"write {world.today:%Y%m%d}01; once secondaries have {soa.serial}, go on from"
                " there one by one",
                owner=record.owner,
            )
        for fault, fix in _timer_faults(soa):
            yield make_finding("NS011", record.mark, fault, fix, owner=record.owner)


def _day_to_come(serial: int, today: date) -> date | None:
    """The day that a serial is dated with, if nowhere on earth it has begun."""
    digits = str(serial)
    if len(digits) != _DATED_DIGITS:
        return None
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
    return day if day - today > timedelta(days=1) else None


def _timer_faults(soa: SOA) -> Iterator[tuple[str, str]]:
    """What RFC 1912 2.2 and RFC 2308 5 advise against, with the mend."""
    if soa.retry >= soa.refresh:
        yield f"SOA retry {soa.retry} is not below refresh {soa.refresh}.", "lower retry"
    reason = ""
    if soa.expire <= soa.refresh + soa.retry:
        reason = "is not above refresh plus retry: a secondary gives up after one failure."
    elif soa.expire < _WEEK:
        reason = "is under a week: secondaries stop while you are away, and mail bounces."
    if reason:
        yield f"SOA expire {soa.expire} {reason}", "raise expire to two weeks (1209600)"
    if soa.minimum > _DAY:
        yield (
            f"SOA minimum {soa.minimum} is over a day: a name that was missing stays missing.",
            "lower minimum to 3600",
        )
