"""A resolver over TCP that says what a test wants."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from zoneserver.transports.endpoint import Endpoint

SOA = "com. 900 IN SOA a.example. b.example. 1 2 3 4 300"
DIGEST = "ab" * 32


class Resolver:
    """Answers with records by name of the zone, with an RCODE where that is what there is.

    Of zones that it does not know it says nothing at all.
    """

    def __init__(self) -> None:
        self.says: dict[str, list[str] | dns.rcode.Rcode] = {}
        self.asked: list[str] = []
        self.endpoint = Endpoint("127.0.0.1", 0)

    def make(self, query: dns.message.Message) -> dns.message.Message | None:
        """The answer to a query."""
        name = str(query.question[0].name)
        self.asked.append(name)
        says = self.says.get(name)
        if says is None:
            return None
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if isinstance(says, dns.rcode.Rcode):
            answer.set_rcode(says)
            return answer
        for line in says:
            owner, ttl, _, rtype, *rdata = line.split(" ")
            section = answer.authority if rtype == "SOA" else answer.answer
            section.append(dns.rrset.from_text(owner, int(ttl), "IN", rtype, " ".join(rdata)))
        return answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one query of a connection."""
        length = int.from_bytes(await reader.readexactly(2), "big")
        answer = self.make(dns.message.from_wire(await reader.readexactly(length)))
        if answer is not None:
            octets = answer.to_wire()
            writer.write(len(octets).to_bytes(2, "big") + octets)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def resolving(**says: list[str] | dns.rcode.Rcode) -> AsyncIterator[Resolver]:
    """A resolver that runs; a key is the zone, with _ for dots."""
    resolver = Resolver()
    resolver.says = {f"{zone.replace('_', '.')}.": what for zone, what in says.items()}
    server = await asyncio.start_server(resolver.serve, "127.0.0.1", 0)
    async with server:
        resolver.endpoint = Endpoint("127.0.0.1", server.sockets[0].getsockname()[1])
        yield resolver
