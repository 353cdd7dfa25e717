"""`zoneserver check`: what it reads, what it says, how it ends."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.servers import BAD_ZONE, GOOD_ZONE, OTHER_ZONE, write_zones
from zoneserver import __version__
from zoneserver.cli import main
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.running import server

MASTER = """\
$TTL 300
@ SOA ns1 hostmaster 1 7200 1800 1209600 3600
@ NS ns1
@ NS ns2
@ MX 10 mail
hostmaster MX 10 mail
mail A 198.51.100.25
ns1 A 192.0.2.1
ns2 A 198.51.100.1
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    """The outcome of a command."""
    return CliRunner().invoke(main, words, catch_exceptions=False)


def check(*words: str) -> tuple[int, str]:
    """The exit status and the last line of a check."""
    result = run("check", *words)
    return result.exit_code, result.output.splitlines()[-1]


def test_good_zones(folder: Path) -> None:
    """./zones is what is checked when nothing is said."""
    write_zones(folder, example_com=GOOD_ZONE, example_net=OTHER_ZONE)
    status, summary = check()

    assert status == 0
    assert summary.startswith("2 zones, 14 records: 0 errors, ")


def test_bad_zone(folder: Path) -> None:
    """The finding with its line, then the summary; exit status 1."""
    write_zones(folder, example_com=BAD_ZONE)
    result = run("check")
    lines = result.output.splitlines()

    assert result.exit_code == 1
    assert any(line.startswith("zones/example.com.yaml:4:50: error MX001") for line in lines)
    assert BAD_ZONE.splitlines()[3] in result.output
    assert lines[-1].startswith("1 zone, 7 records: 1 error, ")


def test_no_colour_without_a_terminal(folder: Path) -> None:
    """A file or a pipe gets plain text."""
    write_zones(folder, example_com=BAD_ZONE)

    assert "\x1b" not in run("check").output


@pytest.mark.parametrize(("no_colour", "coloured"), [("", True), ("1", False)])
def test_colour_on_a_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, no_colour: str, *, coloured: bool
) -> None:
    """Unless NO_COLOR says otherwise."""
    monkeypatch.setenv("NO_COLOR", no_colour)
    write_zones(folder, example_com=BAD_ZONE)
    result = CliRunner().invoke(main, ["check"], color=True)

    assert ("\x1b[" in result.output) is coloured


@pytest.mark.parametrize(
    "paths",
    [
        ["zones"],
        ["zones/example.com.yaml"],
        ["zones", "zones/example.com.yaml", "./zones/../zones"],
        ["split/example.com."],
        ["split"],
        ["split/example.com./all.yaml"],
    ],
)
def test_paths(folder: Path, paths: list[str]) -> None:
    """Folders, files, split zones and their parts; each zone once."""
    write_zones(folder, example_com=GOOD_ZONE)
    (folder / "split/example.com.").mkdir(parents=True)
    (folder / "split/example.com./all.yaml").write_text(GOOD_ZONE)

    status, summary = check(*paths)

    assert status == 0
    assert summary.startswith("1 zone, 7 records")


def test_all_paths_are_one_server(folder: Path) -> None:
    """An MX into a zone of another folder is judged with that zone."""
    write_zones(folder, example_com=BAD_ZONE.replace("exchange: mail", "exchange: ns1"))
    other = folder / "example.net.yaml"
    other.write_text(
        OTHER_ZONE.replace("exchange: mail.example.net", "exchange: mail.example.com")
    )

    assert check("example.net.yaml")[0] == 0
    assert check("zones", "example.net.yaml")[0] == 1


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("example.com.zone", MASTER, []),
        ("db.anything", f"$ORIGIN example.com.\n{MASTER}", []),
        (
            "db.anything",
            MASTER.replace("@ SOA", "example.com. SOA"),
            ["--origin", "example.com"],
        ),
        ("x.db", MASTER, ["--origin", "example.com."]),
    ],
)
def test_master_files(folder: Path, name: str, text: str, words: list[str]) -> None:
    """They tell their zone, or their name does, or the flag."""
    (folder / name).write_text(text)
    good = check(name, *words)
    (folder / name).write_text(
        text.replace("mail A 198.51.100.25", "mail CNAME www.example.org.")
    )
    bad = run("check", name, *words)

    assert good[0] == 0, good
    assert bad.exit_code == 1
    assert "error MX001 example.com. MX 10 mail.example.com." in bad.output


def test_folder_of_master_files(folder: Path) -> None:
    """Without YAML zones in it, its master files are what is meant."""
    (folder / "example.com.zone").write_text(MASTER)
    (folder / "example.net.db").write_text(MASTER)

    assert check(".")[0] == 0
    assert check(".")[1].startswith("2 zones, 16 records")


def test_folder_is_read_as_the_server_reads_it(folder: Path) -> None:
    """Beside YAML zones, master files are none of the server's."""
    zones = write_zones(folder, example_com=GOOD_ZONE)
    (zones / "example.net.zone").write_text("broken (")

    assert check()[0] == 0


def test_included_master_file_is_quoted(folder: Path) -> None:
    """Under the name that its marks have."""
    (folder / "sub").mkdir()
    (folder / "sub/example.com.zone").write_text(f"{MASTER}$INCLUDE more.inc\n")
    (folder / "sub/more.inc").write_text("bad A 192.0.2.999\n")
    result = run("check", "sub/example.com.zone")

    assert "sub/more.inc:1:7: error AD001" in result.output
    assert "    bad A 192.0.2.999\n          ^\n" in result.output


def test_included_yaml_file_is_quoted(folder: Path) -> None:
    """As well."""
    zones = write_zones(folder, example_com=f"{GOOD_ZONE}bad: !include shared/bad.yaml\n")
    (zones / "shared").mkdir()
    (zones / "shared/bad.yaml").write_text("type: A\nvalue: 192.0.2.999\n")
    result = run("check")

    assert "zones/shared/bad.yaml:2:8: error AD001" in result.output
    assert "    value: 192.0.2.999\n           ^\n" in result.output


def test_warnings(folder: Path) -> None:
    """They do not fail a check, unless they shall."""
    text = GOOD_ZONE.replace("[ns1.example.com., ns2.example.com.]", "[ns1.example.com.]")
    write_zones(folder, example_com=text)

    assert check()[0] == 0
    assert check("--strict")[0] == 1


def test_configuration_counts(folder: Path) -> None:
    """What it adds to zones is a part of them; its folder of zones is the one to check."""
    lacking = "\n".join(line for line in GOOD_ZONE.splitlines() if "NS" not in line)
    (folder / "data").mkdir()
    (folder / "data/example.com.yaml").write_text(lacking)
    (folder / "other.yaml").write_text(
        "zones: data\ndefaults: {ns: [ns1.example.com., ns2.example.com.]}\n"
    )

    assert check("data")[0] == 1
    assert check("--config", "other.yaml")[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nosuch"], "cannot read nosuch: No such file or directory"),
        (["nosuch.yaml"], "cannot read nosuch.yaml"),
        (["zones/example.com.yaml/x"], "Not a directory"),
        (["empty"], "no zones in empty"),
        (["--origin", "example.com", "zones"], "--origin names one zone, and there are 2"),
        (["--config", "nosuch.yaml"], "cannot read nosuch.yaml"),
        (["--origin", "a..b", "zones"], "is no name"),
        (["--nonsense"], "No such option"),
    ],
)
def test_what_cannot_be_used(folder: Path, words: list[str], said: str) -> None:
    """One clear line, exit status 2."""
    write_zones(folder, example_com=GOOD_ZONE, example_net=OTHER_ZONE)
    (folder / "empty").mkdir()
    result = run("check", *words)

    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_nothing_to_check(folder: Path) -> None:
    """There is no ./zones here."""
    assert folder.is_dir()
    assert check()[0] == 2


def test_waived_finding_is_shown_and_lets_the_zone_pass(folder: Path) -> None:
    """With its reason, and counted."""
    text = GOOD_ZONE.replace("mail: {type: A, value: 192.0.2.25}", "").replace(
        "$ttl: 300", "$ttl: 300\n$allow: [{rule: MX004, owner: '', reason: moving}]"
    )
    write_zones(folder, example_com=text)
    result = run("check")

    assert result.exit_code == 0, result.output
    assert "waived MX004" in result.output
    assert "  waived: moving" in result.output
    assert result.output.rstrip().endswith("1 waived")


def test_version() -> None:
    """Name and number."""
    assert run("--version").output == f"zoneserver {__version__}\n"


@pytest.mark.parametrize("words", [["-h"], ["check", "--help"], ["serve", "-h"]])
def test_help(words: list[str]) -> None:
    """Exit status 0."""
    assert run(*words).exit_code == 0


def test_serve_merges_flags_and_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags win, the file comes next, then the environment."""
    taken: list[Settings] = []

    def take(read_settings: Callable[[], Settings], *, replace: bool) -> int:
        assert not replace
        taken.append(read_settings())
        return 0

    monkeypatch.setattr(server, "serve", take)
    monkeypatch.setenv("STATE_DIRECTORY", "/srv/state")
    (folder / "c.yaml").write_text("zones: z\nlisten: 127.0.0.1:1\nnsid: x\n")

    assert run("serve", "--config", "c.yaml", "--listen", "[::1]:53").exit_code == 0
    assert run("serve", "--zones", "y", "--state", "s", "--strict-start").exit_code == 0
    first, second = taken
    assert (first.zones, str(first.listen[0]), first.nsid) == (Path("z"), "[::1]:53", b"x")
    assert (str(first.state), first.strict_start) == ("/srv/state", False)
    assert (str(second.zones), str(second.state), second.listen) == ("y", "s", ())
    assert second.strict_start


def test_serve_with_a_bad_flag() -> None:
    """Exit status 2, and how it is written."""
    result = run("serve", "--listen", "localhost:53")

    assert result.exit_code == 2
    assert "write ADDRESS:PORT" in result.stderr


def test_policies_of_signed_zones(folder: Path) -> None:
    """Are those that the configuration has."""
    write_zones(folder, example_com=f"$dnssec: banks\n{GOOD_ZONE}")
    result = run("check")
    assert 1 == result.exit_code
    assert "zones/example.com.yaml:1:1: error SY009" in result.output
    assert "there is no policy 'banks'" in result.output
    (folder / "zoneserver.yaml").write_text("dnssec: {policies: {banks: {keys: split}}}\n")
    assert 0 == run("check").exit_code
