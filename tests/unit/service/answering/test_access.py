"""Who may ask for which zone: the same in both engines, over UDP and TCP."""

import asyncio
import importlib.util
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.edns
import dns.message
import dns.rcode
import pytest

from tests.zones_text import zone
from zoneserver.image.compile import compile_zone
from zoneserver.image.images import Images, Place
from zoneserver.image.lookup import Identity
from zoneserver.names import Name
from zoneserver.networks import EVERYBODY, Networks
from zoneserver.service.answering.access import ANYBODY, Access, AdmittedPlaces
from zoneserver.service.answering.engines import Engine
from zoneserver.service.answering.native import NativeEngine
from zoneserver.service.answering.portable import PortableEngine
from zoneserver.service.keeping.store import Served, Store
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.ledger import Ledger
from zoneserver.transports.limiter import RateLimits
from zoneserver.transports.listen import bind

HOME, ABROAD = b"\x0a\0\0\1", b"\xc0\0\2\1"
OURS = Networks.parse(["10.0.0.0/8"])
PARENT = zone("www A 192.0.2.1\nsub NS ns.sub\nns.sub A 192.0.2.53")
CHILD = zone("www A 192.0.2.2", "sub.example.")
EXAMPLE, SUB = Name.parse("example."), Name.parse("sub.example.")
ZONES = {"example": Access(None, ((EXAMPLE, OURS),)), "sub": Access(None, ((SUB, OURS),))}
ALL, ALL_BUT_SUB = Access(OURS), Access(OURS, ((SUB, EVERYBODY),))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A zone, and one below it."""
    store = Store.choose(tmp_path, tmp_path)
    images = [(each.origin.key, compile_zone(each)) for each in (PARENT, CHILD)]
    yield Served((store.write(lambda: images),), refused=(Name.parse("broken."),))
    store.close()


def _portable(access: Access) -> Engine:
    return PortableEngine(Identity(1232), RateLimits(), Ledger(), access)


def _native(access: Access) -> Engine:
    return NativeEngine(Identity(1232), RateLimits(), Ledger(), access)


@pytest.fixture(params=[_portable, _native], ids=["portable", "native"])
def make(request: pytest.FixtureRequest) -> Callable[[Access], Engine]:
    """What makes an engine that has these rules."""
    if request.param is _native and importlib.util.find_spec("zoneserver._fastpath") is None:
        pytest.skip("the native engine is not built")
    made: Callable[[Access], Engine] = request.param
    return made


def _told(octets: object) -> str:
    """The RCODE of an answer, and the code of its extended error."""
    assert isinstance(octets, bytes)
    reply = dns.message.from_wire(octets)
    codes = [option.code for option in reply.options if isinstance(option, dns.edns.EDEOption)]
    return " ".join([dns.rcode.to_text(reply.rcode()), *map(str, map(int, codes))])


@pytest.mark.parametrize(
    ("access", "qname", "qtype", "home", "abroad"),
    [
        (ANYBODY, "www.example.", "A", "NOERROR", "NOERROR"),
        (ZONES["example"], "www.example.", "A", "NOERROR", "REFUSED 18"),
        (ZONES["example"], "gone.example.", "A", "NXDOMAIN", "REFUSED 18"),
        (ZONES["example"], "WWW.Example.", "A", "NOERROR", "REFUSED 18"),
        (ZONES["example"], "www.example.", "AXFR", "REFUSED 18", "REFUSED 18"),
        (ZONES["example"], "www.sub.example.", "A", "NOERROR", "NOERROR"),
        (ZONES["example"], "sub.example.", "DS", "NOERROR", "REFUSED 18"),
        (ZONES["sub"], "www.example.", "A", "NOERROR", "NOERROR"),
        (ZONES["sub"], "www.sub.example.", "A", "NOERROR", "REFUSED 18"),
        (ZONES["sub"], "sub.example.", "DS", "NOERROR", "NOERROR"),
        (ALL, "www.example.", "A", "NOERROR", "REFUSED 18"),
        (ALL, "www.sub.example.", "A", "NOERROR", "REFUSED 18"),
        (ALL, "test.", "A", "REFUSED 20", "REFUSED 20"),
        (ALL, "broken.", "A", "SERVFAIL 24", "REFUSED 18"),
        (ALL_BUT_SUB, "www.example.", "A", "NOERROR", "REFUSED 18"),
        (ALL_BUT_SUB, "www.sub.example.", "A", "NOERROR", "NOERROR"),
    ],
)
def test_rules(
    served: Served,
    make: Callable[[Access], Engine],
    *,
    access: Access,
    qname: str,
    qtype: str,
    home: str,
    abroad: str,
) -> None:
    """REFUSED and why; the zone that answers decides, and what is remembered is nobody's."""
    engine = make(access)
    engine.publish(served)
    query = dns.message.make_query(qname, qtype, use_edns=0).to_wire()
    for _ in range(2):
        assert home == _told(engine.answer_stream(query, HOME))
        assert abroad == _told(engine.answer_stream(query, ABROAD))
    refused = abroad == "REFUSED 18" and qtype != "AXFR"
    assert engine.counters()["prohibited"] == 2 * refused or qtype == "AXFR"


def test_places_that_an_asker_may_see() -> None:
    """All are there; those that are not for the asker are handed over."""
    place = Place(memoryview(b""), 0, 0)
    images = Images({EXAMPLE.key: place, SUB.key: place})
    seen = [AdmittedPlaces(images, ZONES["sub"], address) for address in (HOME, ABROAD)]

    assert [dict(each) for each in seen] == [
        {EXAMPLE.key: place, SUB.key: place},
        {EXAMPLE.key: place, SUB.key: None},
    ]
    assert [len(each) for each in seen] == [2, 2]


def test_names_of_a_guarded_zone_have_their_own_accounts(served: Served) -> None:
    """Who may ask is rate limited as elsewhere: each name for itself."""
    engine = PortableEngine(Identity(1232), RateLimits(rate=1, slip=0), Ledger(), ALL)
    engine.publish(served)
    names = ("www.example.", "gone.example.", "www.sub.example.", "www.example.")
    queries = [dns.message.make_query(name, "A").to_wire()[2:] for name in names]
    answered = [engine._answer_datagram(each, HOME) is not None for each in queries]

    assert answered == [True, True, True, False]


def test_over_udp(served: Served, make: Callable[[Access], Engine]) -> None:
    """By the address that the datagram came from, in any order."""
    access = Access(None, ((EXAMPLE, Networks.parse(["127.0.0.2"])),))
    query = dns.message.make_query("www.example.", "A", use_edns=0).to_wire()

    async def scenario() -> list[str]:
        sockets, engine = bind(Endpoint("127.0.0.1", 0)), make(access)
        engine.publish(served)
        engine.start([sockets])
        told = []
        for address in ("127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.2"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.setblocking(False)
                client.bind((address, 0))
                client.connect(("127.0.0.1", sockets.endpoint.port))
                client.send(query)
                loop = asyncio.get_running_loop()
                told.append(_told(await asyncio.wait_for(loop.sock_recv(client, 512), 5)))
        engine.stop()
        sockets.close()
        assert engine.counters()["prohibited"] == 2
        return told

    assert ["REFUSED 18", "NOERROR"] * 2 == asyncio.run(scenario())
