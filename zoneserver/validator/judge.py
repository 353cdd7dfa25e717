"""The door: every rule over every candidate, then the waivers."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date

from zoneserver.catalogue import CATALOGUE
from zoneserver.findings import Finding, Level, make_finding
from zoneserver.validator import (
    addresses,
    aliases,
    delegations,
    exchanges,
    expectations,
    mx,
    records,
    routes,
    services,
    soa,
)
from zoneserver.validator.policy.checks import check_policies
from zoneserver.validator.world import Candidate, World
from zoneserver.zone.zoneset import ZoneSet
from zoneserver.zonefile.source import Waiver, ZoneSource

Check = Callable[[Candidate, World], Iterator[Finding]]

# Every check, in the order their findings are made. A check may report several codes.
CHECKS: tuple[Check, ...] = (
    records.check_owners,
    records.check_sets,
    soa.check_count,
    soa.check_soa,
    delegations.check_apex,
    delegations.check_nameservers,
    delegations.check_below_cuts,
    delegations.check_ds,
    aliases.check_company,
    aliases.check_chains,
    aliases.check_dnames,
    services.check_targets,
    services.check_absence,
    exchanges.check_exchanges,
    mx.check_null,
    mx.check_repeats,
    routes.check_order,
    routes.check_redundancy,
    routes.check_times,
    routes.check_size,
    routes.check_reach,
    routes.check_wildcards,
    expectations.check_null_routes,
    expectations.check_missing_routes,
    expectations.check_postmaster,
    expectations.check_client_settings,
    addresses.check_ipv6,
    addresses.check_pointers,
    check_policies,
)


# The checks of rules that are off by default, by code.
OPTIONAL: dict[str, Check] = {"MX018": routes.check_fallback}


def judge(
    candidates: Sequence[Candidate], today: date, asked: Collection[str] = ()
) -> tuple[Finding, ...]:
    """All findings of all candidates, those of the reader included, in the order of the files.

    `today` decides which waivers have run out. `asked` are the codes of rules that are off
    by default and shall be judged too.
    """
    checks = (*CHECKS, *(check for code, check in OPTIONAL.items() if code in asked))
    world = World(
        ZoneSet(candidate.zone for candidate in candidates),
        frozenset().union(*(candidate.source.unreadable for candidate in candidates)),
        today,
    )
    judged: list[Finding] = []
    for candidate in candidates:
        source = candidate.source
        found = [each for each in source.findings if each.level < Level.ERROR]
        for check in checks:
            found += check(candidate, world)
        # What could not be read is not in the zone: to waive that would lose the record.
        unread = [each for each in source.findings if each.level is Level.ERROR]
        found = [*unread, *_waive(found, source, today)]
        found = [replace(finding, origin=candidate.zone.origin) for finding in found]
        judged += sorted(found, key=lambda each: each.mark)
    return tuple(judged)


def _waive(found: list[Finding], source: ZoneSource, today: date) -> Iterator[Finding]:
    """The findings with the waivers of their zone applied, and what is wrong with those."""
    used: set[Waiver] = set()
    for finding in found:
        waiver = _waiver_for(finding, source)
        if waiver is not None and waiver.until is not None and waiver.until < today:
            used.add(waiver)
            expired = f"{finding.reason} (the waiver ran out on {waiver.until})"
            yield replace(
                finding, reason=expired, related=(*finding.related, (waiver.mark, "waiver"))
            )
        elif waiver is not None:
            used.add(waiver)
            yield replace(finding, waived=waiver.reason)
        elif finding.owner in source.lenient and _waivable(finding):
            yield replace(finding, waived="octodns.lenient is set")
        else:
            yield finding
    for waiver in source.waivers:
        if waiver not in used:
            whom = f" at {waiver.owner}" if waiver.owner else ""
            yield make_finding(
                "WV001",
                waiver.mark,
                f"the waiver of {waiver.code} lifts nothing{whom}: there is no such finding.",
                "delete it",
                owner=waiver.owner,
            )


def _waiver_for(finding: Finding, source: ZoneSource) -> Waiver | None:
    if not _waivable(finding):
        return None
    for waiver in source.waivers:
        if waiver.code == finding.code and waiver.owner in (None, finding.owner):
            return waiver
    return None


def _waivable(finding: Finding) -> bool:
    return CATALOGUE[finding.code].waivable and finding.level > Level.HINT
