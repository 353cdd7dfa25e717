"""Hosts outside our zones, judged by what the system's resolver says of them.

`check --online` asks, the server never does: no zone waits for the answers of others. What
is found outside is a warning at most, because it is another's to mend.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver

from zoneserver.errors import StartError
from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.validator.hostnames import find_address, find_fault
from zoneserver.validator.world import Candidate, Verdict, visible_rrsets
from zoneserver.zone.zoneset import ZoneSet

TRY_SECONDS = 2.0  # for the answer of one server
HOST_SECONDS = 6.0  # for all tries of one question
TOTAL_SECONDS = 60.0  # for all hosts
AT_ONCE = 20  # hosts that are asked about at the same time


class Reply(NamedTuple):
    """What the resolver says of a host: ALIAS, HOST, BARE or MISSING; FOREIGN if nothing.

    `text` is where an alias leads, or why nothing is known.
    """

    verdict: Verdict
    text: str = ""


class Pointer(NamedTuple):
    """A record that points to a host outside our zones."""

    origin: Name
    owner: Name
    rtype: int
    text: str
    mark: Mark
    host: Name


class Codes(NamedTuple):
    """The rules for one type of pointer, and what a host without an address means for it."""

    alias: str
    no_address: str
    effect: str


_CODES = {
    rtypes.MX: Codes("MX001", "MX004", "mail for it is deferred, then bounced"),
    rtypes.NS: Codes("NS004", "NS006", "resolvers cannot ask it"),
    rtypes.SRV: Codes("CN009", "SR001", "clients that are sent there fail"),
}

_UNKNOWN = Verdict.FOREIGN  # it was asked about, and nothing was learned

# How hosts are asked about.
Ask = Callable[[Sequence[Name]], Mapping[Name, Reply]]


def judge_online(
    candidates: Sequence[Candidate], findings: Sequence[Finding], ask: Ask
) -> tuple[tuple[Finding, ...], list[str]]:
    """The findings with what asking adds, and a note on each host that nothing is known of.

    Hints that a target was not checked go where it was.
    """
    pointers = list(_pointers(candidates))
    hosts = list(dict.fromkeys(pointer.host for pointer in pointers))
    replies = ask(hosts) if hosts else {}
    known = {each.mark for each in pointers if replies[each.host].verdict is not _UNKNOWN}
    kept = [each for each in findings if each.code != "MX023" or each.mark not in known]
    found = [
        finding for pointer in pointers if (finding := _judge(pointer, replies[pointer.host]))
    ]
    place = {candidate.zone.origin: index for index, candidate in enumerate(candidates)}
    merged = sorted(
        (*kept, *found),
        key=lambda each: (place.get(each.origin, -1) if each.origin else -1, each.mark),
    )
    notes = [
        f"nothing is known of {host}: {replies[host].text}"
        for host in hosts
        if replies[host].verdict is _UNKNOWN
    ]
    return tuple(merged), notes


def ask_resolver(
    hosts: Sequence[Name],
    on_reply: Callable[[], None],
    resolver: dns.asyncresolver.Resolver | None = None,
) -> Mapping[Name, Reply]:
    """Ask the system's resolver about hosts. Raises StartError where there is none.

    `on_reply` is called after each.
    """
    if resolver is None:
        try:
            resolver = dns.asyncresolver.Resolver()
        except dns.resolver.NoResolverConfiguration as error:
            raise StartError(f"the system has no resolver to ask: {error}") from error
        resolver.timeout = TRY_SECONDS
    return asyncio.run(_ask_all(hosts, on_reply, resolver))


def _pointers(candidates: Sequence[Candidate]) -> Iterator[Pointer]:
    """Every MX, NS and SRV whose target is a host's name, and not ours."""
    ours = ZoneSet(candidate.zone for candidate in candidates)
    for zone in (candidate.zone for candidate in candidates):
        for rtype in _CODES:
            for rrset in visible_rrsets(zone, rtype):
                for rdata, mark in zip(rrset.rdatas, rrset.marks, strict=True):
                    host = rdata.points_to
                    if host is None or host == ROOT or ours.find(host):
                        continue
                    if find_address(host, zone.origin) or find_fault(host, zone.origin):
                        continue  # an error already
                    yield Pointer(zone.origin, rrset.owner, rtype, rdata.text, mark, host)


def _judge(pointer: Pointer, reply: Reply) -> Finding | None:
    codes, host = _CODES[pointer.rtype], pointer.host
    kind = rtypes.mnemonic(pointer.rtype)
    if reply.verdict is Verdict.ALIAS:
        code = codes.alias
        reason = (
            f"{host} is an alias of {reply.text}; {kind} must name a host with an address of"
            " its own, and not everybody follows it"
        )
        fix = f"name {reply.text}, if those who run it agree"
    elif reply.verdict in (Verdict.BARE, Verdict.MISSING):
        code = codes.no_address
        what = "has no address" if reply.verdict is Verdict.BARE else "does not exist"
        reason = f"{host} {what}; {codes.effect}"
        fix = "correct the name, or ask those who run the host"
    else:
        return None
    return make_finding(
        code,
        pointer.mark,
        f"{pointer.owner} {kind} {pointer.text}: the resolver says that {reason}.",
        fix,
        level=Level.WARNING,
        origin=pointer.origin,
        owner=pointer.owner,
    )


async def _ask_all(
    hosts: Sequence[Name], on_reply: Callable[[], None], resolver: dns.asyncresolver.Resolver
) -> Mapping[Name, Reply]:
    late = Reply(_UNKNOWN, f"there was no time for it in {TOTAL_SECONDS:.0f} s")
    replies = dict.fromkeys(hosts, late)
    slots = asyncio.Semaphore(AT_ONCE)

    async def ask(host: Name) -> None:
        async with slots:
            replies[host] = await _ask(host, resolver)
        on_reply()

    with suppress(TimeoutError):
        async with asyncio.timeout(TOTAL_SECONDS), asyncio.TaskGroup() as group:
            for host in hosts:
                group.create_task(ask(host))
    return replies


async def _ask(host: Name, resolver: dns.asyncresolver.Resolver) -> Reply:
    """What a sender is told about a host."""
    qname, _ = dns.name.from_wire(host.wire, 0)
    for rtype in ("A", "AAAA"):
        try:
            answer = await resolver.resolve(
                qname, rtype, raise_on_no_answer=False, search=False, lifetime=HOST_SECONDS
            )
        except dns.resolver.NXDOMAIN as error:
            end = error.canonical_name
            return Reply(Verdict.MISSING) if end == qname else Reply(Verdict.ALIAS, str(end))
        except dns.exception.DNSException as error:
            return Reply(_UNKNOWN, _describe(error))
        if answer.canonical_name != qname:
            return Reply(Verdict.ALIAS, str(answer.canonical_name))
        if answer.rrset is not None:
            return Reply(Verdict.HOST)
    return Reply(Verdict.BARE)


def _describe(error: dns.exception.DNSException) -> str:
    if isinstance(error, dns.exception.Timeout):
        return f"no answer within {HOST_SECONDS:.0f} s"
    if isinstance(error, dns.resolver.NoNameservers):
        return "no server could tell"
    return str(error) or type(error).__name__
