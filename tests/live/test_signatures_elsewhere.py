"""What NSD and BIND say to signatures, right and wrong, beside what we say (RFC 8945)."""

import base64
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.rcode
import pytest

from tests import octets as o
from tests.figures import Figures
from tests.peers.bind import Bind
from tests.peers.nsd import Nsd
from tests.peers.secondaries import BIND_KEY, NSD_KEY, SharedKey
from tests.peers.server import LOOPBACK, Server
from tests.servers import running, write_zones
from zoneserver.names import Name
from zoneserver.transfer.keys import Key
from zoneserver.transfer.tsig import Signer
from zoneserver.wire.tsig import add_tsig

KEY = Key(Name.parse("ns2.example."), "hmac-sha256", bytes(range(32)))
SECRET = base64.b64encode(KEY.secret).decode()
SHARED = SharedKey("ns2.example.", SECRET)
OURS = """\
$ttl: 300
'': {type: NS, values: [ns.test., ns2.test.]}
www: {type: A, value: 192.0.2.1}
"""
THEIRS = """\
$TTL 300
@ IN SOA ns.test. hostmaster.test. 1 7200 1800 1209600 300
@ IN NS ns.test.
@ IN NS ns2.test.
www IN A 192.0.2.1
"""
QUESTION = o.message(asked=o.question("www.example"))


class KeyedNsd(Nsd):
    """NSD with our key."""

    def configure(self) -> list[str]:
        """As NSD has it, and the key."""
        return _prepend(super().configure(), self.directory / "nsd.conf", NSD_KEY)


class KeyedBind(Bind):
    """BIND with our key."""

    def configure(self) -> list[str]:
        """As BIND has it, and the key."""
        return _prepend(super().configure(), self.directory / "named.conf", BIND_KEY)


def _prepend(command: list[str], path: Path, key: str) -> list[str]:
    path.write_text(key.format(key=SHARED) + path.read_text())
    return command


class Cases:
    """Queries with signatures of one moment, right and wrong."""

    def __init__(self, now: int) -> None:
        self._now = now
        signer = Signer(KEY)
        signer.sign(QUESTION, now)
        self._mac = signer.mac

    def all(self) -> dict[str, bytes]:
        """Each by what it is about."""
        own = {"key": KEY.name.wire}
        return {**self._of_keys(), **self._of_macs(), **self._misplaced(own), **self._odd(own)}

    def _of_keys(self) -> dict[str, bytes]:
        sign, other = self._sign, bytes(32)
        return {
            "right": sign(),
            "with EDNS": sign(o.message(o.opt(), asked=o.question("www.example"))),
            "another secret": sign(secret=other),
            "another key": sign(name="ns3.example."),
            "400 s late": sign(at=-400),
            "400 s early": sign(at=400),
            "late, another secret": sign(secret=other, at=-400),
            "octets behind": sign() + b"more",
            "elsewhere": sign(o.message(asked=o.question("elsewhere.test"))),
            "AXFR, another secret": sign(
                o.message(asked=o.question("example", o.AXFR)), secret=other
            ),
        }

    def _of_macs(self) -> dict[str, bytes]:
        made, mac = self._made, self._mac
        cut = {f"MAC of {length}": made(mac[:length]) for length in (0, 1, 9, 10, 15, 16, 31)}
        return {
            **cut,
            "MAC of 33": made(mac + b"!"),
            "MAC of 60,000": made(bytes(60_000)),
            "MAC size 65535": made(mac, size=65_535),
            "an error in it": made(mac, error=16),
            "another fudge": made(mac, fudge=299),
        }

    def _misplaced(self, own: dict[str, bytes]) -> dict[str, bytes]:
        return {
            "not last": o.message(o.tsig(**own), o.opt()),  # type: ignore[arg-type]
            "twice": o.message(o.tsig(**own), o.tsig(**own)),  # type: ignore[arg-type]
        }

    def _odd(self, own: dict[str, bytes]) -> dict[str, bytes]:
        asked = o.question("www.example")
        odd: dict[str, dict[str, Any]] = {
            "another algorithm": {"algorithm": o.wire("rot13")},
            "MD5": {"algorithm": o.wire("hmac-md5.sig-alg.reg.int")},
            "class IN": {"rclass": o.IN},
            "TTL 1": {"ttl": 1},
            "algorithm a pointer": {"algorithm": o.POINTER_TO_QNAME},
        }
        return {
            what: o.message(o.tsig(**{**own, **parts}), asked=asked)
            for what, parts in odd.items()
        }

    def _sign(
        self,
        message: bytes = QUESTION,
        *,
        name: str = "ns2.example.",
        secret: bytes = KEY.secret,
        at: int = 0,
    ) -> bytes:
        """A query with a signature."""
        key = Key(Name.parse(name), KEY.algorithm, secret)
        return Signer(key).sign(message, self._now + at)

    def _made(
        self, mac: bytes, *, size: int | None = None, error: int = 0, fudge: int = 300
    ) -> bytes:
        """A query with a TSIG of these parts."""
        length = len(mac) if size is None else size
        timers = self._now.to_bytes(6, "big") + o.u16(fudge)
        rdata = b"\x0bhmac-sha256\0" + timers + o.u16(length) + mac + o.u16(o.MESSAGE_ID)
        rdata += o.u16(error) + o.u16(0)
        record = o.record(o.TSIG, rdata, owner=KEY.name.wire, rclass=o.ANY_CLASS)
        return add_tsig(QUESTION, record)


BADSIG, FORMERR_BADSIG = "NOTAUTH 0 BADSIG", "FORMERR 0 BADSIG"
# NSD compares what there is of a MAC only where it is whole, looks at the clock first, signs no
# error, and finds a key by its name alone.
NSD_BADTIME = "NOTAUTH 0 BADTIME"
NSD_DIFFERS = {
    "MD5": NSD_BADTIME,
    "400 s late": NSD_BADTIME,
    "400 s early": NSD_BADTIME,
    "late, another secret": NSD_BADTIME,
    **{f"MAC of {length}": BADSIG for length in (0, 1, 9, 10, 15, 16, 31, 33)},
}
# BIND tells who sends less than half of a signature what is wrong with it; RFC 8945 5.2.2.1 has
# FORMERR also for none at all. It takes a TTL that is not 0, and finds the signature wrong.
BIND_DIFFERS = {
    "MAC of 0": BADSIG,
    **{f"MAC of {length}": FORMERR_BADSIG for length in ("1", "9", "10", "15", "33", "60,000")},
    "TTL 1": BADSIG,
}


def ask(port: int, message: bytes, *, tcp: bool) -> str:
    """RCODE, records of the answer, error of the TSIG, and whether that is signed."""
    kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
    with closing(socket.socket(socket.AF_INET, kind)) as client:
        client.settimeout(5)
        client.connect((LOOPBACK, port))
        client.sendall(o.u16(len(message)) + message if tcp else message)
        answer = client.recv(65_535)
        while tcp and len(answer) < 2 + int.from_bytes(answer[:2], "big"):
            answer += client.recv(65_535)
    wire = answer[2:] if tcp else answer
    reply = dns.message.from_wire(wire, keyring=False, continue_on_error=True)
    words = [dns.rcode.to_text(reply.rcode()), str(len(reply.answer))]
    for tsig in reply.tsig or ():
        words += [dns.rcode.to_text(tsig.error, tsig=True), *["signed"] * bool(tsig.mac)]
    return " ".join(words)


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, int]]:
    """Of all that are installed, and of ours."""
    folder = tmp_path_factory.mktemp("signatures")
    zone = folder / "example.zone"
    zone.write_text(THEIRS)
    write_zones(folder, example=OURS)
    (folder / "zoneserver.yaml").write_text("keys: keys.yaml\n")
    keys = folder / "keys.yaml"
    keys.write_text(f"{SHARED.name}: {{algorithm: hmac-sha256, secret: {SECRET}}}\n")
    keys.chmod(0o600)
    kinds: list[type[Server]] = [KeyedNsd, KeyedBind]
    with ExitStack() as stack:
        servers = [
            stack.enter_context(kind(folder / kind.name, {"example.": zone}))
            for kind in kinds
            if kind.found()
        ]
        ours = stack.enter_context(running(folder, "--config", "zoneserver.yaml"))
        yield {"zoneserver": ours.port, **{each.name: each.port for each in servers}}


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize(("name", "differs"), [("nsd", NSD_DIFFERS), ("bind", BIND_DIFFERS)])
def test_as_others_do(
    ports: Mapping[str, int],
    figures: Figures,
    name: str,
    differs: Mapping[str, str],
    *,
    tcp: bool,
) -> None:
    """Acceptance 79: what we say to signatures is what they say, or what the RFC says."""
    if name not in ports:
        pytest.skip(f"{name} is not installed")
    cases = Cases(int(time.time())).all()
    ours = {what: ask(ports["zoneserver"], each, tcp=tcp) for what, each in cases.items()}
    theirs = {what: ask(ports[name], each, tcp=tcp) for what, each in cases.items()}
    found = {what: said for what, said in theirs.items() if said != ours[what]}

    assert found == differs
    over = "TCP" if tcp else "UDP"
    same = len(cases) - len(found)
    figures.add(f"79 as {name} over {over}", f"{same} of {len(cases)} the same, no crash")
