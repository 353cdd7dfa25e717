"""What abuse of a server gets: rate limiting as clients see it, in both engines.

Two workers answer, and every client asks from several sockets, which the kernel deals out to
both: a limit is the server's. Clients have addresses of 127/8 that are not exempt here.
"""

import select
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from itertools import cycle, islice
from typing import NamedTuple

import dns.edns
import dns.message
import dns.query
import dns.rcode
import pytest

from tests import octets as o
from tests.figures import Figures
from tests.servers import GOOD_ZONE, ServerProcess, running, write_zones

ZONE = (
    GOOD_ZONE + "'*.wild': {type: TXT, value: wild}\nsub: {type: NS, value: ns1.example.net.}\n"
)
HOSTS = "".join(f"h{number}: {{type: A, value: 192.0.2.9}}\n" for number in range(300))
SOCKETS = 8
MANY = 300  # queries in one second: those over the rate of 200 are enough to be seen
UNLIMITED = {"sent": MANY}
LIMITED = {"sent": 200, "short": 50}  # of them; every second of those beyond goes out short
SECONDS = 2
QUIET_SECONDS = 0.3  # after which nothing more will come
ENGINES = ["portable", "native"]


class Running(NamedTuple):
    """A server, and the clock that its seconds are those of."""

    server: ServerProcess
    engine: str

    def clock(self) -> float:
        """The time, in seconds."""
        return time.time() if self.engine == "native" else time.monotonic()

    def wait_for_a_second(self) -> None:
        """Return when one has just begun."""
        select.select([], [], [], 1.01 - self.clock() % 1)


Start = Callable[[str], Running]


@pytest.fixture(scope="module", params=ENGINES)
def start(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Start]:
    """What gives a server with these limits; each is started once."""
    if request.param == "native" and find_spec("zoneserver._fastpath") is None:
        pytest.skip("the native engine is not built")
    with ExitStack() as stack:
        servers: dict[str, ServerProcess] = {}

        def get(limits: str) -> Running:
            if limits not in servers:
                folder = tmp_path_factory.mktemp("abuse")
                write_zones(folder, example_com=ZONE + HOSTS)
                (folder / "zoneserver.yaml").write_text(f"workers: 2\nlimits: {limits}\n")
                words = ("--config", "zoneserver.yaml", "--engine", request.param)
                servers[limits] = stack.enter_context(running(folder, *words))
            return Running(servers[limits], request.param)

        yield get


@contextmanager
def clients(site: Running, address: str) -> Iterator[list[socket.socket]]:
    """Sockets of one client."""
    with ExitStack() as stack:
        made = []
        for _ in range(SOCKETS):
            client = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
            client.bind((address, 0))
            client.connect(("127.0.0.1", site.server.port))
            client.setblocking(False)
            made.append(client)
        yield made


def drain(asking: Sequence[socket.socket]) -> Iterator[bytes]:
    """What has come, until nothing comes any more."""
    while ready := select.select(asking, [], [], QUIET_SECONDS)[0]:
        for client in ready:
            yield client.recv(4096)


def verdicts(answers: Iterable[bytes]) -> dict[str, int]:
    """How many were sent whole, and how many short: with TC, or as BADCOOKIE."""
    counts: Counter[str] = Counter()
    for octets in answers:
        answer = dns.message.from_wire(octets)
        cut = bool(answer.flags & dns.flags.TC)
        counts[
            "BADCOOKIE" if answer.rcode() == dns.rcode.BADCOOKIE else "short" if cut else "sent"
        ] += 1
    return dict(counts)


def ask(site: Running, queries: Mapping[str, Sequence[bytes]]) -> dict[str, dict[str, int]]:
    """Send what each address asks, all within a second of the server's; the verdicts."""
    with ExitStack() as stack:
        sources = {each: stack.enter_context(clients(site, each)) for each in queries}
        site.wait_for_a_second()
        for address, asking in sources.items():
            for client, message in zip(cycle(asking), queries[address], strict=False):
                client.send(message)
        return {address: verdicts(drain(asking)) for address, asking in sources.items()}


def about(expected: dict[str, int]) -> object:
    """So many, give or take those that two workers count at the same moment."""
    return pytest.approx(expected, rel=0.2)


def query(qname: str, qtype: str = "MX", *options: dns.edns.Option) -> bytes:
    """A query with EDNS."""
    return dns.message.make_query(qname, qtype, use_edns=0, options=list(options)).to_wire()


def flood(
    site: Running, address: str, message: bytes, bystander: Sequence[socket.socket] = ()
) -> tuple[int, list[bytes], int]:
    """About 5,000 a second; how many were sent, the answers, and in how many of the server's
    seconds they may have been given. Every `bystander` asks once in the middle of it.
    """
    sent, answers, waiting = 0, [], list(bystander)
    with clients(site, address) as asking:
        site.wait_for_a_second()
        first, begin = int(site.clock()), time.monotonic()
        while (elapsed := time.monotonic() - begin) < SECONDS - 0.1:
            for client in islice(cycle(asking), max(0, int(elapsed * 5000) - sent)):
                client.send(message)
                sent += 1
            if waiting and elapsed > SECONDS / 2:
                waiting.pop().send(message)
            ready, _, _ = select.select(asking, [], [], 0.001)
            answers += [client.recv(4096) for client in ready]
        answers += drain(asking)
        return sent, answers, int(site.clock() - QUIET_SECONDS) - first + 1


NO_EXEMPTIONS = "{exempt: [], errors: 0}"
SOME_EXEMPT = "{exempt: [127.0.1.0/24]}"
ONLY_COUNTING = "{exempt: [], log_only: true, errors: 1}"


def test_one_source_over_the_rate(start: Start, figures: Figures) -> None:
    """Acceptance 34: 200 a second of one name, half of the rest short; others lose nothing."""
    site = start(NO_EXEMPTIONS)
    with clients(site, "127.0.34.1") as bystander:
        sent, answers, seconds = flood(site, "127.0.33.1", query("example.com"), bystander)
        others = verdicts(drain(bystander))
    told = verdicts(answers)
    beyond = sent - told["sent"]
    figures.add(
        f"34 one source at {sent / SECONDS:.0f} a second, {site.engine}",
        f"{told['sent'] / SECONDS:.0f} answered, {told['short'] / SECONDS:.0f} short a second",
    )

    assert sent > SECONDS * 1000
    assert 0.8 * 200 * SECONDS <= told["sent"] <= 1.2 * 200 * seconds
    assert told["short"] == pytest.approx(beyond / 2, rel=0.2)
    assert others == {"sent": SOCKETS}


# What is asked for, in queries that differ, and what becomes of them.
ACCOUNTS = {
    "36 random names": ([query(f"r{n}.example.com") for n in range(MANY)], LIMITED),
    "36 names of others": ([query(f"r{n}.test") for n in range(MANY)], {"sent": 200}),
    "36 malformed": ([o.message()[: 13 + n % 9] for n in range(MANY)], {"sent": 200}),
    "36 names that exist": ([query(f"h{n}.example.com", "A") for n in range(MANY)], UNLIMITED),
    "37 wildcard": ([query(f"w{n}.wild.example.com", "TXT") for n in range(MANY)], LIMITED),
    "37 referral": ([query(f"h{n}.sub.example.com", "A") for n in range(MANY)], LIMITED),
}


def test_accounts(start: Start, figures: Figures) -> None:
    """Acceptance 36, 37: what many names have in common is what they are counted on."""
    site = start(NO_EXEMPTIONS)
    sources = {f"127.0.{40 + number}.1": what for number, what in enumerate(ACCOUNTS)}
    told = ask(site, {address: ACCOUNTS[what][0] for address, what in sources.items()})
    for address, what in sources.items():
        figures.add(f"{what}, {site.engine}", f"{told[address]} of {MANY}")

    for address, what in sources.items():
        assert told[address] == about(ACCOUNTS[what][1]), what


def test_streams_are_not_limited(start: Start, figures: Figures) -> None:
    """Acceptance 35: however many queries come over TCP."""
    site = start(NO_EXEMPTIONS)
    asked = dns.message.make_query("example.com", "MX")
    address = ("127.0.0.1", site.server.port)
    with socket.create_connection(address, 5, ("127.0.35.1", 0)) as client:
        answered = 0
        for _ in range(MANY):
            dns.query.send_tcp(client, asked)
            answer, _ = dns.query.receive_tcp(client, time.time() + 5)
            answered += bool(answer.answer)
    figures.add(f"35 over TCP, {site.engine}", f"{answered} of {MANY}")

    assert answered == MANY


@pytest.mark.parametrize("valid", [True, False], ids=["valid", "client alone"])
def test_cookies(start: Start, figures: Figures, *, valid: bool) -> None:
    """Acceptance 35, 42: with a valid cookie there is no limit; without one, what slips says
    BADCOOKIE, and brings one.
    """
    site = start(NO_EXEMPTIONS)
    address = "127.0.36.1" if valid else "127.0.37.1"
    presented = b"8 octets"
    if valid:
        first = dns.message.from_wire(
            query(
                "example.com",
                "MX",
                dns.edns.GenericOption(dns.edns.OptionType.COOKIE, presented),
            )
        )
        answer = dns.query.udp(first, "127.0.0.1", 5, site.server.port, source=address)
        (presented,) = (
            option.to_wire()
            for option in answer.options
            if option.otype == dns.edns.OptionType.COOKIE
        )
    asked = query(
        "example.com",
        "MX",
        dns.edns.GenericOption(dns.edns.OptionType.COOKIE, presented or b""),
    )
    told = ask(site, {address: [asked] * MANY})[address]
    figures.add(
        f"{'35 valid' if valid else '42 no'} cookie, {site.engine}", f"{told} of {MANY}"
    )

    assert told == (UNLIMITED if valid else about({"sent": 200, "BADCOOKIE": 50}))


def test_exempt_networks(start: Start, figures: Figures) -> None:
    """Acceptance 39: who is on the list has no limit, who is not has."""
    site = start(SOME_EXEMPT)
    addresses = exempt, other = "127.0.1.9", "127.0.2.9"
    told = ask(site, dict.fromkeys(addresses, [query("example.com")] * MANY))
    figures.add(f"39 exempt, {site.engine}", f"{told[exempt]}, others {told[other]} of {MANY}")

    assert told[exempt] == UNLIMITED
    assert told[other] == about(LIMITED)


def test_counting_only(start: Start, figures: Figures) -> None:
    """Acceptance 39: with `log_only` everything is sent."""
    site = start(ONLY_COUNTING)
    queries = [query("example.com"), query("test")] * (MANY // 2)
    (told,) = ask(site, {"127.0.3.9": queries}).values()
    figures.add(f"39 log_only, {site.engine}", f"{told} of {MANY}")

    assert told == UNLIMITED


def test_errors_are_capped(start: Start, figures: Figures) -> None:
    """Acceptance 43: a hundred a second, however many malformed queries there are."""
    site = start(SOME_EXEMPT)
    sent, answers, seconds = flood(site, "127.0.4.9", o.message()[:20])
    figures.add(
        f"43 {sent / SECONDS:.0f} malformed queries a second, {site.engine}",
        f"{len(answers) / SECONDS:.0f} errors a second",
    )

    assert sent > SECONDS * 1000
    assert 90 * SECONDS <= len(answers) <= 110 * seconds
