"""What an SPF record costs its receivers, and whether it covers our own mail hosts."""

import ipaddress
from collections.abc import Iterator

from zoneserver.findings import Finding, Level, Mark
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.validator.policy.spf import Mechanism, Term, parse_spf
from zoneserver.validator.policy.spf_cover import covers
from zoneserver.validator.policy.spf_walk import (
    MAX_EXCHANGERS,
    MAX_LOOKUPS,
    MAX_VOID,
    NEARLY_FULL,
    Walk,
    find_target,
    walk_spf,
)
from zoneserver.validator.policy.survey import Survey
from zoneserver.validator.policy.texts import Kind, PolicyText
from zoneserver.validator.world import Verdict

_MAX_SHOWN = 30
_MAX_HOSTS = 10


def check_lookups(survey: Survey) -> Iterator[Finding]:
    """SP002, SP007, SP010: every record with all that it includes."""
    walks = _walk_all(survey)
    parts = {name for _, walk in walks for name in walk.visited}
    seen: set[frozenset[Name]] = set()
    for text, walk in walks:
        yield from _check_loops(text, walk, seen)
        yield from _check_absent(survey, text, walk)
        # Whoever includes a record has all its look-ups, too: it is said once, at the top.
        if text.owner not in parts:
            yield from _check_count(survey, text, walk)
        for step in walk.crowded:
            if step.depth == 0:
                yield text.finding(
                    "SP002",
                    f"{step.term.text} stands for more than {MAX_EXCHANGERS} hosts; receivers"
                    " give up on the whole record (permerror)",
                    "name the senders with ip4: and ip6:",
                )


def check_own_hosts(survey: Survey) -> Iterator[Finding]:
    """SP012: one's own MX hosts, which send the bounces and greet with their names."""
    records = {text.owner: text for text in survey.seen(Kind.SPF)}
    judged: dict[tuple[str, Name], bool] = {}
    for rrset in survey.rrsets[rtypes.MX]:
        text = records.get(rrset.owner)
        if text is None or not _names_some_senders(text):
            continue
        uncovered = []
        for rdata in rrset.rdatas[:_MAX_HOSTS]:
            host = rdata.points_to
            if host is None or not host.is_below(survey.zone.origin):
                continue
            # The same for every name, unless the record speaks of its own.
            key = (text.text, host)
            if key not in judged or not parse_spf(text.text).is_absolute:
                judged[key] = _is_uncovered(survey, text, host)
            if judged[key]:
                uncovered.append(str(host))
        if uncovered:
            yield text.finding(
                "SP012",
                f"the exchangers {', '.join(uncovered)} are not among the senders: mail that"
                " they send in this name, bounces too, fails SPF",
                "add mx, if they send mail",
                related=((rrset.mark, f"MX {rrset.rdatas[0].text}"),),
            )


def _names_some_senders(text: PolicyText) -> bool:
    """Whether a record names senders, and not all its own MX hosts as one of them.

    `v=spf1 -all` says that no mail is sent.
    """
    terms = parse_spf(text.text).evaluated
    own = any(
        _is_own(t) and t.name == "mx" and not t.text.startswith(("-", "~")) for t in terms
    )
    return not own and any(term.name != "all" for term in terms)


def _is_uncovered(survey: Survey, text: PolicyText, host: Name) -> bool:
    if walk_spf(survey.world, text).count > MAX_LOOKUPS:
        return False  # an error already, and a tree that might have no end
    target = survey.world.look_up(host)
    addresses = (ipaddress.ip_address(each.wire) for each in target.address_rdatas)
    return target.verdict is Verdict.HOST and any(
        covers(survey.world, text, text.owner, address) is False for address in addresses
    )


def _walk_all(survey: Survey) -> list[tuple[PolicyText, Walk]]:
    """Each record of the zone with its walk, made where it could have something to tell."""
    crowded = {
        each.owner for each in survey.rrsets[rtypes.MX] if len(each.rdatas) > MAX_EXCHANGERS
    }
    shared: dict[str, Walk] = {}
    walks = []
    for text in survey.seen(Kind.SPF):
        spf = parse_spf(text.text)
        walk = shared.get(text.text)
        if len(spf.lookups) <= MAX_VOID and all(_is_own(term) for term in spf.lookups):
            # Too few to find nothing too often, and they lead nowhere else.
            walk = walk_spf(survey.world, text) if text.owner in crowded else Walk()
        elif walk is None or text.owner in walk.visited:
            walk = walk_spf(survey.world, text)
            if walk.is_clean and spf.is_absolute:
                shared[text.text] = walk
        walks.append((text, walk))
    return walks


def _check_count(survey: Survey, text: PolicyText, walk: Walk) -> Iterator[Finding]:
    if walk.loops:
        return
    if walk.count > MAX_LOOKUPS:
        reason = (
            f"it needs {walk.count} look-ups; receivers give up after {MAX_LOOKUPS} (permerror)"
        )
    elif not walk.complete and walk.count >= NEARLY_FULL:
        reason = (
            f"it needs {walk.count} look-ups of the {MAX_LOOKUPS} that receivers make, and"
            " those of included records outside our zones come on top"
        )
    else:
        return
    yield text.finding(
        "SP002",
        reason,
        "replace a:, mx: and include: of your own hosts by ip4: and ip6:, and delete what is"
        " unused",
        level=None if walk.count > MAX_LOOKUPS else Level.WARNING,
        related=_tree(walk),
        also=_other_zones(survey, walk),
    )


def _tree(walk: Walk) -> tuple[tuple[Mark, str], ...]:
    """The look-ups with a running count, indented like the records that ask for them."""
    return tuple(
        (step.mark, f"{'  ' * step.depth}{step.number} {step.term.text}")
        for step in walk.steps[:_MAX_SHOWN]
    )


def _check_loops(text: PolicyText, walk: Walk, seen: set[frozenset[Name]]) -> Iterator[Finding]:
    for loop in walk.loops:
        if text.owner in loop and frozenset(loop) not in seen:
            seen.add(frozenset(loop))
            path = " -> ".join(str(name) for name in (*loop, loop[0]))
            yield text.finding(
                "SP010",
                f"its includes lead back to it ({path}); receivers give up (permerror)",
                "delete one of these includes",
                related=_tree(walk),
            )


def _check_absent(survey: Survey, text: PolicyText, walk: Walk) -> Iterator[Finding]:
    """SP007: look-ups that find nothing, which receivers count as signs of abuse."""
    for step in walk.absent:
        if step.depth == 0:
            target = find_target(step.term, text.owner)
            yield text.finding(
                "SP007",
                f"{step.term.text}: {target} has no SPF record; receivers give up on the whole"
                " record (permerror)",
                f"add an SPF record at {target}, or delete the term",
                level=Level.ERROR,
                also=_other_zones(survey, walk),
            )
    named = [step for step in walk.void if step.depth == 0 and _names_a_host(step.term)]
    too_many = len(walk.void) > MAX_VOID
    if not named and not too_many:
        return
    words = ", ".join(step.term.text for step in (walk.void if too_many else named))
    yield text.finding(
        "SP007",
        f"{words}: {len(walk.void)} look-ups find nothing; receivers may give up after"
        f" {MAX_VOID} (permerror)"
        if too_many
        else f"{words}: there is nothing at that name, so it authorises nobody",
        "delete the terms, or correct the names",
        related=tuple((step.mark, step.term.text) for step in walk.void if step.depth),
    )


def _names_a_host(term: Term) -> bool:
    return isinstance(term, Mechanism) and term.name in ("a", "mx") and term.domain != ""


def _is_own(term: Term) -> bool:
    return isinstance(term, Mechanism) and term.is_own


def _other_zones(survey: Survey, walk: Walk) -> frozenset[Name]:
    zones = (survey.world.zone_of(name) for name in walk.visited)
    return frozenset(zone.origin for zone in zones if zone) - {survey.zone.origin}
