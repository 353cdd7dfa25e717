"""Zones out, as their secondaries see it: who gets what, over TCP and TLS, signed or not."""

import base64
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Self

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig
import pytest

from tests.certificates import NAME, make_pair
from tests.figures import Figures
from tests.servers import GOOD_ZONE, OTHER_ZONE, ServerProcess, running, write_zones

PAIR = make_pair()
SECRET = base64.b64encode(b"known to both sides alone").decode()
CONFIGURATION = """\
keys: keys.yaml
tls:
  listen: 127.0.0.1:0
  certificate: fullchain.pem
  key: privkey.pem
transfer:
  allow:
    - {from: [127.0.0.2], zones: [example.com.]}
    - {from: [127.0.0.0/8], key: ns2.example., zones: [example.com.]}
    - {from: [192.0.2.1], zones: [example.net.]}
"""
NAMES = {"ns2.example.": "hmac-sha256", "other.example.": "hmac-sha512"}
RING = {
    dns.name.from_text(name): dns.tsig.Key(name, SECRET, algorithm)
    for name, algorithm in NAMES.items()
}
KEYS = "".join(
    f"{name}: {{algorithm: {algorithm}, secret: {SECRET}}}\n"
    for name, algorithm in NAMES.items()
)
FRIEND, STRANGER = "127.0.0.2", "127.0.0.1"
ORIGIN = dns.name.from_text("example.com")
RECORDS = [
    "example.com. MX 10 mail.example.com.",
    "example.com. NS ns1.example.com.",
    "example.com. NS ns2.example.com.",
    "mail.example.com. A 192.0.2.25",
    "ns1.example.com. A 192.0.2.1",
    "ns2.example.com. A 198.51.100.1",
]


@pytest.fixture(scope="module", params=["native", "portable"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """One server for all tests here that change nothing."""
    if request.param == "native":
        pytest.importorskip("zoneserver._fastpath", reason="the fast path is not built")
    folder = tmp_path_factory.mktemp("out")
    write_zones(folder, example_com=GOOD_ZONE, example_net=OTHER_ZONE)
    (folder / "zoneserver.yaml").write_text(CONFIGURATION)
    (folder / "keys.yaml").write_text(KEYS)
    (folder / "keys.yaml").chmod(0o600)
    PAIR.write(folder)
    with running(folder, "--config", "zoneserver.yaml", "--engine", request.param) as process:
        yield process


class Stream:
    """A connection for messages, from an address, perhaps over TLS. Its every wait ends."""

    def __init__(self, server: ServerProcess, source: str, *, tls: bool = False) -> None:
        port = server.ports()[tls]
        self.socket = socket.create_connection(("127.0.0.1", port), 5, (source, 0))
        if tls:
            context = ssl.create_default_context(cadata=PAIR.certificate.decode())
            self.socket = context.wrap_socket(self.socket, server_hostname=NAME)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *queries: dns.message.Message) -> None:
        """Send queries in one piece."""
        wires = [query.to_wire() for query in queries]
        self.socket.sendall(b"".join(len(wire).to_bytes(2, "big") + wire for wire in wires))

    def read(self, query: dns.message.Message) -> dns.message.Message:
        """The next message, which answers this query, signed if that is."""
        wire = self.read_octets()
        keyring, mac = (RING, query.mac) if query.had_tsig else (None, b"")
        answer = dns.message.from_wire(
            wire, keyring=keyring, request_mac=mac, one_rr_per_rrset=True
        )
        assert answer.id == query.id
        assert answer.question == query.question
        assert bool(answer.had_tsig) == bool(query.keyring)
        return answer

    def ask(self, query: dns.message.Message) -> dns.message.Message:
        """Send a query, and read the one message that answers it."""
        self.send(query)
        return self.read(query)

    def read_octets(self) -> bytes:
        """The octets of the next message."""
        return self._take(int.from_bytes(self._take(2), "big"))

    def _take(self, count: int) -> bytes:
        octets = b""
        while len(octets) < count:
            piece = self.socket.recv(count - len(octets))
            if not piece:
                raise EOFError
            octets += piece
        return octets


def ask(qtype: str = "AXFR", key: str = "", zone: str = "example.com") -> dns.message.Message:
    """A query for a zone, signed if there is a key."""
    query = dns.message.make_query(zone, qtype, use_edns=False)
    if key:
        query.use_tsig(RING, dns.name.from_text(key))
    return query


def ask_since(serial: int, key: str = "") -> dns.message.Message:
    """A query for what has become of a version."""
    query = ask("IXFR", key)
    soa = dns.rrset.from_text(ORIGIN, 0, "IN", "SOA", f". . {serial} 0 0 0 0")
    query.authority.append(soa)
    return query


def list_records(answer: dns.message.Message) -> list[str]:
    """The records of an answer, without their TTLs, in their order."""
    return [
        f"{rrset.name} {dns.rdatatype.to_text(rrset.rdtype)} {rdata}"
        for rrset in answer.answer
        for rdata in rrset
    ]


def is_whole(answer: dns.message.Message) -> bool:
    """Whether it is the zone, between two copies of its SOA."""
    first, *records, last = list_records(answer)
    assert first == last
    assert first.startswith("example.com. SOA ns1.example.com. ")
    return sorted(records) == RECORDS and bool(answer.flags & dns.flags.AA)


def serial_of(server: ServerProcess) -> int:
    """The serial that is served."""
    (soa,) = server.ask("example.com", "SOA").answer[0]
    serial: int = soa.serial
    return serial


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
@pytest.mark.parametrize(
    ("source", "key"), [(FRIEND, ""), (FRIEND, "ns2.example"), (STRANGER, "ns2.example")]
)
def test_zone_goes_to_whom_a_rule_lets_have_it(
    server: ServerProcess, *, source: str, key: str, tls: bool
) -> None:
    """By its address, by its key; over TCP and TLS (RFC 9103), signed if the query is."""
    with Stream(server, source, tls=tls) as stream:
        assert is_whole(stream.ask(ask(key=key)))


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
def test_connection_goes_on(server: ServerProcess, *, tls: bool) -> None:
    """RFC 5936 4.1.1: what is asked before and after is answered in its order."""
    queries = [ask("MX"), ask("SOA"), ask(), ask("NS"), ask(), ask("A", zone="ns1.example.com")]
    with Stream(server, FRIEND, tls=tls) as stream:
        stream.send(*queries)
        answers = [stream.read(query) for query in queries]
        again = stream.ask(ask())

    counts = [len(answer.answer) for answer in answers]
    assert counts == [1, 1, 8, 2, 8, 1]
    assert is_whole(again)


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
def test_half_closed(server: ServerProcess, *, tls: bool) -> None:
    """RFC 7766 6.2.4: who says that it will ask no more is sent the zone, and the end of it."""
    with Stream(server, FRIEND, tls=tls) as stream:
        query = ask()
        stream.send(query)
        if not tls:  # Python's TLS has no half
            stream.socket.shutdown(socket.SHUT_WR)
        assert is_whole(stream.read(query))
        if not tls:
            assert stream.socket.recv(1) == b""


@pytest.mark.parametrize(
    ("source", "query", "rcode"),
    [
        (STRANGER, ask(), "REFUSED"),
        (STRANGER, ask_since(1), "REFUSED"),
        (STRANGER, ask(key="other.example"), "REFUSED"),
        (FRIEND, ask(zone="example.net"), "REFUSED"),
        (FRIEND, ask(zone="example.org"), "REFUSED"),
        (FRIEND, ask(zone="ns1.example.com"), "NOTAUTH"),
    ],
)
@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
def test_refused(
    server: ServerProcess,
    figures: Figures,
    *,
    source: str,
    query: dns.message.Message,
    rcode: str,
    tls: bool,
) -> None:
    """Acceptance 78: no rule, the wrong address, the wrong key, another zone: not a record."""
    with Stream(server, source, tls=tls) as stream:
        answer = stream.ask(query)
        assert dns.rcode.to_text(answer.rcode()) == rcode
        assert not answer.answer + answer.authority
        assert stream.ask(ask("MX")).answer
    what = f"{query.question[0].name} from {source}"
    signed = f"signed by {query.keyname}" if query.keyname else "unsigned"
    if not tls:
        figures.add(f"78 transfer of {what}, {signed}", f"{rcode}, no record")


def test_forged_signature(server: ServerProcess) -> None:
    """Acceptance 78: the right name of a key, and another secret: NOTAUTH and BADSIG."""
    query = ask()
    query.use_tsig(dns.tsig.Key("ns2.example.", b"not known to the server"))
    with Stream(server, FRIEND) as stream:
        stream.send(query)
        wire = stream.read_octets()

    assert wire[3] & 0x0F == dns.rcode.NOTAUTH
    assert wire[6:10] == bytes(4)


@pytest.mark.parametrize("query", [ask(), ask(key="ns2.example")])
def test_not_over_udp(server: ServerProcess, query: dns.message.Message) -> None:
    """Acceptance 78: AXFR is not defined over UDP (RFC 5936 4.2)."""
    answer = dns.query.udp(query, "127.0.0.1", 5, server.port, source=FRIEND)
    assert answer.rcode() == dns.rcode.NOTIMP
    assert not answer.answer


def test_ixfr_over_udp(server: ServerProcess) -> None:
    """RFC 1995 2: the SOA alone, from which its reader sees whether to come back over TCP."""
    friend = dns.query.udp(ask_since(1), "127.0.0.1", 5, server.port, source=FRIEND)
    stranger = dns.query.udp(ask_since(1), "127.0.0.1", 5, server.port, source=STRANGER)
    assert [each.split()[1] for each in list_records(friend)] == ["SOA"]
    assert stranger.rcode() == dns.rcode.REFUSED
    assert not stranger.answer


@pytest.mark.parametrize("ahead", [0, 1, 2**31 - 1])
def test_nothing_newer(server: ServerProcess, figures: Figures, ahead: int) -> None:
    """Acceptance 86: who has this version or a newer one is sent its SOA (RFC 1995 2)."""
    with Stream(server, FRIEND) as stream:
        answer = stream.ask(ask_since((serial_of(server) + ahead) % 2**32))
    (soa,) = list_records(answer)
    assert soa.split()[1] == "SOA"
    figures.add(f"86 IXFR from the serial {ahead} ahead", "one SOA")


@pytest.mark.parametrize("behind", [1, 1000, 2**31 - 1, 2**31])
def test_unknown_serial(server: ServerProcess, figures: Figures, behind: int) -> None:
    """Acceptance 86: whose version is not known, or beyond comparison, is sent all of it."""
    with Stream(server, FRIEND) as stream:
        answer = stream.ask(ask_since((serial_of(server) - behind) % 2**32))
    assert is_whole(answer)
    figures.add(f"86 IXFR from an unknown serial {behind} behind", "the whole zone")


ADDED = "added: {type: A, value: 192.0.2.77}\n"
VERSIONS = [GOOD_ZONE, GOOD_ZONE + ADDED, GOOD_ZONE.replace(".25", ".26") + ADDED, GOOD_ZONE]
# What is in an answer between its SOAs, for each version behind the last one.
STEPS = [
    [[], ["added.example.com. A 192.0.2.77"]],
    [["mail.example.com. A 192.0.2.25"], ["mail.example.com. A 192.0.2.26"]],
    [
        ["added.example.com. A 192.0.2.77", "mail.example.com. A 192.0.2.26"],
        ["mail.example.com. A 192.0.2.25"],
    ],
]


def split(records: Sequence[str]) -> list[list[str]]:
    """The records between one SOA and the next; their order means nothing."""
    at = [number for number, record in enumerate(records) if " SOA " in record]
    return [sorted(records[start + 1 : end]) for start, end in pairwise(at)]


@pytest.fixture(scope="module")
def changed(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[ServerProcess, list[int]]]:
    """A server whose zone has had four versions, and their serials."""
    folder = tmp_path_factory.mktemp("changed")
    (folder / "zoneserver.yaml").write_text("transfer: {allow: [{from: [127.0.0.2]}]}\n")
    write_zones(folder, example_com=VERSIONS[0])
    with running(folder, "--config", "zoneserver.yaml") as process:
        serials = [serial_of(process)]
        for text in VERSIONS[1:]:
            write_zones(folder, example_com=text)
            process.reload()
            serials.append(serial_of(process))
        yield process, serials


@pytest.mark.parametrize("behind", [1, 2, 3])
def test_differences(
    changed: tuple[ServerProcess, list[int]], figures: Figures, behind: int
) -> None:
    """Acceptance 86: an older version that is known gets what has become of it, and no more."""
    server, serials = changed
    with Stream(server, FRIEND) as stream:
        answer = stream.ask(ask_since(serials[-1 - behind]))

    records = list_records(answer)
    soas = [int(record.split()[4]) for record in records if " SOA " in record]
    steps = [
        (serials[at - 1], serials[at]) for at in range(len(serials) - behind, len(serials))
    ]
    assert soas == [serials[-1], *(serial for step in steps for serial in step), serials[-1]]
    assert split(records) == [[], *(part for step in STEPS[-behind:] for part in step)]
    figures.add(f"86 IXFR from {behind} versions behind", f"{len(records)} records, exact")


@pytest.mark.parametrize("program", ["dig", "kdig"])
def test_differences_as_others_read_them(
    changed: tuple[ServerProcess, list[int]], figures: Figures, program: str
) -> None:
    """Acceptance 86: other software takes the answer for what it is."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    server, serials = changed
    words = ["@127.0.0.1", "-p", str(server.port), "-b", FRIEND, "example.com"]
    done = subprocess.run(
        [program, *words, f"IXFR={serials[0]}", "+tcp"],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    lines = [line.split() for line in done.stdout.splitlines() if line and line[0] != ";"]
    records = [f"{name} {rtype} {' '.join(rest)}" for name, _, _, rtype, *rest in lines]
    figures.add(f"86 IXFR as {program} reads it", f"{len(records)} records, exact")
    assert split(records) == [[], *(part for step in STEPS for part in step)]
