"""Another server, as far as NOTIFY is concerned: it hears, answers, and has a serial."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rrset

from tests.images import Both
from tests.zones_text import zone
from zoneserver.image.images import Images
from zoneserver.transfer.settings import Peer
from zoneserver.transports.endpoint import Endpoint

WAIT_SECONDS = 10.0
SOA_TEXT = "ns.test. hostmaster.test. {} 7200 1800 1209600 300"


def images(**serials: int) -> Images:
    """Zones of these names, each with such a serial."""
    apex = f"@ SOA {SOA_TEXT}\n@ NS ns.test."
    zones = [zone("", f"{name}.", apex=apex.format(serial)) for name, serial in serials.items()]
    return Both.of(*zones).images


class Scene:
    """What has been told, and a way to wait until something is so."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}
        self._transports: list[asyncio.DatagramTransport] = []

    async def start(
        self, address: str = "127.0.0.1", keyring: dict[Any, Any] | None = None
    ) -> "Server":
        """Another server at a free port."""
        loop = asyncio.get_running_loop()
        transport, server = await loop.create_datagram_endpoint(
            lambda: Server(self, keyring), local_addr=(address, 0)
        )
        self._transports.append(transport)
        return server

    async def stop(self) -> None:
        """End all servers."""
        for transport in self._transports:
            transport.close()
        await asyncio.sleep(0)

    def tell(self, document: dict[str, Any]) -> None:
        """Learn which server has what."""
        for pair in document["gone"]:
            self.rows.pop(tuple(pair), None)
        for row in document["secondaries"]:
            self.rows[row["zone"], row["server"]] = row
        self.note()

    def note(self) -> None:
        """Something may be different."""
        self._changed.set()

    def serials(self) -> dict[tuple[str, str], int | None]:
        """Which serial each server has of each zone."""
        return {pair: row["serial"] for pair, row in self.rows.items()}

    async def until_serials(self, serials: dict[tuple[str, str], int | None]) -> None:
        """Return when each server has such a serial of such a zone, and none else."""
        await self.until(lambda: self.serials() == serials)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when a condition holds."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


class Server(asyncio.DatagramProtocol):
    """Another server. It takes what it is told of at once, unless it is not to (`takes`).

    `has` are its serials by zone; `told` the zones and serials of the NOTIFYs that came, the
    number of `asked` is that of questions for an SOA. It leaves as many messages unanswered as
    `deaf` says, and answers NOTIFY with `rcode`, signed where that was and unless it is not to
    (`signs`).
    """

    def __init__(self, scene: Scene, keyring: dict[Any, Any] | None) -> None:
        self.has: dict[str, int] = {}
        self.told: list[tuple[str, int]] = []
        self.asked = 0
        self.deaf, self.rcode = 0, 0
        self.takes = self.signs = True
        self.peer = Peer(Endpoint("127.0.0.1", 0))
        self._scene, self._keyring = scene, keyring

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It can be reached from now on."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.peer = Peer(Endpoint(*transport.get_extra_info("sockname")[:2]))

    @property
    def name(self) -> str:
        """As rows have it."""
        return str(self.peer.endpoint)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Answer a message."""
        self._scene.note()
        if self.deaf:
            self.deaf -= 1
            return
        asked = dns.message.from_wire(data, keyring=self._keyring)
        origin = str(asked.question[0].name)
        answer = dns.message.make_response(asked)
        answer.flags |= dns.flags.AA
        if asked.opcode() == dns.opcode.NOTIFY:
            serial = asked.answer[0][0].serial
            self.told.append((origin, serial))
            answer.set_rcode(dns.rcode.Rcode(self.rcode))
            if self.takes:
                self.has[origin] = serial
        elif origin in self.has:
            self.asked += 1
            text = SOA_TEXT.format(self.has[origin])
            answer.answer.append(dns.rrset.from_text(origin, 300, "IN", "SOA", text))
        else:
            self.asked += 1
            answer.set_rcode(dns.rcode.REFUSED)
        if not self.signs:
            answer.tsig = None
        self._transport.sendto(answer.to_wire(), addr)
