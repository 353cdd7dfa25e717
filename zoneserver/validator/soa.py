"""The fields of the zone's SOA: its mailbox, its serial, its timers."""

from collections.abc import Iterator
from datetime import date, timedelta

from zoneserver.findings import Finding, make_finding
from zoneserver.records.rdata import SOA
from zoneserver.validator.world import Candidate, World

_WEEK, _DAY = 604800, 86400
_DATED_DIGITS = 10  # YYYYMMDDnn, RFC 1912 2.2


def check_soa(candidate: Candidate, world: World) -> Iterator[Finding]:
    """NS011, NS012, NS016: timers that make sense, a mailbox that is a name, a day that was."""
    for record in candidate.source.records:
        soa = record.rdata
        if not isinstance(soa, SOA) or record.owner != candidate.zone.origin:
            continue
        if soa.rname.labels and b"@" in soa.rname.labels[0]:
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
