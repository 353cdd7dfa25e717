"""What engines count of queries: the same in both of them, and how it is summed up."""

import asyncio
import socket
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests import octets as o
from tests.zones_text import zone
from zoneserver.image.compile import compile_zone
from zoneserver.image.lookup import Identity
from zoneserver.image.statistics import OTHER, TYPES
from zoneserver.names import Name
from zoneserver.service.answering.engines import Engine
from zoneserver.service.answering.native import NativeEngine
from zoneserver.service.answering.portable import PortableEngine
from zoneserver.service.keeping.store import Served, Store
from zoneserver.service.observing.statistics import Totals
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.latency import MICROSECONDS, Latency
from zoneserver.transports.ledger import Ledger
from zoneserver.transports.limiter import RateLimits
from zoneserver.transports.listen import bind
from zoneserver.wire.cookies import Cookies

ZONE = zone(
    "@ MX 10 mail\nmail A 192.0.2.1\n_25._tcp.mail TLSA 3 1 1 " + "ab" * 32 + "\n"
    "*._domainkey TXT v=DKIM1\n_dmarc TXT v=DMARC1\nsub NS ns.other.test.\n"
    "big TXT " + " ".join(["x" * 200] * 8) + "\nalias CNAME mail\n"
)
REFUSED = Name.parse("refused.test.")
MX, TLSA, DS, HTTPS, TYPE65280 = 15, 52, 43, 65, 65280
SIGNED = o.tsig(key=o.wire("ns2.elsewhere"))
COOKIE = o.opt(o.option(o.COOKIE, b"8 octets"))


def ask(name: str, qtype: int, *rest: bytes, qclass: int = o.IN) -> bytes:
    """A query."""
    return o.message(*rest, asked=o.question(name, qtype, qclass))


# Each message, and what is counted of it: QTYPE and RCODE; of whom, what, and what was told.
ROWS: list[tuple[bytes, tuple[str, str], tuple[str, str, str] | None]] = [
    (ask("mail.example", o.A), ("A", "NOERROR"), None),
    (ask("example", MX), ("MX", "NOERROR"), ("example.", "mx", "answer")),
    (ask("EXAMPLE", MX, o.opt()), ("MX", "NOERROR"), ("example.", "mx", "answer")),
    (ask("example", MX, COOKIE), ("MX", "NOERROR"), ("example.", "mx", "answer")),
    (ask("mail.example", MX), ("MX", "NOERROR"), ("example.", "mx", "nodata")),
    (ask("alias.example", MX), ("MX", "NOERROR"), ("example.", "mx", "answer")),
    (ask("gone.example", MX), ("MX", "NXDOMAIN"), ("example.", "mx", "nxdomain")),
    (ask("lost.example", MX), ("MX", "NXDOMAIN"), ("example.", "mx", "nxdomain")),
    (ask("sub.example", MX), ("MX", "NOERROR"), ("example.", "mx", "referral")),
    (ask("refused.test", MX), ("MX", "SERVFAIL"), ("refused.test.", "mx", "error")),
    (ask("other.test", MX), ("MX", "REFUSED"), None),
    (ask("example", MX, qclass=o.CH), ("MX", "REFUSED"), None),
    (ask("_dmarc.example", o.TXT), ("TXT", "NOERROR"), ("example.", "dmarc", "answer")),
    (ask("_dmarc.gone.example", o.TXT), ("TXT", "NXDOMAIN"), ("example.", "dmarc", "nxdomain")),
    (ask("_xmarc.gone.example", o.TXT), ("TXT", "NXDOMAIN"), None),
    (ask("a.b._domainkey.example", o.TXT), ("TXT", "NOERROR"), ("example.", "dkim", "answer")),
    (ask("x_domainkey.example", o.TXT), ("TXT", "NXDOMAIN"), None),
    (ask("_mta-sts.example", o.TXT), ("TXT", "NXDOMAIN"), ("example.", "mta-sts", "nxdomain")),
    (ask("_25._tcp.mail.example", TLSA), ("TLSA", "NOERROR"), ("example.", "tlsa", "answer")),
    (ask("big.example", o.TXT), ("TXT", "NOERROR"), None),
    (ask("mail.example", TYPE65280), ("other", "NOERROR"), None),
    (ask("mail.example", HTTPS), ("HTTPS", "NOERROR"), None),
    (ask("example", DS), ("DS", "NOERROR"), None),
    # The signature that is alone in the answer is no OPT, and its key no part of the RCODE.
    (ask("example", MX, SIGNED), ("MX", "NOTAUTH"), ("example.", "mx", "error")),
    (ask("example", MX, o.opt(), SIGNED), ("MX", "NOTAUTH"), ("example.", "mx", "error")),
    (o.header(counts=(0, 0, 0, 0)), ("none", "FORMERR"), None),
    (ask("example", o.A)[:20], ("none", "FORMERR"), None),
    (o.message(o.opt(), o.opt(), asked=o.question("example")), ("A", "FORMERR"), None),
    (o.message(asked=o.question("example"), opcode=o.UPDATE), ("A", "NOTIMP"), None),
]
UNANSWERED = [b"short", o.message(flags=o.QR)]


@pytest.fixture(params=[NativeEngine, PortableEngine])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Each engine in turn, with one zone that is served and one that is refused."""
    if request.param is NativeEngine:
        pytest.importorskip("zoneserver._fastpath", reason="the fast path is not built")
    store = Store.choose(tmp_path, tmp_path)
    path = store.write(lambda: [(ZONE.origin.key, compile_zone(ZONE))])
    cookies = Cookies((bytes(16),))
    made = request.param(Identity(1232, b"", cookies), RateLimits(rate=0, errors=0), Ledger())
    made.publish(Served((path,), refused=(REFUSED,)))
    yield made
    store.close()


def expected(transport: str, times: int) -> tuple[Counter[Any], dict[str, Counter[Any]]]:
    """What the rows add up to, each of them asked some times."""
    queries = Counter({(transport, *words): 0 for _, words, _ in ROWS})
    mail: dict[str, Counter[Any]] = {}
    for _, words, told in ROWS:
        queries[transport, *words] += times
        if told:
            mail.setdefault(told[0], Counter())[told[1:]] += times
    return queries, mail


async def exchange(engine: Engine, messages: list[bytes]) -> int:
    """Ask over UDP, one after the other. How many answers there were."""
    sockets, answers = bind(Endpoint("127.0.0.1", 0)), 0
    sockets.tcp.close()
    engine.start([sockets])
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setblocking(False)
        await loop.sock_connect(asking, ("127.0.0.1", sockets.endpoint.port))
        for message in messages:
            await loop.sock_sendall(asking, message)
            if message not in UNANSWERED:
                await asyncio.wait_for(loop.sock_recv(asking, 4096), 5)
                answers += 1
    engine.stop()
    sockets.udp.close()
    return answers


def test_datagrams(engine: Engine) -> None:
    """The first time and the second, whether remembered, found or left to `respond`."""
    messages = [message for message, *_ in ROWS] * 2 + UNANSWERED
    answers = asyncio.run(exchange(engine, messages))
    taken, totals = engine.take_statistics(), Totals()
    totals.add(taken)
    assert expected("udp", 2) == (totals.queries, totals.mail)
    buckets, nanoseconds = taken["latency"]["udp"]
    assert answers == sum(buckets) == 2 * len(ROWS)
    assert nanoseconds > answers * 1000
    assert not engine.take_statistics()["queries"]


@pytest.mark.parametrize(("transport", "encrypted"), [("tcp", False), ("tls", True)])
def test_streams(engine: Engine, transport: str, *, encrypted: bool) -> None:
    """The same over TCP and over TLS, where a large TXT is not cut."""
    for message, *_ in ROWS:
        engine.answer_stream(message, bytes(4), encrypted=encrypted)
    totals = Totals()
    totals.add(engine.take_statistics())
    assert expected(transport, 1) == (totals.queries, totals.mail)


def test_counts_outlive_the_zones(engine: Engine) -> None:
    """What was counted before a zone went is told, and told of that zone."""
    engine.answer_stream(ask("example", MX), bytes(4))
    engine.publish(Served())
    engine.answer_stream(ask("example", MX), bytes(4))
    taken = engine.take_statistics()
    assert [("example.", "mx", "answer", 1)] == taken["mail"]
    assert {("tcp", "MX", "NOERROR", 1), ("tcp", "MX", "REFUSED", 1)} == set(taken["queries"])


@pytest.mark.parametrize("qtype", range(300))
def test_types_have_the_same_words(qtype: int) -> None:
    """The table of the native engine and that of the portable one."""
    native = pytest.importorskip("tests.unit.fastpath.engines").make_engine()
    native.answer(ask("example", qtype), qtype not in (251, 252, 255), bytes(4), 0)
    words = [word for _, word, _, _ in native.take_queries()]
    handed_over = qtype in (251, 252)
    assert ([] if handed_over else [TYPES.get(qtype, OTHER)]) == words


@pytest.mark.parametrize(
    ("nanoseconds", "bucket"),
    [(0, 0), (10_000, 0), (10_001, 1), (1_000_000_000, 13), (1_000_000_001, 14)],
)
def test_latency(nanoseconds: int, bucket: int) -> None:
    """A bucket has what took up to its limit; the last has the rest."""
    latency = Latency()
    latency.add(nanoseconds, 3)
    buckets, total = latency.take()
    assert (3, bucket) == (buckets[bucket], buckets.index(3))
    assert total == 3 * nanoseconds
    assert (0, len(MICROSECONDS) + 1) == (sum(latency.take()[0]), len(buckets))


def test_totals_grow() -> None:
    """Reports of several workers, and of those that took their place, add up."""
    totals = Totals()
    report = {
        "queries": [("udp", "MX", "NOERROR", 2)],
        "mail": [("example.", "mx", "answer", 2)],
        "latency": {"udp": ([0] * len(MICROSECONDS) + [2], 5)},
    }
    totals.add(report)
    totals.add(report)
    assert {("udp", "MX", "NOERROR"): 4} == totals.queries
    assert {"example.": {("mx", "answer"): 4}} == totals.mail
    assert (4, 10) == (totals.buckets["udp"][-1], totals.nanoseconds["udp"])
