"""Asks resolvers for the DS records of zones: a process that does nothing else, and ends.

What comes from the network is read here, away from all who hold zones or keys, and no edit and
no answer waits for it.
"""

import asyncio
import time
from collections.abc import Collection, Mapping
from typing import Any

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.rrset

from zoneserver.dnssec.parent import ParentDs
from zoneserver.errors import TransferError
from zoneserver.names import Name
from zoneserver.records.rdata import DS
from zoneserver.service.running.processes import let_others_go_first
from zoneserver.transfer.settings import DNS_PORT
from zoneserver.transports.endpoint import Endpoint

ANSWER_SECONDS = 5.0  # for one resolver
AT_ONCE = 16  # zones that are asked for
MOST_TTL = 604_800  # a week: longer than that resolvers keep nothing (RFC 8767 4)

# By zone: what its parent says, as a document; a text: why that is not known.
Answers = Mapping[str, dict[str, Any] | str]


def find_system_resolvers() -> tuple[Endpoint, ...]:
    """The resolvers that this host uses, in their order; none where it has none."""
    try:
        found = dns.resolver.Resolver()
    except dns.exception.DNSException:
        return ()
    return tuple(
        Endpoint(each, DNS_PORT) for each in found.nameservers if isinstance(each, str)
    )


async def ask_for_ds(zone: Name, resolvers: Collection[Endpoint]) -> ParentDs:
    """The DS records of a zone, from the first resolver that knows. Raises TransferError."""
    reasons = []
    for resolver in resolvers:
        try:
            return await _ask_one(zone, resolver)
        except TransferError as error:
            reasons.append(f"{resolver}: {error}")
    raise TransferError("; ".join(reasons) or "there is no resolver to ask")


async def _ask_one(zone: Name, resolver: Endpoint) -> ParentDs:
    """Raises TransferError."""
    query = dns.message.make_query(str(zone), dns.rdatatype.DS, want_dnssec=True)
    try:
        # Over TCP nobody but the resolver can answer: keys are dropped for what it says.
        answer = await dns.asyncquery.tcp(
            query, resolver.address, ANSWER_SECONDS, resolver.port
        )
    except dns.exception.Timeout as error:
        raise TransferError("no answer over TCP in time") from error
    except (OSError, EOFError) as error:
        raise TransferError(f"no answer over TCP ({type(error).__name__})") from error
    except dns.exception.DNSException as error:
        raise TransferError(
            f"an answer that cannot be read ({type(error).__name__})"
        ) from error
    return read_answer(answer, int(time.time()))


def read_answer(answer: dns.message.Message, now: int) -> ParentDs:
    """What an answer to the question for DS says. Raises TransferError if it is none."""
    rcode = answer.rcode()
    if rcode != dns.rcode.NOERROR:
        raise TransferError(f"it answers {dns.rcode.to_text(rcode)}")
    name = answer.question[0].name
    found = answer.get_rrset(answer.answer, name, dns.rdataclass.IN, dns.rdatatype.DS)
    if found is None:
        return ParentDs(frozenset(), _read_negative_ttl(answer), now)
    signatures = answer.get_rrset(
        answer.answer, name, dns.rdataclass.IN, dns.rdatatype.RRSIG, dns.rdatatype.DS
    )
    records = frozenset(
        DS(each.key_tag, each.algorithm, each.digest_type, each.digest) for each in found
    )
    # What a cache has left is less than what others may have: the signature says how long at
    # most (RFC 4034 3.1.4).
    ttls = [found.ttl, *(each.original_ttl for each in signatures or ())]
    return ParentDs(records, min(max(ttls), MOST_TTL), now)


def _read_negative_ttl(answer: dns.message.Message) -> int:
    """How long it may be kept that there are none (RFC 2308 5). Raises TransferError."""
    for rrset in answer.authority:
        if rrset.rdtype == dns.rdatatype.SOA:
            return min(rrset.ttl, int(rrset[0].minimum), MOST_TTL)
    raise TransferError("it has neither DS records nor word that there are none")


async def _ask_all(zones: Collection[Name], resolvers: Collection[Endpoint]) -> Answers:
    turns = asyncio.Semaphore(AT_ONCE)

    async def ask(zone: Name) -> dict[str, Any] | str:
        async with turns:
            try:
                return (await ask_for_ds(zone, resolvers)).document()
            except TransferError as error:
                return str(error)

    found = await asyncio.gather(*map(ask, zones))
    return dict(zip(map(str, zones), found, strict=True))


def ask_all(zones: Collection[Name], resolvers: Collection[Endpoint]) -> Answers:
    """What the parents of zones say; without resolvers, those of this host are asked."""
    let_others_go_first()
    return asyncio.run(_ask_all(zones, resolvers or find_system_resolvers()))
