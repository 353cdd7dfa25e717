"""Where an MX points: every way in which mail for a name would not arrive there."""

import ipaddress
from collections.abc import Iterator

import idna

from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.names import ROOT, Name, label_text
from zoneserver.records import rtypes
from zoneserver.records.rdata import MX
from zoneserver.validator.hostnames import as_written, find_address, find_fault
from zoneserver.validator.known import TOP_LEVEL_DOMAINS, provider_of, submission_advice
from zoneserver.validator.ranges import judge_address
from zoneserver.validator.suggest import closest_host, holder_of
from zoneserver.validator.world import Candidate, Target, Verdict, World, visible_rrsets

_ARPA = Name.parse("arpa.")
_MICROSOFT_CHECK = Name.parse("msv1.invalid.")


def check_exchanges(candidate: Candidate, world: World) -> Iterator[Finding]:
    """MX001-MX006, MX014, MX020-MX022: the target of each MX, in the catalogue's order."""
    for rrset in visible_rrsets(candidate.zone, rtypes.MX):
        for rdata, mark in zip(rrset.rdatas, rrset.marks, strict=True):
            if isinstance(rdata, MX) and rdata.exchange != ROOT:
                yield from _Exchange(candidate, world, rrset.owner, rdata, mark).judge()


class _Exchange:
    """One MX record under judgement."""

    def __init__(
        self, candidate: Candidate, world: World, owner: Name, mx: MX, mark: Mark
    ) -> None:
        self._candidate, self._world = candidate, world
        self._owner, self._mx, self._mark = owner, mx, mark
        self._origin = candidate.zone.origin

    def judge(self) -> Iterator[Finding]:
        """Syntax first, then reserved names, then what `solve` says of the target."""
        exchange, origin = self._mx.exchange, self._origin
        target = self._world.look_up(exchange)
        if address := find_address(exchange, origin):
            # A host that is named after a number, and is there, is a host.
            if target.verdict is not Verdict.HOST or "." in as_written(exchange, origin).rstrip("."):
                yield self._address(address)
                return
        elif fault := find_fault(exchange, origin):
            reason, fix = fault
            yield self._find("MX014", f"{as_written(exchange, origin)} is no host name: {reason}", fix)
            return
        elif self._dot_is_missing(target):
            yield self._missing_dot()
            return
        yield from self._reserved()
        yield from self._outgoing(target)
        yield from self._resolved(target)

    def _find(
        self,
        code: str,
        reason: str,
        fix: str,
        *,
        level: Level | None = None,
        related: tuple[tuple[Mark, str], ...] = (),
        also: frozenset[Name] = frozenset(),
    ) -> Finding:
        return make_finding(
            code,
            self._mark,
            f"{self._owner} MX {self._mx.text}: {reason}.",
            fix,
            level=level,
            owner=self._owner,
            related=related,
            also=also,
        )

    def _address(self, address: str) -> Finding:
        holder = holder_of(self._candidate.zone, address)
        pointer = f"MX {self._mx.preference}"
        fix = (
            f"write {pointer} {holder}, which has that address"
            if holder
            else f"give a host that address (mail A {address}), and write {pointer} mail.{self._origin}"
        )
        return self._find(
            "MX002",
            f"{address} is an IP address, but an MX names a host; senders find no such host and"
            " the mail bounces",
            fix,
        )

    def _dot_is_missing(self, target: Target) -> bool:
        """Whether the target reads as a full name that had the origin put behind it."""
        exchange, origin = self._mx.exchange, self._origin
        if origin == ROOT or exchange == origin or not exchange.is_below(origin):
            return False
        if (node := self._candidate.zone.find(exchange)) and node.rrsets:
            return False
        count = len(exchange.labels) - len(origin.labels)
        written = Name.from_labels(exchange.labels[:count])
        if written.is_below(origin) or provider_of(written):
            return True
        dotted = len(written.labels) > 1 and written.key[:-1].rsplit(b".", 1)
        return bool(dotted) and (
            written.labels[-1].lower() in TOP_LEVEL_DOMAINS and target.verdict is Verdict.MISSING
        )

    def _missing_dot(self) -> Finding:
        written = as_written(self._mx.exchange, self._origin)
        return self._find(
            "MX020",
            f"{written} was read as {self._mx.exchange}, because its final dot is missing; no"
            " sender finds that host",
            f"write {written}. with the final dot",
        )

    def _reserved(self) -> Iterator[Finding]:
        """MX021: names that mean something else, or nothing, outside this machine."""
        exchange = self._mx.exchange
        last = exchange.labels[-1].lower()
        if last == b"localhost":
            yield self._find(
                "MX021",
                "every sender takes localhost for itself, and the mail loops or bounces",
                "name the host that takes the mail",
                level=Level.ERROR,
            )
        elif exchange.is_below(_MICROSOFT_CHECK):
            yield self._find(
                "MX021",
                "Microsoft's proof of ownership; it takes no mail",
                "use the TXT record instead",
                level=Level.HINT,
            )
        elif len(exchange.labels) == 1 or exchange.is_below(_ARPA) or last in (b"local", b"invalid"):
            yield self._find("MX021", f"no sender can resolve {exchange}", "name a public host")
        elif last in (b"test", b"example"):
            yield self._find(
                "MX021",
                f"no sender can resolve {exchange}; fine for a test",
                "name a public host",
                level=Level.HINT,
            )

    def _outgoing(self, target: Target) -> Iterator[Finding]:
        """MX029, MX031: labels that do not decode, hosts that take no incoming mail."""
        for label in target.name.labels:
            if label.lower().startswith(b"xn--") and (fault := _undecodable(label)):
                yield self._find(
                    "MX029",
                    f"the label {label_text(label)} is no A-label ({fault}); it may be a typing"
                    " mistake",
                    "write the name in your own script; it is converted",
                    level=Level.WARNING,
                )
        advice = submission_advice(target.name)
        if advice and target.verdict is Verdict.FOREIGN:
            yield self._find(
                "MX031",
                f"{target.name} sends mail for users who log in; it does not accept yours",
                advice,
            )

    def _resolved(self, target: Target) -> Iterator[Finding]:
        """MX001 and MX003 to MX006, MX022: what the zones say of the target."""
        also = self._also(target)
        match target.verdict:
            case Verdict.ALIAS | Verdict.REWRITTEN:
                yield self._alias(target, also)
            case Verdict.MISSING | Verdict.BARE:
                yield self._no_address(target, also)
            case Verdict.DELEGATED:
                yield self._delegated(target)
            case Verdict.HOST:
                yield from self._reachable(target, also)

    def _also(self, target: Target) -> frozenset[Name]:
        """The other zone that decides about the target, if it is another."""
        zone = target.zone
        return frozenset() if zone is None or zone.origin == self._origin else frozenset({zone.origin})

    def _alias(self, target: Target, also: frozenset[Name]) -> Finding:
        related = tuple(
            (rrset.mark, f"{rtypes.mnemonic(rrset.rtype)} {rrset.rdatas[0].text}")
            for rrset in target.aliases
        )
        end = target.aliases[-1].rdatas[0].points_to or target.name
        sound = self._world.look_up(end).verdict in (Verdict.HOST, Verdict.FOREIGN)
        advice = f"write MX {self._mx.preference} {end}, or " if sound else ""
        if target.verdict is Verdict.REWRITTEN:
            dname = target.aliases[0]
            return self._find(
                "MX003",
                f"{target.name} is rewritten by the DNAME of {dname.owner} to"
                f" {dname.rdatas[0].text}, and so an alias; senders may refuse it, and the mail"
                " bounces",
                f"{advice}name a host outside {dname.owner}",
                related=related[:1],
                also=also,
            )
        return self._find(
            "MX001",
            f"{target.name} is an alias of {target.aliases[0].rdatas[0].text}; an MX must name a"
            " host with an address of its own, and senders that insist on it bounce the mail",
            f"{advice}replace the CNAME by A and AAAA records",
            related=related,
            also=also,
        )

    def _no_address(self, target: Target, also: frozenset[Name]) -> Finding:
        exchange = target.name
        zone = target.zone or self._candidate.zone
        node = zone.find(exchange)
        if target.verdict is Verdict.MISSING:
            what = f"{exchange} does not exist"
        elif node is not None and node.is_empty_non_terminal:
            what = f"{exchange} has no records, only names below it have"
        elif node is not None and node.find(rtypes.MX) and exchange != self._owner:
            what = f"{exchange} has an MX but no address, and an MX is not followed twice"
        else:
            what = f"{exchange} has no address"
        guess = closest_host(zone, exchange)
        hint = f" (did you mean {guess}?)" if guess else ""
        related = ((node.rrsets[0].mark, f"{exchange}"),) if node is not None and node.rrsets else ()
        return self._find(
            "MX004",
            f"{what}; all mail for it is deferred for days, then bounced",
            f"add an A or AAAA record for it, or correct the name{hint}",
            related=related,
            also=also,
        )

    def _delegated(self, target: Target) -> Finding:
        zone = target.zone or self._candidate.zone
        node = zone.find(target.name)
        hidden = node is not None and any(
            rrset.rtype in (rtypes.A, rtypes.AAAA) for rrset in node.rrsets
        )
        if hidden and node is not None:
            return self._find(
                "MX006",
                f"{target.name} is below a zone cut: the address in this file is at most glue, and"
                " senders never see it",
                "make sure that the child zone has the address",
                level=Level.WARNING,
                related=((node.rrsets[0].mark, "the hidden address"),),
            )
        return self._find(
            "MX006",
            f"{target.name} belongs to a child zone; it is checked there, not here",
            "make sure that the child zone has its address",
        )

    def _reachable(self, target: Target, also: frozenset[Name]) -> Iterator[Finding]:
        """MX005, MX022: a host that not every sender can connect to."""
        if all(rrset.rtype == rtypes.AAAA for rrset in target.addresses):
            yield self._find(
                "MX005",
                f"senders without IPv6 cannot reach {target.name}, and their mail bounces",
                "add an A record, or a second MX with one",
                related=((target.addresses[0].mark, "AAAA only"),),
                also=also,
            )
        for rrset in target.addresses:
            for rdata, mark in zip(rrset.rdatas, rrset.marks, strict=True):
                address = ipaddress.ip_address(rdata.wire)
                if (judged := judge_address(address)) is None:
                    continue
                level, what = judged
                yield self._find(
                    "MX022",
                    f"{target.name} is {address}, {what}",
                    "give the host its public address",
                    level=level,
                    related=((mark, f"{rtypes.mnemonic(rrset.rtype)} {address}"),),
                    also=also,
                )



def _undecodable(label: bytes) -> str:
    """Why an A-label stands for no U-label (RFC 5891 5.4), or an empty text."""
    try:
        idna.decode(label)
    except idna.IDNAError as error:
        return str(error)
    return ""
