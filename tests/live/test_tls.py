"""DNS over TLS as clients of a server process see it (RFC 7858)."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import dns.edns
import dns.message
import dns.query
import pytest

from tests.certificates import NAME, Pair, make_pair
from tests.figures import Figures
from tests.servers import GOOD_ZONE, ServerProcess, running, starting, write_zones

OLD, NEW = make_pair(), make_pair()
CONFIGURATION = """\
tls:
  listen: 127.0.0.1:0
  certificate: fullchain.pem
  key: privkey.pem
"""
PADDING, KEEPALIVE = dns.edns.OptionType(12), dns.edns.OptionType(11)


def write(folder: Path, pair: Pair | None) -> None:
    """A zone, a configuration, and a certificate."""
    write_zones(folder, example_com=GOOD_ZONE)
    (folder / "zoneserver.yaml").write_text(CONFIGURATION)
    if pair:
        pair.write(folder)


@pytest.fixture(scope="module", params=["native", "portable"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """One server for all tests here that leave its certificate alone."""
    if request.param == "native":
        pytest.importorskip("zoneserver._fastpath", reason="the fast path is not built")
    folder = tmp_path_factory.mktemp("tls")
    write(folder, OLD)
    options = ("--config", "zoneserver.yaml", "--engine", request.param)
    with running(folder, *options) as process:
        yield process
        assert process.stop()[0] == 0
        (line,) = process.log.rest()
        assert line.startswith("certificate ")


def port_of(server: ServerProcess) -> int:
    """Where TLS is answered."""
    return server.ports()[1]


def context_of(pair: Pair) -> ssl.SSLContext:
    """A client that takes this certificate and no other."""
    return ssl.create_default_context(cadata=pair.certificate.decode())


def connect(server: ServerProcess, pair: Pair = OLD) -> ssl.SSLSocket:
    """A connection whose every wait ends."""
    plain = socket.create_connection(("127.0.0.1", port_of(server)), 5)
    try:
        return context_of(pair).wrap_socket(plain, server_hostname=NAME)
    except BaseException:
        plain.close()
        raise


def connect_to(server: ServerProcess, pair: Pair) -> ssl.SSLSocket:
    """As `connect`, once the worker that takes it shows this certificate."""
    deadline = time.monotonic() + 5
    while True:
        try:
            return connect(server, pair)
        except OSError:  # ssl.SSLError is one
            if time.monotonic() > deadline:
                raise


def ask(client: ssl.SSLSocket) -> dns.message.Message:
    """The answer to one question."""
    query = dns.message.make_query("example.com", "MX")
    dns.query.send_tcp(client, query)
    response, _ = dns.query.receive_tcp(client, time.time() + 5)
    assert query.is_response(response)
    return response


def test_dnspython(server: ServerProcess) -> None:
    """Padded for who pads, and told how long a connection may be idle."""
    options: list[dns.edns.Option] = [
        dns.edns.GenericOption(code, b"") for code in (KEEPALIVE, PADDING)
    ]
    query = dns.message.make_query("example.com", "MX", use_edns=0, options=options)
    reply = dns.query.tls(
        query,
        "127.0.0.1",
        5,
        port_of(server),
        ssl_context=context_of(OLD),
        server_hostname=NAME,
    )
    told = {each.otype: each.to_wire() for each in reply.options}

    assert ["10 mail.example.com."] == [each.to_text() for each in reply.answer[0]]
    assert b"\0\x64" == told[KEEPALIVE]
    assert reply.wire is not None
    assert 468 == len(reply.wire)


@pytest.mark.skipif(shutil.which("kdig") is None, reason="kdig is not installed")
def test_kdig(server: ServerProcess, tmp_path: Path) -> None:
    """It checks the name, pads, and tells what it got."""
    authority = tmp_path / "ca.pem"
    authority.write_bytes(OLD.certificate)
    done = subprocess.run(
        [
            *("kdig", "@127.0.0.1", "-p", str(port_of(server)), "+tls", "+padding", "+time=5"),
            *(f"+tls-ca={authority}", f"+tls-hostname={NAME}", "example.com", "MX"),
        ],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert "MX\t10 mail.example.com." in done.stdout
    assert ";; Received 468 B" in done.stdout
    assert "TLS1.3" in done.stdout


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl(server: ServerProcess) -> None:
    """ALPN is `dot`, nothing is compressed, and TLS 1.1 is refused."""
    command = [
        "openssl",
        "s_client",
        "-connect",
        f"127.0.0.1:{port_of(server)}",
        "-alpn",
        "dot",
    ]
    done = subprocess.run(
        command, input=b"", capture_output=True, timeout=20, check=True
    ).stdout.decode()
    assert "ALPN protocol: dot" in done
    assert "Compression: NONE" in done
    old = [*command, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]
    refused = subprocess.run(old, input=b"", capture_output=True, timeout=20, check=False)
    assert refused.returncode


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_renegotiation_is_refused(server: ServerProcess) -> None:
    """`R` makes s_client ask for it (CVE-2011-1473)."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port_of(server)}", "-tls1_2"]
    done = subprocess.run(command, input=b"R\n", capture_output=True, timeout=20, check=False)
    assert b"RENEGOTIATING" in done.stdout + done.stderr
    assert b"no renegotiation" in done.stderr


def test_plain_dns_and_half_handshakes(server: ServerProcess) -> None:
    """A DNS query without TLS is closed at once; beside both a neighbour is answered."""
    query = dns.message.make_query("example.com", "MX").to_wire(prepend_length=True)
    with connect(server) as neighbour, ExitStack() as stack:
        for octets in (query, b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\x02\0\x01"):
            plain = socket.create_connection(("127.0.0.1", port_of(server)), 5)
            stack.enter_context(plain).sendall(octets)
            if octets[0] != 0x16:
                begin = time.monotonic()
                with suppress(ConnectionError):
                    assert plain.recv(512)[:1] in {b"", b"\x15"}  # nothing, or an alert
                assert time.monotonic() - begin < 1.0
            assert ask(neighbour).answer


def descriptors(server: ServerProcess) -> int:
    """How many files the workers have open."""
    pid = server.process.pid
    workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(len(list(Path(f"/proc/{worker}/fd").iterdir())) for worker in workers)


def test_visits_leave_no_descriptor(server: ServerProcess, figures: Figures) -> None:
    """Acceptance 29: ten thousand that come and go, some in the middle of a handshake."""
    if "portable" in server.process.args:  # type: ignore[operator]  # a list
        pytest.skip("the listener is the same for both engines")
    before = descriptors(server)
    begin = time.monotonic()
    for number in range(10_000):
        with socket.create_connection(("127.0.0.1", port_of(server)), 5) as client:
            if number % 4 == 0:
                client.sendall(b"\x16\x03\x01\x02\0\x01")
    seconds = time.monotonic() - begin
    deadline = time.monotonic() + 5
    while (after := descriptors(server)) > before and time.monotonic() < deadline:
        with connect(server) as client:
            assert ask(client).answer
    figures.add(
        "29 10,000 TLS connections opened and closed",
        f"{seconds:.1f} s, {max(0, after - before)} descriptors left",
    )
    assert after <= before


def test_certificate_is_renewed_below_a_connection(tmp_path: Path) -> None:
    """The old connection goes on; a new one sees the new certificate; a broken one changes
    nothing, not even for a worker that starts later.
    """
    write(tmp_path, OLD)
    with running(tmp_path, "--config", "zoneserver.yaml", "--workers", "1") as server:
        server.log.wait_for("^certificate ")
        with connect(server) as old:
            assert ask(old).answer
            NEW.write(tmp_path)
            server.log.wait_for("^certificate .* valid until")
            with connect_to(server, NEW) as new:
                assert ask(new).answer
            assert ask(old).answer
            with pytest.raises(ssl.SSLCertVerificationError):
                connect(server, OLD)
            Pair(OLD.certificate, NEW.key).write(tmp_path)
            line = server.log.wait_for("^error")
            assert "the key is not that of the certificate" in line
            assert ask(old).answer
        pid = server.process.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            os.kill(int(child), 9)
        server.log.wait_for("worker 0 ended")
        with connect_to(server, NEW) as after:
            assert ask(after).answer


def test_certificate_that_comes_later(tmp_path: Path) -> None:
    """Without one the server answers over UDP and TCP, and over TLS once there is one."""
    write(tmp_path, None)
    with running(tmp_path, "--config", "zoneserver.yaml") as server:
        assert "there is no DNS over TLS" in server.log.wait_for("^error")
        assert server.exchanges("example.com")
        with pytest.raises((ConnectionError, ssl.SSLError)):
            connect(server)
        OLD.write(tmp_path)
        server.log.wait_for("^certificate .* valid until")
        with connect_to(server, OLD) as client:
            assert ask(client).answer


@pytest.mark.parametrize("workers", [1, 3])
def test_server_that_is_replaced(tmp_path: Path, workers: int) -> None:
    """The new one answers on the same port, with more workers or fewer."""
    write(tmp_path, OLD)
    options = ("--config", "zoneserver.yaml", "--workers")
    with (
        running(tmp_path, *options, "2") as server,
        starting(tmp_path, "--replace", *options, str(workers)) as heir,
    ):
        heir.output.wait_for("listening on .*TLS")
        assert 0 == server.process.wait(20)
        answers = []
        for _ in range(10):
            with connect(server) as client:
                answers.append(ask(client))

    assert all(each.answer for each in answers)
    assert port_of(server) == port_of(heir)
