"""The door: every rule over every candidate, then the waivers."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from zoneserver.catalogue import CATALOGUE
from zoneserver.findings import Finding, Level, make_finding
from zoneserver.names import Name
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
from zoneserver.validator.references import Pointers
from zoneserver.validator.secure import digests, parents, proofs, signatures, zone_keys
from zoneserver.validator.world import Candidate, Target, World, Zones, world_of
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
    parents.check_ds_fields,
    parents.check_children,
    zone_keys.check_keys,
    zone_keys.check_requests,
    signatures.check_signatures,
    proofs.check_hashing,
    proofs.check_opt_out,
    proofs.check_chain,
    digests.check_digest,
    check_policies,
)


# The checks of rules that are off by default, by code.
OPTIONAL: dict[str, Check] = {"MX018": routes.check_fallback}


GUARD = "GU"  # how the codes begin that hold a zone against its older version

# What these find changes with the day.
_DATED = frozenset({"NS016"})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found of one zone.

    It holds as long as the zone is the same, and what all zones say of the names that were
    `consulted`, and what others say of its own names. `until` is the last day on which it
    holds, None where that does not depend on the day.
    """

    origin: Name
    findings: tuple[Finding, ...]
    consulted: frozenset[Name] = frozenset()
    until: date | None = None


def judge(
    candidates: Iterable[Candidate],
    zones: Zones,
    pointers: Pointers,
    today: date,
    asked: Collection[str] = (),
    *,
    to_sign: frozenset[Name] = frozenset(),
) -> tuple[Judgement, ...]:
    """One judgement of each candidate, as one among `zones`.

    `zones` and `pointers` speak for all zones, the candidates included, whichever of them
    are judged here: each is judged by itself. `today` decides which waivers have run out.
    `asked` are the codes of rules that are off by default and shall be judged too. The zones
    `to_sign` have no signatures yet.
    """
    checks = (*CHECKS, *(check for code, check in OPTIONAL.items() if code in asked))
    foreign: dict[bytes, Target] = {}
    return tuple(
        _judge(
            candidate, World(zones, pointers, today, candidate.zone, foreign, to_sign), checks
        )
        for candidate in candidates
    )


def judge_all(
    candidates: Collection[Candidate], today: date, asked: Collection[str] = ()
) -> tuple[Finding, ...]:
    """All findings of candidates that are all the zones there are, in their order."""
    world = world_of(candidates)
    judged = judge(candidates, world.zones, world.pointers, today, asked, to_sign=world.to_sign)
    return tuple(finding for each in judged for finding in each.findings)


def _judge(candidate: Candidate, world: World, checks: Iterable[Check]) -> Judgement:
    """What the checks find, and the reader has found, with the waivers applied."""
    source, today = candidate.source, world.today
    if source.kind.is_catalog:
        return Judgement(candidate.zone.origin, ())
    found = [each for each in source.findings if each.level < Level.ERROR]
    for check in checks:
        found += check(candidate, world)
    # What could not be read is not in the zone: to waive that would lose the record.
    unread = [each for each in source.findings if each.level is Level.ERROR]
    found = [*unread, *_waive(found, source, today)]
    found = [replace(finding, origin=candidate.zone.origin) for finding in found]
    if source.kind.is_foreign:  # whoever could mend it is elsewhere, and answers like this, too
        found = [replace(each, level=min(each.level, Level.WARNING)) for each in found]
    found.sort(key=lambda each: each.mark)
    days = [each.until for each in source.waivers if each.until and each.until >= today]
    ends = (key.ends for block in source.tlsa for key in block.keys)
    days += [day for day in ends if day and day >= today]
    days += world.days
    if any(finding.code in _DATED for finding in found):
        days.append(today)
    return Judgement(
        candidate.zone.origin, tuple(found), world.consulted, min(days, default=None)
    )


def _waive(found: list[Finding], source: ZoneSource, today: date) -> Iterator[Finding]:
    """The findings with the waivers of their zone applied, and what is wrong with those."""
    used = {_waiver_for(finding, source) for finding in found}
    yield from (lift(finding, source, today) for finding in found)
    for waiver in source.waivers:
        # What the guard says is said once, and a waiver that lets it pass is to stay till then.
        if waiver not in used and not waiver.code.startswith(GUARD):
            whom = f" at {waiver.owner}" if waiver.owner else ""
            yield make_finding(
                "WV001",
                waiver.mark,
                f"the waiver of {waiver.code} lifts nothing{whom}: there is no such finding.",
                "delete it",
                owner=waiver.owner,
            )


def lift(finding: Finding, source: ZoneSource, today: date) -> Finding:
    """The finding, waived if its zone says so."""
    waiver = _waiver_for(finding, source)
    if waiver is not None and waiver.until is not None and waiver.until < today:
        expired = f"{finding.reason} (the waiver ran out on {waiver.until})"
        return replace(
            finding, reason=expired, related=(*finding.related, (waiver.mark, "waiver"))
        )
    if waiver is not None:
        return replace(finding, waived=waiver.reason)
    if finding.owner in source.lenient and _waivable(finding):
        return replace(finding, waived="octodns.lenient is set")
    return finding


def _waiver_for(finding: Finding, source: ZoneSource) -> Waiver | None:
    if not _waivable(finding):
        return None
    for waiver in source.waivers:
        if waiver.code == finding.code and waiver.owner in (None, finding.owner):
            return waiver
    return None


def _waivable(finding: Finding) -> bool:
    return CATALOGUE[finding.code].waivable and finding.level > Level.HINT
