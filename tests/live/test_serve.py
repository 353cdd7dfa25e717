"""The life of a server process: start, answers, reload, stop."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.effort import examples
from tests.servers import (
    ADDRESSES,
    BAD_ZONE,
    ENDPOINTS,
    GOOD_ZONE,
    OTHER_ZONE,
    running,
    starting,
    write_zones,
)
from zoneserver import __version__


def test_start_says_what_is_served_and_where(tmp_path: Path) -> None:
    """Version, zones, listeners, ready: in this order, on standard output."""
    write_zones(tmp_path, example_com=GOOD_ZONE, example_net=OTHER_ZONE)
    with running(tmp_path, "--engine", "portable", listen=ENDPOINTS) as server:
        ports = server.ports()

    assert [re.sub(r"serial \d+", "serial N", line) for line in server.output.seen] == [
        f"zoneserver {__version__}, portable engine",
        "example.com. serial N, 7 records, mail to mail.example.com. (10)",
        "example.net. serial N, 7 records, mail to mail.example.net. (10)",
        *(
            f"listening on {endpoint.removesuffix('0')}{port} (UDP and TCP)"
            for endpoint, port in zip(ENDPOINTS, ports, strict=True)
        ),
        "ready",
    ]


@pytest.mark.parametrize("tcp", [False, True], ids=["UDP", "TCP"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_answers(tmp_path: Path, address: str, *, tcp: bool) -> None:
    """With authority, over both transports and families."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    listen = f"[{address}]:0" if ":" in address else f"{address}:0"
    with running(tmp_path, listen=(listen,)) as server:
        response = server.ask("example.com", "MX", address, tcp=tcp)

    assert response.flags & dns.flags.AA
    assert [rrset.to_text() for rrset in response.answer] == [
        "example.com. 300 IN MX 10 mail.example.com."
    ]


@pytest.mark.parametrize("program", ["dig", "kdig"])
@pytest.mark.parametrize("options", [[], ["+tcp"]], ids=["UDP", "TCP"])
def test_clients_of_others(tmp_path: Path, program: str, options: list[str]) -> None:
    """What people ask with gets the answer."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path) as server:
        words = [program, "@127.0.0.1", "-p", str(server.port), "example.com", "MX", "+short"]
        done = subprocess.run([*words, *options], capture_output=True, text=True, check=True)

    assert done.stdout == "10 mail.example.com.\n"


def test_refused_zone_does_not_keep_the_others_from_being_served(tmp_path: Path) -> None:
    """It is answered SERVFAIL, with the reason (RFC 8914), and its findings are in the log."""
    write_zones(tmp_path, example_com=BAD_ZONE, example_net=OTHER_ZONE)
    with running(tmp_path) as server:
        refused = server.ask("example.com")
        served = server.exchanges("example.net")
        server.log.wait_for(r"zones/example\.com\.yaml:4:\d+: error MX001 ")

    assert refused.rcode() == dns.rcode.SERVFAIL
    assert [option.code for option in refused.options] == [dns.edns.EDECode.INVALID_DATA]
    assert served == ["10 mail.example.net."]
    assert "example.com. REFUSED, 1 error: answered SERVFAIL" in server.output.seen


def test_all_zones_refused(tmp_path: Path) -> None:
    """It starts all the same: an answer is better than silence."""
    write_zones(tmp_path, example_com=BAD_ZONE)
    with running(tmp_path) as server:
        assert server.ask("example.com").rcode() == dns.rcode.SERVFAIL


def test_strict_start(tmp_path: Path) -> None:
    """One bad zone is enough not to start."""
    write_zones(tmp_path, example_com=BAD_ZONE, example_net=OTHER_ZONE)
    with starting(tmp_path, "--strict-start") as server:
        assert server.process.wait(20) == 1
        log = "\n".join(server.log.rest())

    assert "error MX001" in log
    assert "not started" in log
    assert "listening" not in str(server.output)


def finished(folder: Path, *arguments: str, listen: tuple[str, ...] = ("127.0.0.1:0",)) -> str:
    """The one line that a server says when it cannot start."""
    with starting(folder, *arguments, listen=listen) as server:
        assert server.process.wait(20) == 2
        (line,) = server.log.rest()
    return line


def test_port_in_use(tmp_path: Path) -> None:
    """Acceptance 102: the address and what to do."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = f"127.0.0.1:{taken.getsockname()[1]}"
        line = finished(tmp_path, listen=("127.0.0.1:0", endpoint))

    assert line.startswith(f"zoneserver: cannot listen on {endpoint} (UDP): the port is in use")


def test_address_of_nobody(tmp_path: Path) -> None:
    """An explicit endpoint that cannot be had is fatal."""
    write_zones(tmp_path, example_com=GOOD_ZONE)

    assert "no such address" in finished(tmp_path, "--allow-root", listen=("[2001:db8::1]:0",))


def test_folder_that_is_missing(tmp_path: Path) -> None:
    """The folder is named."""
    assert "cannot read the zones folder zones" in finished(tmp_path)


def test_folder_without_zones(tmp_path: Path) -> None:
    """With a word on how zone files are named."""
    write_zones(tmp_path)

    assert "no zones in zones: zone files are named ORIGIN.yaml" in finished(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_folder_that_is_closed(tmp_path: Path) -> None:
    """The reason is the system's."""
    write_zones(tmp_path, example_com=GOOD_ZONE).chmod(0)

    assert "Permission denied" in finished(tmp_path)


def test_broken_configuration(tmp_path: Path) -> None:
    """Acceptance 73: the place of the mistake, before anything is bound."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    (tmp_path / "zoneserver.yaml").write_text("nsid: a\nlistne: 127.0.0.1:53\n")
    line = finished(tmp_path, "--config", "zoneserver.yaml")

    assert (
        line == "zoneserver: zoneserver.yaml:2:1: unknown key 'listne': did you mean 'listen'?"
    )


def test_configuration_is_used_and_flags_win(tmp_path: Path) -> None:
    """The NSID comes from the file, the endpoint from the flag."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    (tmp_path / "zoneserver.yaml").write_text("nsid: here\nlisten: 127.0.0.1:1\n")
    with running(tmp_path, "--config", "zoneserver.yaml") as server:
        query = dns.message.make_query("example.com", "MX", use_edns=0)
        query.use_edns(options=[dns.edns.GenericOption(dns.edns.OptionType.NSID, b"")])
        response = dns.query.udp(query, "127.0.0.1", port=server.port, timeout=5)

    (option,) = response.options
    assert option.to_wire() == b"here"


def test_last_good_version_stays(tmp_path: Path) -> None:
    """Acceptance 62: good, broken in several ways, good again: only good versions are ever
    served.
    """
    zones = write_zones(tmp_path, example_com=GOOD_ZONE, example_net=OTHER_ZONE)
    path = zones / "example.com.yaml"
    with running(tmp_path) as server:
        for broken in (BAD_ZONE, "", "'': [", "- a", GOOD_ZONE[:100], "a: {type: A, value: x}"):
            path.write_text(broken)
            server.reload()
            assert server.exchanges("example.com") == ["10 mail.example.com."]
        path.unlink()
        path.mkdir()
        server.reload()
        assert server.exchanges("example.com") == ["10 mail.example.com."]
        path.rmdir()
        path.write_text(GOOD_ZONE.replace("preference: 10", "preference: 20"))
        server.reload()
        assert server.exchanges("example.com") == ["20 mail.example.com."]

    log = str(server.log)
    assert "kept: example.com. serial" in log
    assert "mail for example.com. now goes to mail.example.com. (20)" in log


def test_zones_come_and_stay(tmp_path: Path) -> None:
    """A new file is a new zone; one whose file is gone is served until somebody says so."""
    zones = write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path) as server:
        write_zones(tmp_path, example_net=OTHER_ZONE)
        (zones / "example.com.yaml").unlink()
        server.reload()
        stayed, come = server.exchanges("example.com"), server.exchanges("example.net")

    assert stayed == ["10 mail.example.com."]
    assert come == ["10 mail.example.net."]
    assert "zoneserver reload --force example.com." in str(server.log)
    assert re.search(
        r"added: example\.net\. serial \d+, 7 records, mail to mail", str(server.log)
    )


def test_folder_that_vanishes_takes_no_zone_with_it(tmp_path: Path) -> None:
    """A mount that is gone, and comes back."""
    zones = write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path) as server:
        zones.rename(tmp_path / "elsewhere")
        server.reload()
        zones.mkdir()
        server.reload()
        while_gone = server.exchanges("example.com")
        zones.rmdir()
        (tmp_path / "elsewhere").rename(zones)
        write_zones(tmp_path, example_com=GOOD_ZONE.replace("preference: 10", "preference: 5"))
        server.reload()

        assert while_gone == ["10 mail.example.com."]
        assert server.exchanges("example.com") == ["5 mail.example.com."]


def test_edit_that_breaks_another_zone_is_kept_out(tmp_path: Path) -> None:
    """Both zones that disagree keep the version that they have."""
    pointing = OTHER_ZONE.replace("exchange: mail.example.net.", "exchange: mail.example.com.")
    write_zones(tmp_path, example_com=GOOD_ZONE, example_net=pointing)
    with running(tmp_path) as server:
        write_zones(
            tmp_path,
            example_com=BAD_ZONE.replace("exchange: mail.", "exchange: ns1."),
            example_net=pointing.replace("preference: 10", "preference: 30"),
        )
        server.reload()

        assert server.exchanges("example.com") == ["10 mail.example.com."]
        assert server.exchanges("example.net") == ["10 mail.example.com."]


def test_configuration_that_breaks_stays_as_it_was(tmp_path: Path) -> None:
    """Acceptance 73: the zones are read again with the old one."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    configuration = tmp_path / "zoneserver.yaml"
    configuration.write_text("nsid: here\n")
    with running(tmp_path, "--config", "zoneserver.yaml") as server:
        configuration.write_text("nsid: [\n")
        write_zones(tmp_path, example_com=GOOD_ZONE.replace("preference: 10", "preference: 5"))
        server.reload()
        assert server.exchanges("example.com") == ["5 mail.example.com."]
        configuration.write_text("nsid: there\n")
        server.reload()

    assert "the old configuration stays" in str(server.log)
    assert "change at the next start only" in str(server.log)


def test_serial_rises_with_the_content_over_a_restart(tmp_path: Path) -> None:
    """Neither a restart nor a reload alone changes it."""

    def serial() -> int:
        (rrset,) = server.ask("example.com", "SOA").answer
        return int(rrset[0].serial)

    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path) as server:
        first = serial()
        server.reload()
        assert serial() == first
    with running(tmp_path) as server:
        assert serial() == first
        write_zones(tmp_path, example_com=GOOD_ZONE.replace("preference: 10", "preference: 5"))
        server.reload()
        assert serial() > first


def test_state_that_is_of_no_use(tmp_path: Path) -> None:
    """It is said, and the zones are served."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    (tmp_path / "state").write_text("a file, where a folder is due")
    with running(tmp_path) as server:
        server.log.wait_for("warning: state/serials.*in memory only")

        assert server.exchanges("example.com") == ["10 mail.example.com."]


def test_state_that_cannot_be_written_any_more(tmp_path: Path) -> None:
    """The reload takes place all the same."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path) as server:
        shutil.rmtree(tmp_path / "state")
        (tmp_path / "state").write_text("a file, where a folder is due")
        write_zones(tmp_path, example_com=GOOD_ZONE.replace("preference: 10", "preference: 5"))
        server.reload()

        assert server.exchanges("example.com") == ["5 mail.example.com."]
    assert "state/serials cannot be written" in str(server.log)


def test_storm_of_signals(tmp_path: Path) -> None:
    """Acceptance 71: a thousand signals in a second: few reloads, and the last state is the
    right one.
    """
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path) as server:
        begin = time.monotonic()
        for number in range(1000):
            if number == 999:
                write_zones(
                    tmp_path, example_com=GOOD_ZONE.replace("preference: 10", "preference: 5")
                )
            server.signal(signal.SIGHUP)
            if number % 10 == 0:
                assert server.exchanges("example.com")
        elapsed = time.monotonic() - begin
        while server.exchanges("example.com") != ["5 mail.example.com."]:
            server.log.wait_for("^reloaded")

    reloads = sum(line.startswith("reloaded") for line in server.log.seen)
    assert reloads <= 3 + elapsed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop(tmp_path: Path, number: signal.Signals) -> None:
    """Acceptance 102: exit status 0, soon, and the port is free again."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path) as server:
        begin = time.monotonic()
        server.signal(number)
        assert server.process.wait(5) == 0
        assert time.monotonic() - begin < 2.0
        with socket.create_server(("127.0.0.1", server.port)):
            pass
    assert server.log.seen == []


def test_signals_during_the_stop(tmp_path: Path) -> None:
    """Acceptance 72: more of them change nothing: exit status 0."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path) as server:
        server.signal(signal.SIGTERM)
        while server.process.poll() is None:
            server.signal(signal.SIGHUP)
            server.signal(signal.SIGTERM)

        assert server.process.returncode == 0


def test_stop_answers_what_is_in_flight(tmp_path: Path) -> None:
    """Acceptance 102: queries that were sent before the signal are answered after it."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    query = dns.message.make_query("example.com", "MX").to_wire()
    framed = len(query).to_bytes(2, "big") + query
    with (
        running(tmp_path) as server,
        socket.create_connection(("127.0.0.1", server.port), 5) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        udp.settimeout(5)
        tcp.sendall(framed)
        assert tcp.recv(65_536)
        server.signal(signal.SIGSTOP)
        tcp.sendall(framed * 100)
        for _ in range(100):
            udp.sendto(query, ("127.0.0.1", server.port))
        server.signal(signal.SIGTERM)
        server.signal(signal.SIGCONT)
        received = b""
        while octets := tcp.recv(65_536):
            received += octets
        for _ in range(100):
            assert udp.recv(4096)
        assert server.process.wait(5) == 0

    length = int.from_bytes(received[:2], "big")
    assert len(received) == 100 * (2 + length)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_signal_during_a_reload(tmp_path: Path, number: signal.Signals) -> None:
    """Acceptance 72: whatever it is busy with, it stops within two seconds."""
    names = (
        f"host{index}: {{type: A, value: 192.0.2.1}}\n" for index in range(examples(30_000))
    )
    write_zones(tmp_path, example_com=GOOD_ZONE + "".join(names))
    with running(tmp_path) as server:
        server.signal(signal.SIGHUP)
        assert server.exchanges("example.com")  # asked before a SIGTERM may close the door
        server.signal(number)
        status, seconds = server.stop()

    assert status == 0
    assert seconds < 2.0


def test_signal_during_the_start(tmp_path: Path) -> None:
    """Acceptance 72: SIGTERM before it is ready ends it as well; SIGHUP does it no harm."""
    names = (
        f"host{index}: {{type: A, value: 192.0.2.1}}\n" for index in range(examples(30_000))
    )
    write_zones(tmp_path, example_com=GOOD_ZONE + "".join(names))
    with starting(tmp_path) as server:
        server.output.wait_for("^zoneserver")
        server.signal(signal.SIGHUP)
        status, seconds = server.stop()

    assert status == 0
    assert seconds < 2.0


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="prlimit is not installed")
def test_few_descriptors(tmp_path: Path) -> None:
    """Acceptance 99: with 64 open files and 300 clients: UDP is answered, and so is the
    last TCP client.
    """
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with (
        running(tmp_path, prefix=["prlimit", "--nofile=64:64"]) as server,
        ExitStack() as clients,
    ):
        for index in range(300):
            source = (f"127.0.1.{1 + index % 50}", 0)
            address = ("127.0.0.1", server.port)
            clients.enter_context(socket.create_connection(address, 5, source))
            if index % 10 == 0:
                assert server.exchanges("example.com")
        assert server.ask("example.com", tcp=True).answer
        server.reload()
        used = Path(f"/proc/{server.process.pid}/stat").read_text().split()

    ticks = int(used[13]) + int(used[14])
    assert ticks / os.sysconf("SC_CLK_TCK") < 5.0
    assert "error" not in str(server.log)
