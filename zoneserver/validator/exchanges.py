"""Where an MX points: every way in which mail for a name would not arrive there."""

from collections.abc import Iterator
from typing import NamedTuple

import idna

from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.names import ROOT, Name, label_text
from zoneserver.records import rtypes
from zoneserver.records.rdata import AAAA, MX, A
from zoneserver.validator.hostnames import as_written, find_address, find_fault
from zoneserver.validator.known import TOP_LEVEL_DOMAINS, provider_of, submission_advice
from zoneserver.validator.ranges import judge_address
from zoneserver.validator.suggest import closest_host, holder_of
from zoneserver.validator.world import Candidate, Target, Verdict, World, visible_rrsets
from zoneserver.zone.zone import Zone

# Top-level names that no sender can resolve to a mail host (RFC 6761 6, RFC 6762 3, RFC 3172).
_SPECIAL = tuple(
    Name.parse(text).key
    for text in ("localhost.", "local.", "invalid.", "arpa.", "test.", "example.")
)
_MICROSOFT_CHECK = Name.parse("msv1.invalid.")


class Charge(NamedTuple):
    """What is wrong with a target, whoever points to it.

    `<n>` in the fix stands for the preference of the MX. A charge of the host itself, such
    as a private address, is brought `once` for each zone.
    """

    code: str
    reason: str
    fix: str
    level: Level | None = None
    related: tuple[tuple[Mark, str], ...] = ()
    once: bool = False


def check_exchanges(candidate: Candidate, world: World) -> Iterator[Finding]:
    """MX001-MX006, MX014, MX020-MX022, MX029, MX031: the target of each MX."""
    judged: dict[Name, tuple[Charge, ...]] = {}
    backed = {block.owner for block in candidate.source.mail if block.backup}
    for rrset in visible_rrsets(candidate.zone, rtypes.MX):
        for rdata, mark in zip(rrset.rdatas, rrset.marks, strict=True):
            if not isinstance(rdata, MX) or rdata.exchange == ROOT:
                continue
            charges = judged.get(rdata.exchange)
            if charges is None:
                charges = tuple(judge_exchange(rdata.exchange, candidate.zone, world))
                judged[rdata.exchange] = tuple(each for each in charges if not each.once)
            also = (
                _other_zone(candidate.zone, world.look_up(rdata.exchange)) if charges else None
            )
            for charge in charges:
                yield make_finding(
                    charge.code,
                    mark,
                    f"{rrset.owner} MX {rdata.text}: {charge.reason}.",
                    _fix(charge, rrset.owner, rdata, backed),
                    level=charge.level,
                    owner=rrset.owner,
                    related=charge.related,
                    also=also or frozenset(),
                )


def _fix(charge: Charge, owner: Name, mx: MX, backed: set[Name]) -> str:
    """What to write instead; `backed` are owners that `$mail` puts before their backup."""
    if charge.code == "MX004" and mx.exchange == owner and owner in backed:
        return (
            f"fill the gap: give {owner} itself an A or AAAA record, because backup: true makes"
            " it the first exchanger; or remove backup: true"
        )
    return charge.fix.replace("<n>", str(mx.preference))


def judge_exchange(exchange: Name, zone: Zone, world: World) -> Iterator[Charge]:
    """Syntax first, then reserved names, then what `solve` says: the catalogue's order."""
    target = world.look_up(exchange)
    if address := find_address(exchange, zone.origin):
        # A host that is named after a number, and is there, is a host.
        if target.verdict is not Verdict.HOST or "." in as_written(
            exchange, zone.origin
        ).rstrip("."):
            yield _address(address, zone)
            return
    elif fault := find_fault(exchange, zone.origin):
        reason, fix = fault
        yield Charge(
            "MX014", f"{as_written(exchange, zone.origin)} is no host name: {reason}", fix
        )
        return
    elif _dot_is_missing(target, zone):
        written = as_written(exchange, zone.origin)
        yield Charge(
            "MX020",
            f"{written} was read as {exchange}, because its final dot is missing; no sender"
            " finds that host",
            f"write {written}. with the final dot",
        )
        return
    yield from _reserved(exchange)
    yield from _outgoing(target)
    yield from _resolved(target, zone, world)


def _other_zone(zone: Zone, target: Target) -> frozenset[Name]:
    """The zone that decides about the target, if it is another."""
    return frozenset({target.zone.origin} - {zone.origin}) if target.zone else frozenset()


def _address(address: str, zone: Zone) -> Charge:
    holder = holder_of(zone, address)
    return Charge(
        "MX002",
        f"{address} is an IP address, but an MX names a host; senders find no such host and the"
        " mail bounces",
        f"write MX <n> {holder}, which has that address"
        if holder
        else f"add mail A {address}, and write MX <n> mail.{zone.origin}",
    )


def _dot_is_missing(target: Target, zone: Zone) -> bool:
    """Whether the target reads as a full name that had the origin put behind it."""
    exchange, origin = target.name, zone.origin
    if (node := zone.find(exchange)) and node.rrsets:
        return False
    if origin in (ROOT, exchange) or not exchange.is_below(origin):
        return False
    count = len(exchange.labels) - len(origin.labels)
    written = Name.from_labels(exchange.labels[:count])
    if written.is_below(origin) or provider_of(written):
        return True
    known = written.labels[-1].lower() in TOP_LEVEL_DOMAINS
    return count > 1 and known and target.verdict is Verdict.MISSING


def _reserved(exchange: Name) -> Iterator[Charge]:
    """MX021: names that mean something else, or nothing, outside this machine."""
    has_one_label = exchange.key[1 + exchange.key[0]] == 0
    if not has_one_label and not exchange.key.endswith(_SPECIAL):
        return
    last = exchange.labels[-1].lower()
    what, fix, level = f"no sender can resolve {exchange}", "name a public host", Level.WARNING
    if last == b"localhost":
        what = "every sender takes localhost for itself, and the mail loops or bounces"
        level = Level.ERROR
    elif exchange.is_below(_MICROSOFT_CHECK):
        what, fix = (
            "Microsoft's proof of ownership; it takes no mail",
            "use the TXT record instead",
        )
        level = Level.HINT
    elif last in (b"test", b"example"):
        level = Level.HINT
    yield Charge("MX021", what, fix, level, once=level < Level.ERROR)


def _outgoing(target: Target) -> Iterator[Charge]:
    """MX029, MX031: labels that do not decode, hosts that take no incoming mail."""
    for label in target.name.labels if b"xn--" in target.name.key else ():
        if label.lower().startswith(b"xn--") and (fault := _undecodable(label)):
            yield Charge(
                "MX029",
                f"the label {label_text(label)} is no A-label ({fault}); it may be a typing"
                " mistake",
                "write the name in your own script; it is converted",
                Level.WARNING,
                once=True,
            )
    if target.verdict is Verdict.FOREIGN and (advice := submission_advice(target.name)):
        what = f"{target.name} sends mail for users who log in; it does not accept yours"
        yield Charge("MX031", what, advice)


def _resolved(target: Target, zone: Zone, world: World) -> Iterator[Charge]:
    """MX001 and MX003 to MX006, MX022: what our zones say of the target."""
    match target.verdict:
        case Verdict.ALIAS | Verdict.REWRITTEN:
            yield _alias(target, world)
        case Verdict.MISSING | Verdict.BARE:
            yield _no_address(target, target.zone or zone)
        case Verdict.DELEGATED:
            yield _delegated(target, target.zone or zone)
        case Verdict.HOST:
            yield from _reachable(target)


def _alias(target: Target, world: World) -> Charge:
    first = target.aliases[0]
    end = target.aliases[-1].rdatas[0].points_to or target.name
    sound = world.look_up(end).verdict in (Verdict.HOST, Verdict.FOREIGN)
    advice = f"write MX <n> {end}, or " if sound else ""
    if target.verdict is Verdict.REWRITTEN:
        return Charge(
            "MX003",
            f"{target.name} is rewritten by the DNAME of {first.owner} to"
            f" {first.rdatas[0].text},"
            " and so an alias; senders may refuse it, and the mail bounces",
            f"{advice}name a host outside {first.owner}",
            related=((first.mark, f"DNAME {first.rdatas[0].text}"),),
        )
    return Charge(
        "MX001",
        f"{target.name} is an alias of {first.rdatas[0].text}; an MX must name a host with an"
        " address of its own, and senders that insist on it bounce the mail",
        f"{advice}replace the CNAME by A and AAAA records",
        related=tuple(
            (rrset.mark, f"{rtypes.mnemonic(rrset.rtype)} {rrset.rdatas[0].text}")
            for rrset in target.aliases
        ),
    )


def _no_address(target: Target, zone: Zone) -> Charge:
    exchange = target.name
    node = zone.find(exchange)
    if target.verdict is Verdict.MISSING:
        what = f"{exchange} does not exist"
    elif node is not None and node.is_empty_non_terminal:
        what = f"{exchange} has no records, only names below it have"
    elif node is not None and node.find(rtypes.MX):
        what = f"{exchange} has no address, and its own MX is not followed"
    else:
        what = f"{exchange} has no address"
    guess = closest_host(zone, exchange)
    hint = f" (did you mean {guess}?)" if guess else ""
    return Charge(
        "MX004",
        f"{what}; all mail for it is deferred for days, then bounced",
        f"add an A or AAAA record for it, or correct the name{hint}",
        related=((node.rrsets[0].mark, str(exchange)),) if node and node.rrsets else (),
    )


def _delegated(target: Target, zone: Zone) -> Charge:
    node = zone.find(target.name)
    hidden = node and (node.find(rtypes.A) or node.find(rtypes.AAAA))
    if hidden:
        return Charge(
            "MX006",
            f"{target.name} is below a zone cut: the address in this file is at most glue, and"
            " senders never see it",
            "make sure that the child zone has the address",
            Level.WARNING,
            ((hidden.mark, "the hidden address"),),
        )
    return Charge(
        "MX006",
        f"{target.name} belongs to a child zone; it is checked there, not here",
        "make sure that the child zone has its address",
    )


def _reachable(target: Target) -> Iterator[Charge]:
    """MX005, MX022: a host that not every sender can connect to."""
    if all(rrset.rtype == rtypes.AAAA for rrset in target.addresses):
        yield Charge(
            "MX005",
            f"senders without IPv6 cannot reach {target.name}, and their mail bounces",
            "add an A record, or a second MX with one",
            related=((target.addresses[0].mark, "AAAA only"),),
        )
    for rrset in target.addresses:
        for rdata, mark in zip(rrset.rdatas, rrset.marks, strict=True):
            if isinstance(rdata, A | AAAA) and (judged := judge_address(rdata.address)):
                level, what = judged
                address = rdata.text
                yield Charge(
                    "MX022",
                    f"{target.name} is {address}, {what}",
                    "give the host its public address",
                    level,
                    ((mark, f"{rtypes.mnemonic(rrset.rtype)} {address}"),),
                    once=level < Level.ERROR,
                )


def _undecodable(label: bytes) -> str:
    """Why an A-label stands for no U-label (RFC 5891 5.4), or an empty text."""
    try:
        idna.decode(label)
    except idna.IDNAError as error:
        return str(error)
    return ""
