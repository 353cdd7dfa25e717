"""Signed queries to a server process, over UDP, TCP and TLS (RFC 8945)."""

import shutil
import socket
import ssl
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import dns.exception
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update
import pytest

from tests.certificates import NAME, Pair, make_pair
from tests.figures import Figures
from tests.servers import GOOD_ZONE, ServerProcess, running, starting, write_zones

PAIR: Pair = make_pair()
MAIL = "mail.example.com."
SECRET = bytes(range(32))
KEY = dns.tsig.Key("ns2.example.com.", SECRET, "hmac-sha256")
WRONG = dns.tsig.Key("ns2.example.com.", bytes(32), "hmac-sha256")
UNKNOWN = dns.tsig.Key("ns3.example.com.", SECRET, "hmac-sha256")
SHA512 = dns.tsig.Key("sha512.example.com.", bytes(range(64)), "hmac-sha512")
TRANSPORTS = ("udp", "tcp", "tls")
CONFIGURATION = """\
keys: keys.yaml
transfer:
  allow: [{key: ns2.example.com.}]
tls: {listen: '127.0.0.1:0', certificate: fullchain.pem, key: privkey.pem}
"""

Send = Callable[[dns.message.Message], dns.message.Message]


def write(folder: Path, mode: int = 0o600) -> None:
    """A zone, a configuration, keys, and a certificate."""
    write_zones(folder, example_com=GOOD_ZONE)
    (folder / "zoneserver.yaml").write_text(CONFIGURATION)
    lines = (
        f"{key.name}: {{algorithm: {algorithm}, secret: '{b64encode(key.secret).decode()}'}}\n"
        for key, algorithm in ((KEY, "hmac-sha256"), (SHA512, "hmac-sha512"))
    )
    keys = folder / "keys.yaml"
    keys.write_text("".join(lines))
    keys.chmod(mode)
    PAIR.write(folder)


@pytest.fixture(scope="module", params=["native", "portable"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """One server for all tests here."""
    if request.param == "native":
        pytest.importorskip("zoneserver._fastpath", reason="the fast path is not built")
    folder = tmp_path_factory.mktemp("tsig")
    write(folder)
    options = ("--config", "zoneserver.yaml", "--engine", request.param)
    with running(folder, *options) as process:
        yield process
        assert process.stop()[0] == 0
        told = ("certificate ", "AXFR of example.com. ")
        assert not [line for line in process.log.rest() if not line.startswith(told)]


@pytest.fixture(params=["tcp", "tls"])
def over(request: pytest.FixtureRequest) -> str:
    """How a zone is transferred."""
    told: str = request.param
    return told


def connect(port: int, over: str) -> socket.socket:
    """A connection whose every wait ends."""
    stream = socket.create_connection(("127.0.0.1", port), 5)
    if over == "tcp":
        return stream
    context = ssl.create_default_context(cadata=PAIR.certificate.decode())
    return context.wrap_socket(stream, server_hostname=NAME)


@pytest.fixture(params=TRANSPORTS)
def send(server: ServerProcess, request: pytest.FixtureRequest) -> Send:
    """Asks over one transport."""
    udp, tls = server.ports()
    if request.param == "tls":
        context = ssl.create_default_context(cadata=PAIR.certificate.decode())

        def send_tls(query: dns.message.Message) -> dns.message.Message:
            return dns.query.tls(
                query, "127.0.0.1", 5, tls, ssl_context=context, server_hostname=NAME
            )

        return send_tls
    ask = dns.query.udp if request.param == "udp" else dns.query.tcp
    return lambda query: ask(query, "127.0.0.1", 5, udp)


def sign(
    key: dns.tsig.Key | None, qname: str = "example.com.", qtype: str = "MX"
) -> dns.message.Message:
    """A question, perhaps signed."""
    query = dns.message.make_query(qname, qtype, use_edns=0)
    if key is not None:
        query.use_tsig(key, algorithm=key.algorithm)
    return query


@pytest.mark.parametrize("key", [KEY, SHA512], ids=["sha256", "sha512"])
def test_signed(send: Send, key: dns.tsig.Key) -> None:
    """Acceptance 79: who has a key gets signed answers, which dnspython verifies."""
    reply = send(sign(key))

    assert reply.had_tsig
    assert [str(each) for each in reply.answer] == [
        "example.com. 300 IN MX 10 mail.example.com."
    ]


@pytest.mark.parametrize(
    ("key", "error"),
    [(WRONG, dns.tsig.PeerBadSignature), (UNKNOWN, dns.tsig.PeerBadKey)],
    ids=["secret", "name"],
)
def test_wrong_keys(send: Send, key: dns.tsig.Key, error: type[Exception]) -> None:
    """Acceptance 79: who has none is told so."""
    with pytest.raises(error):
        send(sign(key))


@pytest.mark.parametrize("seconds", [-400, 400])
def test_wrong_time(send: Send, monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Acceptance 82: so is who has another time."""
    now = time.time
    query = sign(KEY)
    monkeypatch.setattr("time.time", lambda: now() + seconds)
    with pytest.raises(dns.tsig.PeerBadTime):
        send(query)


@pytest.mark.parametrize(
    ("key", "expected"),
    [(None, "REFUSED"), (SHA512, "REFUSED"), (WRONG, "BADSIG"), (UNKNOWN, "BADKEY")],
    ids=["none", "another", "secret", "name"],
)
def test_transfers_want_the_key(
    send: Send,
    figures: Figures,
    request: pytest.FixtureRequest,
    key: dns.tsig.Key,
    expected: str,
) -> None:
    """Acceptance 84: over TCP and over TLS alike; over UDP there is no transfer at all."""
    over = request.node.callspec.params["send"]
    names = {dns.tsig.PeerBadSignature: "BADSIG", dns.tsig.PeerBadKey: "BADKEY"}
    try:
        reply = send(sign(key, qtype="AXFR"))
        told = dns.rcode.to_text(reply.rcode())
        assert not reply.answer
    except tuple(names) as error:
        told = names[type(error)]

    if over == "udp" and expected == "REFUSED":
        expected = "NOTIMP"
    assert told == expected
    figures.add(f"84 AXFR over {over}, key {request.node.callspec.id.split('-')[-1]}", told)


def test_transfers_with_the_key(server: ServerProcess, figures: Figures, over: str) -> None:
    """Acceptance 84: it opens the zone over TCP and over TLS, and every message is signed."""
    udp, tls = server.ports()
    query = sign(KEY, qtype="AXFR")
    with closing(connect(tls if over == "tls" else udp, over)) as stream:
        dns.query.send_tcp(stream, query)
        reply, _ = dns.query.receive_tcp(
            stream, one_rr_per_rrset=True, keyring={KEY.name: KEY}, request_mac=query.mac
        )

    assert reply.had_tsig
    assert [rrset.rdtype for rrset in (reply.answer[0], reply.answer[-1])] == [6, 6]
    assert MAIL in {str(rrset.name) for rrset in reply.answer}
    figures.add(f"84 AXFR over {over}, right key", f"{len(reply.answer)} records, signed")


@pytest.mark.parametrize("key", [None, KEY], ids=["unsigned", "signed"])
def test_update(send: Send, figures: Figures, key: dns.tsig.Key | None) -> None:
    """Acceptance 90: no update is taken, signed or not, and the zone stays as it is."""
    update = dns.update.UpdateMessage("example.com.")
    update.add("new", 300, "A", "192.0.2.99")
    if key is not None:
        update.use_tsig(key)
        # What is not even read is not verified: the answer is a header, and not signed.
        with pytest.raises(dns.exception.FormError, match="does not have one"):
            send(update)
    else:
        assert dns.rcode.to_text(send(update).rcode()) == "NOTIMP"

    assert dns.rcode.to_text(send(sign(None, "new.example.com.", "A")).rcode()) == "NXDOMAIN"
    figures.add(f"90 UPDATE to a server, {'signed' if key else 'unsigned'}", "nothing changes")


@pytest.mark.parametrize("program", ["dig", "kdig"])
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_other_clients(server: ServerProcess, program: str, *, tcp: bool) -> None:
    """BIND's and Knot's take our signatures, and understand our refusals."""
    if shutil.which(program) is None:
        pytest.skip(f"not installed: {program}")

    def ask(name: str, secret: bytes) -> str:
        key = f"hmac-sha256:{name}:{b64encode(secret).decode()}"
        words = [program, "@127.0.0.1", "-p", str(server.ports()[0]), "-y", key]
        words += ["example.com", "MX", "+tcp" if tcp else "+notcp"]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
        return done.stdout + done.stderr

    good = ask("ns2.example.com.", SECRET)
    assert "mail.example.com." in good
    assert "verif" not in good.lower()
    assert "TSIG" in good
    assert "BADSIG" in ask("ns2.example.com.", bytes(32)).upper()
    assert "BADKEY" in ask("ns3.example.com.", SECRET).upper()


@pytest.mark.parametrize("engine", ["native", "portable"])
def test_limits_hold_for_signed_queries(tmp_path: Path, engine: str) -> None:
    """Signatures can be sent twice by who has seen one, so they open no door."""
    if engine == "native":
        pytest.importorskip("zoneserver._fastpath", reason="the fast path is not built")
    write(tmp_path)
    limits = "limits: {rate: 5, slip: 0, exempt: []}\n"
    (tmp_path / "zoneserver.yaml").write_text(CONFIGURATION + limits)
    options = ("--config", "zoneserver.yaml", "--engine", engine)
    answered = 0
    with running(tmp_path, *options) as process:
        for _ in range(20):
            try:
                reply = dns.query.udp(sign(KEY), "127.0.0.1", 0.1, process.port)
                answered += reply.had_tsig
            except dns.exception.Timeout:
                continue

    assert 0 < answered < 20


def test_keys_that_all_can_read(tmp_path: Path, figures: Figures) -> None:
    """Acceptance 84: the server says so, and goes on."""
    write(tmp_path, 0o644)
    with running(tmp_path, "--config", "zoneserver.yaml") as process:
        process.log.wait_for("keys.yaml: every user of this host can read the keys: chmod 600")
    figures.add("84 server with keys of mode 0644", "serves, with a warning")


def test_rules_for_no_zone(tmp_path: Path) -> None:
    """They may be slips; the catalog that is made of our zones is one, too."""
    write(tmp_path)
    wrong = "zones: [exmaple.com., catalog.example.]"
    transfer = f"""\
transfer:
  allow: [{{key: ns2.example.com., {wrong}}}]
  notify: [{{to: 127.0.0.1, zones: [example.com., exmaple.net.]}}]
  catalog: catalog.example.
"""
    (tmp_path / "zoneserver.yaml").write_text(f"keys: keys.yaml\n{transfer}")
    with running(tmp_path, "--config", "zoneserver.yaml") as process:
        process.log.wait_for("transfer.allow: exmaple.com. is no zone of this server")
        process.log.wait_for("transfer.notify: exmaple.net. is no zone of this server")
        process.stop()
        assert len([line for line in process.log.rest() if "is no zone" in line]) == 2


def test_keys_that_all_can_write(tmp_path: Path, figures: Figures) -> None:
    """Acceptance 84: the server does not start."""
    write(tmp_path, 0o666)
    with starting(tmp_path, "--config", "zoneserver.yaml") as process:
        process.log.wait_for("keys.yaml: every user of this host can write it")
        assert process.process.wait(20) == 2
    figures.add("84 server with keys of mode 0666", "does not start")
