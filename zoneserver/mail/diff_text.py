"""A difference between zones in words: mail first, then zones, then records."""

from collections.abc import Iterable, Iterator

from zoneserver.mail.diff import Difference, MailChange, Move
from zoneserver.mail.route import Exchanger, Manner, Route
from zoneserver.mail.rrsets import RecordChange, Seen
from zoneserver.mail.words import count, duration, listed
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.validator.world import Verdict
from zoneserver.zone.zone import Zone

MOST_NAMES = 5  # how many names that share one change are told one by one

_NOBODY = {
    Manner.NULL: "refused (null MX)",
    Manner.NO_ADDRESS: "nobody's (neither MX nor address)",
    Manner.NO_NAME: "nobody's (no such name)",
    Manner.ALIAS_LOOP: "nobody's (aliases in a circle)",
    Manner.UNREADABLE: "not known (cannot be read)",
}
_TROUBLES = {
    Verdict.ALIAS: "an alias",
    Verdict.REWRITTEN: "an alias",
    Verdict.BARE: "no address",
    Verdict.MISSING: "no such name",
}


def format_difference(difference: Difference) -> str:
    """The whole difference."""
    parts = [
        list(_format_mail(difference.mail)),
        [_format_move(move) for move in difference.moves],
        [
            *_format_zones("added", difference.added),
            *_format_zones("removed", difference.removed),
        ],
        *_format_records(difference),
    ]
    if lost := [change.name for change in difference.mail if change.loses_mail]:
        parts.append([f"{count(len(lost), 'name')} would lose mail."])
    text = "\n\n".join("\n".join(part) for part in parts if part)
    return text or "No difference."


def _format_mail(changes: Iterable[MailChange]) -> Iterator[str]:
    """A line for all names that share a change; those that lose their mail come first."""
    groups: dict[tuple[bool, str, str, int], list[Name]] = {}
    for change in changes:
        keeps = not change.loses_mail
        key = (keeps, describe_route(change.old), describe_route(change.new), change.ttl)
        groups.setdefault(key, []).append(change.name)
    for (keeps, old, new, ttl), names in sorted(groups.items(), key=lambda item: item[0][0]):
        loss = "" if keeps else "LOST: "
        yield f"{loss}mail for {_some(names)}: was {old}; will be {new}{_kept(ttl)}"


def _format_move(move: Move) -> str:
    return (
        f"mail for {_some(move.names)} goes to {listed(move.new)} instead of {listed(move.old)}"
        f" ({move.host}){_kept(move.ttl)}"
    )


def describe_route(route: Route) -> str:
    """Who handles the mail, in the words that stand behind "was" and "will be"."""
    name = route.reply.name
    match route.manner:
        case Manner.EXCHANGERS:
            rounds = (listed([*map(_exchanger, each)], "or") for _, each in route.rounds)
            return ", then ".join(rounds)
        case Manner.IMPLICIT:
            return f"handled by {'the name' if name == route.domain else name} itself (no MX)"
        case Manner.DELEGATED:
            return f"left to the child zone {route.reply.cut}"
        case Manner.FOREIGN if name == route.domain:
            return "in no zone here"
        case Manner.FOREIGN:
            return f"left to {name}, outside the zones served here"
        case _:
            return _NOBODY[route.manner]


def _exchanger(exchanger: Exchanger) -> str:
    """A host, and why no mail arrives there, if none does."""
    target = exchanger.target
    if trouble := _TROUBLES.get(target.verdict):
        return f"{target.name} ({trouble})"
    if exchanger.faults:
        return f"{target.name} ({exchanger.faults[0].code})"
    return str(target.name)


def _format_zones(verb: str, zones: Iterable[Zone]) -> Iterator[str]:
    for zone in zones:
        records = sum(len(rrset.rdatas) for rrset in zone.rrsets())
        yield f"zone {zone.origin} {verb}: {count(records, 'record')}"


def _format_records(difference: Difference) -> Iterator[list[str]]:
    """A part for each zone: the serial, then what goes (-) and what comes (+)."""
    serials = {each.zone: f": serial {each.old} to {each.new}" for each in difference.serials}
    parts = {zone: [f"zone {zone}{serial}"] for zone, serial in serials.items()}
    for change in difference.records:
        lines = parts.setdefault(change.zone, [f"zone {change.zone}"])
        lines += _format_change(change)
    yield from parts.values()


def _format_change(change: RecordChange) -> Iterator[str]:
    gone, come = _records(change.old), _records(change.new)
    yield from (f"- {record}" for record in gone if record not in come)
    yield from (f"+ {record}" for record in come if record not in gone)


def _records(seen: Seen | None) -> list[str]:
    """The records of an RRset as in a master file."""
    if seen is None:
        return []
    rrset, glue = seen.rrset, " ; glue" if seen.is_glue else ""
    head = f"{rrset.owner} {rrset.ttl} {rtypes.mnemonic(rrset.rtype)}"
    return [f"{head} {rdata.text}{glue}" for rdata in seen.rdatas]


def _some(names: Iterable[Name]) -> str:
    known = list(names)
    more = len(known) - MOST_NAMES
    shown = [str(name) for name in known[:MOST_NAMES]]
    return f"{', '.join(shown)} and {more} more" if more > 0 else listed(shown)


def _kept(ttl: int) -> str:
    return f"; known everywhere within {duration(ttl)}" if ttl else ""
