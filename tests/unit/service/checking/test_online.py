"""Hosts outside our zones, with our own server as the resolver that is asked."""

import io
import socket
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import dns.asyncresolver
import dns.resolver
import pytest
from click.testing import CliRunner, Result

from tests.servers import running, write_zones
from tests.unit.validator.judging import BASE, no_include
from zoneserver.cli import main
from zoneserver.cli.check import ask_with_progress
from zoneserver.errors import StartError
from zoneserver.findings import Finding
from zoneserver.names import Name
from zoneserver.service.checking import online
from zoneserver.service.checking.online import Reply, ask_resolver, judge_online
from zoneserver.validator.judge import judge_all
from zoneserver.validator.world import Candidate, Verdict
from zoneserver.zone.build import build_zone
from zoneserver.zonefile.master import read_master_zone

OUTSIDE = """\
'': {type: NS, values: [ns1.example.org., ns2.example.org.]}
mail: {type: A, value: 192.0.2.25}
six: {type: AAAA, value: '2001:db8::25'}
text: {type: TXT, value: hello}
alias: {type: CNAME, value: mail.example.net.}
dangling: {type: CNAME, value: nosuch.example.net.}
leaving: {type: CNAME, value: host.example.edu.}
old: {type: DNAME, value: new.example.net.}
mail.new: {type: A, value: 192.0.2.26}
"""


def resolver_at(port: int) -> dns.asyncresolver.Resolver:
    """A resolver that asks a server of ours."""
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = port
    resolver.timeout = 2.0
    return resolver


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server that knows example.net."""
    folder = tmp_path_factory.mktemp("outside")
    write_zones(folder, example_net=OUTSIDE)
    with running(folder) as server:
        yield server.port


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes questions and never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        yield silent.getsockname()[1]


@pytest.mark.parametrize(
    ("host", "reply"),
    [
        ("mail.example.net.", Reply(Verdict.HOST)),
        ("MAIL.example.net.", Reply(Verdict.HOST)),
        ("six.example.net.", Reply(Verdict.HOST)),
        ("text.example.net.", Reply(Verdict.BARE)),
        ("nosuch.example.net.", Reply(Verdict.MISSING)),
        ("alias.example.net.", Reply(Verdict.ALIAS, "mail.example.net.")),
        ("dangling.example.net.", Reply(Verdict.ALIAS, "nosuch.example.net.")),
        ("leaving.example.net.", Reply(Verdict.ALIAS, "host.example.edu.")),
        ("mail.old.example.net.", Reply(Verdict.ALIAS, "mail.new.example.net.")),
        ("mail.example.edu.", Reply(Verdict.FOREIGN, "no server could tell")),
    ],
)
def test_what_the_resolver_says(port: int, host: str, reply: Reply) -> None:
    """A host, an alias, a name without an address, no name; or nothing."""
    name = Name.parse(host)

    assert ask_resolver([name], lambda: None, resolver_at(port)) == {name: reply}


def test_each_reply_is_told(port: int) -> None:
    """So that somebody who waits sees it go on."""
    hosts = [Name.parse(f"host{number}.example.net.") for number in range(50)]
    told: list[None] = []
    replies = ask_resolver(hosts, lambda: told.append(None), resolver_at(port))

    assert len(told) == 50
    assert set(replies.values()) == {Reply(Verdict.MISSING)}


def test_silence_ends(silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the time for one host, and after that for all."""
    host = Name.parse("mail.example.net.")
    monkeypatch.setattr(online, "HOST_SECONDS", 0.2)
    one = ask_resolver([host], lambda: None, resolver_at(silent_port))
    monkeypatch.setattr(online, "HOST_SECONDS", 60.0)
    monkeypatch.setattr(online, "TOTAL_SECONDS", 0.2)
    two = ask_resolver([host], lambda: None, resolver_at(silent_port))

    assert one == {host: Reply(Verdict.FOREIGN, "no answer within 0 s")}
    assert two == {host: Reply(Verdict.FOREIGN, "there was no time for it in 0 s")}


def judged(
    lines: str, replies: dict[str, Reply]
) -> tuple[list[Finding], list[Finding], list[str], list[str]]:
    """The base zone with some lines more: offline, online, the notes, and who was asked for."""
    origin, asked = Name.parse("example.com."), list[str]()

    def ask(hosts: Sequence[Name]) -> dict[Name, Reply]:
        asked.extend(str(host) for host in hosts)
        return {host: replies[str(host)] for host in hosts}

    source = read_master_zone("f", (BASE + lines).encode(), origin, no_include)
    candidates = [Candidate(source, build_zone(source))]
    offline = judge_all(candidates, date(2026, 6, 1))
    found, notes = judge_online(candidates, offline, ask)
    return list(offline), list(found), notes, asked


@pytest.mark.parametrize(
    ("record", "reply", "code"),
    [
        ("@ MX 20 x.example.net.", Reply(Verdict.ALIAS, "y.example.net."), "MX001"),
        ("@ MX 20 x.example.net.", Reply(Verdict.MISSING), "MX004"),
        ("@ MX 20 x.example.net.", Reply(Verdict.BARE), "MX004"),
        ("@ NS x.example.net.", Reply(Verdict.ALIAS, "y.example.net."), "NS004"),
        ("@ NS x.example.net.", Reply(Verdict.MISSING), "NS006"),
        ("_x._tcp SRV 0 0 1 x.example.net.", Reply(Verdict.ALIAS, "y.example.net."), "CN009"),
        ("_x._tcp SRV 0 0 1 x.example.net.", Reply(Verdict.BARE), "SR001"),
    ],
)
def test_fault_outside_is_a_warning(record: str, reply: Reply, code: str) -> None:
    """At the record that points there, by the rule for hosts of our own."""
    offline, found, notes, asked = judged(record, {"x.example.net.": reply})
    (added,) = [each for each in found if each not in offline]

    assert (added.code, str(added.level), added.mark.line) == (code, "warning", 11)
    assert "x.example.net." in added.reason
    assert not any(each.code == "MX023" for each in found)
    assert (notes, asked) == ([], ["x.example.net."])


def test_sound_host_leaves_no_trace() -> None:
    """The hint that it was not checked goes, and nothing comes."""
    offline, found, notes, _ = judged(
        "@ MX 20 x.example.net.", {"x.example.net.": Reply(Verdict.HOST)}
    )

    assert [each for each in offline if each not in found] == [
        each for each in offline if each.code == "MX023"
    ]
    assert len(found) == len(offline) - 1
    assert notes == []


def test_failure_is_a_note() -> None:
    """No finding comes of a resolver that fails, and the hint stays."""
    offline, found, notes, _ = judged(
        "@ MX 20 x.example.net.", {"x.example.net.": Reply(Verdict.FOREIGN, "no time")}
    )

    assert found == offline
    assert notes == ["nothing is known of x.example.net.: no time"]


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "www MX 0 .",
        "@ MX 20 192.0.2.25.",
        "@ MX 20 mail_1.example.net.",
        "@ MX 20 nosuch",
        "sub NS ns.sub\nsub NS x.example.net.\nns.sub A 192.0.2.53\n@ MX 20 mx.sub",
    ],
)
def test_who_is_not_asked_about(lines: str) -> None:
    """Our own hosts, what is no host name, and what the zone delegates."""
    assert judged(lines, {})[3] == []


def test_findings_stay_in_the_order_of_the_file() -> None:
    """What asking adds stands where its record stands."""
    lines = "a MX 10 x.example.net.\nb MX 10 nosuch\nc MX 10 y.example.net."
    missing = Reply(Verdict.MISSING)
    _, found, _, _ = judged(lines, {"x.example.net.": missing, "y.example.net.": missing})

    assert [each.mark.line for each in found if each.code == "MX004"] == [11, 12, 13]


ZONE = """\
'':
  - {type: NS, values: [mail.example.net., six.example.net.]}
  - {type: MX, value: {preference: 10, exchange: alias.example.net.}}
"""


def check(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    """A check of a zone that points outside."""
    monkeypatch.chdir(folder)
    write_zones(folder, example_com=ZONE)
    return CliRunner().invoke(main, ["check", *words], catch_exceptions=False)


def test_check_online(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's resolver is asked, and only when somebody says so."""
    with monkeypatch.context() as patch:
        patch.setattr(dns.asyncresolver, "Resolver", None)  # asking would fail
        offline = check(tmp_path, monkeypatch)
    resolver = resolver_at(port)
    monkeypatch.setattr(dns.asyncresolver, "Resolver", lambda: resolver)
    found = check(tmp_path, monkeypatch, "--online")

    assert "hint MX023" in offline.output
    assert "warning MX001 example.com. MX 10 alias.example.net.: " in found.output
    assert "hint MX023" not in found.output
    assert (found.exit_code, found.stderr) == (0, "")
    assert check(tmp_path, monkeypatch, "--online", "--strict").exit_code == 1
    assert resolver.timeout == online.TRY_SECONDS


def test_check_online_notes_what_it_cannot_learn(
    silent_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard error, so that the output stays what the format says."""
    resolver = resolver_at(silent_port)
    monkeypatch.setattr(dns.asyncresolver, "Resolver", lambda: resolver)
    monkeypatch.setattr(online, "HOST_SECONDS", 0.2)
    result = check(tmp_path, monkeypatch, "--online", "--format", "json")

    assert result.stderr.splitlines() == [
        f"note: nothing is known of {host}.example.net.: no answer within 0 s"
        for host in ("alias", "mail", "six")
    ]
    assert result.stdout.startswith("{")
    assert result.exit_code == 0


class Terminal(io.StringIO):
    """A standard error that somebody looks at."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_progress_on_a_terminal(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar on standard error, up to the end."""
    terminal, resolver = Terminal(), resolver_at(port)
    hosts = [Name.parse(f"host{number}.example.net.") for number in range(4)]
    with monkeypatch.context() as patch:
        patch.setattr(dns.asyncresolver, "Resolver", lambda: resolver)
        patch.setattr(sys, "stderr", terminal)
        replies = ask_with_progress(hosts)

    assert set(replies.values()) == {Reply(Verdict.MISSING)}
    assert "asking" in terminal.getvalue()
    assert "100%" in terminal.getvalue()


def test_machine_without_a_resolver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit status 2: what was asked for cannot be done."""

    def fail() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.asyncresolver, "Resolver", fail)
    result = check(tmp_path, monkeypatch, "--online")

    assert result.exit_code == 2
    assert "the system has no resolver to ask" in result.stderr
    with pytest.raises(StartError):
        ask_resolver([Name.parse("mail.example.net.")], lambda: None)
