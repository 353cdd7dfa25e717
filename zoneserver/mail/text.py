"""The path of mail as text that people read."""

from collections.abc import Iterable, Iterator

from zoneserver.findings import Finding, Level
from zoneserver.mail.hosts import HostAddress, Pointer
from zoneserver.mail.path import DeliveryPath, Stop
from zoneserver.mail.policies import LABELS
from zoneserver.mail.reminders import remind
from zoneserver.mail.route import Fate, Manner, Route
from zoneserver.mail.words import (
    bare,
    count,
    describe_alias,
    describe_trouble,
    duration,
    is_sound,
    listed,
)

_INDENT = "   "

_POINTERS = {
    Pointer.MATCHES: "PTR matches",
    Pointer.DIFFERS: "PTR names",
    Pointer.MISSING: "no PTR",
    Pointer.UNKNOWN: "PTR not known, the reverse zone is not served here",
}
_WITH_POLICIES = frozenset({Manner.EXCHANGERS, Manner.IMPLICIT, Manner.NULL})


def format_path(path: DeliveryPath) -> str:
    """The whole path: what becomes of the mail, the rounds, what else is to be known.

    Hints are left out: where they concern the path, its own words say the same.
    """
    parts = [[f"Mail for {path.address.text} {_conclude(path)}."]]
    if path.route is None:
        parts.append([f"No DNS is asked: senders connect to {path.address.literal} itself."])
    else:
        aliases = [f"{describe_alias(each)}." for each in path.route.reply.aliases]
        parts.append([*aliases, f"{_introduce(path.route)}."])
        parts += _format_rounds(path, path.route)
        if path.route.manner in _WITH_POLICIES:
            parts.append(list(_format_policies(path)))
    parts.append(list(_format_findings(path.findings)))
    parts.append([f"- {reminder}" for reminder in remind(path)])
    if path.unfit:
        parts.append(
            [f"The server does not load {listed(path.unfit)}: zoneserver check says why."]
        )
    return "\n\n".join("\n".join(part) for part in parts if part)


def _conclude(path: DeliveryPath) -> str:
    """What becomes of the mail, in the words that end the first line."""
    has_hosts = path.route is not None and path.route.exchangers
    if path.fate is Fate.BOUNCED:
        return "has no host that it can rely on" if has_hosts else "does not arrive"
    if path.fate is Fate.REFUSED:
        return "is refused on purpose"
    if path.route is None:
        return f"goes to {path.address.literal}"
    if not path.route.exchangers:
        return "is not decided here"
    first = next(
        hosts
        for _, members in path.route.rounds
        if (hosts := [bare(each.target.name) for each in members if is_sound(each)])
    )
    unknown = ", as far as is known offline" if path.fate is Fate.UNKNOWN else ""
    return f"goes to {listed(first, 'or')}{unknown}"


def _introduce(route: Route) -> str:
    """How the mail is handled, and why."""
    name, zone = route.reply.name, route.reply.zone
    match route.manner:
        case Manner.EXCHANGERS:
            number = len(route.exchangers)
            by = f", by the wildcard {route.reply.wildcard}," if route.reply.wildcard else ""
            order = "; senders try the lowest number first" if number > 1 else ""
            kept = duration(route.reply.ttl)
            return f"{name} has{by} {count(number, 'MX record')}, kept for {kept}{order}"
        case Manner.IMPLICIT:
            return (
                f"{name} has an address and no MX, so it is its own exchanger"
                f" (implicit MX 0 {name})"
            )
        case Manner.NULL:
            return (
                f'{name} has a null MX ("MX 0 ."): it takes no mail, and senders stop at once'
            )
        case Manner.NO_ADDRESS:
            return f"{name} has neither an MX nor an address: senders return the mail at once"
        case Manner.NO_NAME:
            return f"{name} does not exist: senders return the mail at once"
        case Manner.ALIAS_LOOP:
            return (
                "The aliases form a circle or never end: senders defer the mail, then return it"
            )
        case Manner.UNREADABLE:
            where = "a record of it" if zone else "its zone"
            return f"Nothing is certain about {name}: {where} cannot be read"
        case Manner.DELEGATED:
            return f"{name} is below the zone cut {route.reply.cut}: the child zone decides"
        case Manner.FOREIGN:
            return f"{name} is outside the zones served here: not known offline"


def _format_rounds(path: DeliveryPath, route: Route) -> Iterator[list[str]]:
    """A part for each round, as senders go through them."""
    stops = iter(path.stops)
    for number, (preference, members) in enumerate(route.rounds, 1):
        shuffled = ", in random order" if len(members) > 1 else ""
        lines = [f"{number}. preference {preference}{shuffled}"]
        for _ in members:
            lines += (f"{_INDENT}{line}" for line in _format_stop(next(stops)))
        yield lines


def _format_stop(stop: Stop) -> Iterator[str]:
    trouble = describe_trouble(stop.exchanger)
    yield f"{stop.exchanger.target.name}{f': {trouble}' if trouble else ''}"
    for address in stop.addresses:
        yield f"{_INDENT}{_format_address(address)}"
    if stop.certificate:
        heeded = "" if stop.certificate.signed else "; not heeded, the zone is not signed"
        yield f"{_INDENT}TLSA {' and '.join(stop.certificate.texts)}{heeded}"
    for line in _format_findings(stop.findings):
        yield f"{_INDENT}{line}"


def _format_address(address: HostAddress) -> str:
    pointer = _POINTERS[address.pointer]
    if address.pointer is Pointer.DIFFERS:
        pointer = f"{pointer} {listed(address.named)}"
    remark = f"{address.remark}; " if address.remark else ""
    return f"{address.address} ({remark}{pointer})"


def _format_policies(path: DeliveryPath) -> Iterator[str]:
    """A line for each kind of policy, found or not."""
    for kind in LABELS:
        found = [f"{each.text} at {each.owner}" for each in path.policies if each.kind is kind]
        for text in found or ["none"]:
            yield f"{kind.value}: {text}"


def _format_findings(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        if finding.level is Level.HINT:
            continue
        level, advice = str(finding.level), f"fix: {finding.fix}"
        if finding.waived:
            level, advice = "waived", f"waived: {finding.waived}"
        yield f"{level} {finding.code}: {finding.reason} ({finding.mark})"
        if finding.waived or finding.fix:
            yield f"{_INDENT}{advice}"
