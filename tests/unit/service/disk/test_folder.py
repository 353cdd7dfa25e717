"""Which files make which zone, and what is wrong with the others."""

import os
import socket
from pathlib import Path

import pytest

from zoneserver.errors import StartError
from zoneserver.names import Name
from zoneserver.service.disk.files import Includer, read_file
from zoneserver.service.disk.folder import ZoneFiles, read_folder
from zoneserver.zonefile.encoding import MAX_FILE_OCTETS

TEXT = b"'': {type: NS, value: ns1.example.net.}\n"


def write(folder: Path, *names: str) -> None:
    """Make files, and the folders that they stand in."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(TEXT)


def read(folder: Path) -> dict[str, ZoneFiles]:
    """The zones of a folder by origin."""
    return {str(zone.origin): zone for zone in read_folder(folder)}


def names(zone: ZoneFiles) -> list[str]:
    """The file names of a zone."""
    return [Path(path).name for path in zone.files]


def problem(zone: ZoneFiles) -> str:
    """The only finding of a zone, its place in front."""
    (finding,) = zone.findings
    assert finding.blocks
    assert finding.origin == zone.origin
    return f"{Path(finding.mark.file).name}: {finding.reason}"


def test_files_and_folders(tmp_path: Path) -> None:
    """One file a zone, or one folder a zone with all its YAML files."""
    write(
        tmp_path,
        "example.com.yaml",
        "2.0.192.in-addr.arpa.yaml",
        "example.net./www.yaml",
        "example.net./$example.net.yaml",
        "example.net./notes.txt",
        "example.net./.www.yaml.swp",
        "shared/common.yaml",
    )
    zones = read(tmp_path)

    assert {origin: names(zone) for origin, zone in zones.items()} == {
        "2.0.192.in-addr.arpa.": ["2.0.192.in-addr.arpa.yaml"],
        "example.com.": ["example.com.yaml"],
        "example.net.": ["$example.net.yaml", "www.yaml"],
    }
    assert all(not zone.findings for zone in zones.values())
    assert zones["example.com."].files == {str(tmp_path / "example.com.yaml"): TEXT}


@pytest.mark.parametrize(
    "name",
    [
        ".example.com.yaml", "#example.com.yaml#", ".#example.com.yaml", "example.com.yaml~",
        ".example.com.yaml.swp", "example.com.yaml.orig", "example.com.yaml.bak", "README.md",
        "example.com.zone", "Makefile", "..data/example.com.yaml", ".git/config.yaml",
    ],
)  # fmt: skip
def test_what_is_no_zone_is_skipped(tmp_path: Path, name: str) -> None:
    """Backups, hidden files, other suffixes: not a word about them."""
    write(tmp_path, name)

    assert read(tmp_path) == {}


def test_u_label_becomes_a_label(tmp_path: Path) -> None:
    """The file may be named as people write the name."""
    write(tmp_path, "münchen.example.yaml")

    assert list(read(tmp_path)) == ["xn--mnchen-3ya.example."]


def test_yml_is_told_to_be_renamed(tmp_path: Path) -> None:
    """A zone that would silently be missing is an error."""
    write(tmp_path, "example.com.yml")
    (zone,) = read_folder(tmp_path)

    assert "zone files end in .yaml" in problem(zone)
    assert zone.findings[0].fix == "rename it to example.com.yaml"
    assert zone.origin == Name.parse("example.com.")


@pytest.mark.parametrize("name", ["a..b.yaml", "a" * 64 + ".yaml", "\\999.yaml"])
def test_name_that_is_no_zone(tmp_path: Path, name: str) -> None:
    """There is nothing to attach the finding to, but it is an error all the same."""
    write(tmp_path, name)
    (zone,) = read_folder(tmp_path)

    assert zone.origin is None
    assert "not named like a zone" in problem(zone)


@pytest.mark.parametrize(
    "twins",
    [
        ("example.com.yaml", "example.com./www.yaml"),
        ("example.com.yaml", "EXAMPLE.com.yaml"),
        ("example.com.yaml", "example.com.yml"),
        ("münchen.example.yaml", "xn--mnchen-3ya.example.yaml"),
    ],
)
def test_zone_in_two_places(tmp_path: Path, twins: tuple[str, str]) -> None:
    """Neither is read; a finding stands at each, and names the other."""
    write(tmp_path, *twins)
    (zone,) = read_folder(tmp_path)
    found = [each for each in zone.findings if "2 places" in each.reason]
    places = {str(tmp_path / name.partition("/")[0]) for name in twins}

    assert {finding.mark.file for finding in found} == places
    assert all({finding.mark.file, finding.related[0][0].file} == places for finding in found)


def test_empty_split_folder(tmp_path: Path) -> None:
    """A folder that says it is a zone, and holds none."""
    (tmp_path / "example.com.").mkdir()
    (zone,) = read_folder(tmp_path)

    assert problem(zone) == "example.com.: the folder holds no .yaml file"


def make_unusual(path: Path, kind: str) -> None:
    """Something other than a file."""
    if kind == "FIFO":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind(str(path))
    elif kind == "folder":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "dangling":
        path.symlink_to(path.parent / "nosuch")
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "outside":
        path.symlink_to("/etc/hostname")
    else:
        path.symlink_to(f"../{path.parent.parent.name}/../../../../etc/hostname")


@pytest.mark.parametrize(
    "kind", ["FIFO", "socket", "folder", "loop", "dangling", "device", "outside", "dots"]
)
def test_unusual_files_are_findings(tmp_path: Path, kind: str) -> None:
    """At once, without waiting for a writer, and without following it out of the folder."""
    write(tmp_path, "example.net.yaml")
    make_unusual(tmp_path / "example.com.yaml", kind)
    zones = read(tmp_path)

    assert "the file cannot be read" in problem(zones["example.com."])
    assert not zones["example.net."].findings


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(tmp_path: Path) -> None:
    """The reason is the system's."""
    write(tmp_path, "example.com.yaml")
    (tmp_path / "example.com.yaml").chmod(0)
    (zone,) = read_folder(tmp_path)

    assert "Permission denied" in problem(zone)


def test_kubernetes_volume(tmp_path: Path) -> None:
    """Symbolic links within the folder are how a config map is mounted."""
    write(tmp_path, "..2026_11_23/example.com.yaml")
    (tmp_path / "..data").symlink_to("..2026_11_23")
    (tmp_path / "example.com.yaml").symlink_to("..data/example.com.yaml")
    (zone,) = read_folder(tmp_path)

    assert not zone.findings
    assert names(zone) == ["example.com.yaml"]


def test_folder_may_be_a_link_itself(tmp_path: Path) -> None:
    """What counts is the folder behind it; paths are shown as they were given."""
    write(tmp_path, "real/example.com.yaml")
    (tmp_path / "zones").symlink_to("real")
    (zone,) = read_folder(tmp_path / "zones")

    assert list(zone.files) == [str(tmp_path / "zones" / "example.com.yaml")]


@pytest.mark.parametrize("name", ["nosuch", "file"])
def test_folder_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    """One line that names it."""
    write(tmp_path, "file")

    with pytest.raises(StartError, match=f"cannot read the zones folder .*{name}"):
        read_folder(tmp_path / name)


def test_file_over_the_limit(tmp_path: Path) -> None:
    """A file that would fill the memory is not read at all."""
    with (tmp_path / "example.com.yaml").open("wb") as file:
        file.truncate(MAX_FILE_OCTETS + 1)
    (zone,) = read_folder(tmp_path)

    assert "over 128 MB" in problem(zone)


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/etc/hostname", "leads out"),
        ("../secret.yaml", "leads out"),
        ("shared/../../secret.yaml", "leads out"),
        ("shared/link.yaml", "leads out"),
        ("nosuch.yaml", "No such file"),
        ("shared", "no regular file"),
        ("a\0b", "null"),
    ],
)
def test_includes_stay_in_the_folder(tmp_path: Path, path: str, word: str) -> None:
    """Whichever way they try to leave it."""
    write(tmp_path, "secret.yaml", "zones/example.com.yaml", "zones/shared/mx.yaml")
    (tmp_path / "zones/shared/link.yaml").symlink_to("../../secret.yaml")
    (zone,) = read_folder(tmp_path / "zones")

    with pytest.raises(OSError, match=word):
        zone.include(path)


def test_includes_are_kept_for_quoting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the name that marks give them: the folder of the zone's file, then the path."""
    write(
        tmp_path, "zones/example.com.yaml", "zones/shared/mx.yaml", "zones/example.net./a.yaml"
    )
    monkeypatch.chdir(tmp_path)
    zones = read(Path("zones"))

    assert zones["example.com."].include("shared/mx.yaml") == TEXT
    assert zones["example.com."].include.files == {"zones/shared/mx.yaml": TEXT}
    assert zones["example.net."].include("../shared/mx.yaml") == TEXT
    assert list(zones["example.net."].include.files) == ["zones/example.net./../shared/mx.yaml"]


def test_includes_of_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path without a folder stays one."""
    write(tmp_path, "mx.yaml")
    monkeypatch.chdir(tmp_path)
    include = Includer(Path(), tmp_path)
    include("mx.yaml")

    assert list(include.files) == ["mx.yaml"]


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "ENCRYPTED ", "OPENSSH "])
def test_private_keys_are_not_kept(tmp_path: Path, kind: str) -> None:
    """What zones name is quoted, and kept in the state folder: no place for a secret."""
    write(tmp_path, "example.com.yaml")
    secret = f"-----BEGIN {kind}PRIVATE KEY-----\nc2VjcmV0\n-----END {kind}PRIVATE KEY-----\n"
    (tmp_path / "mail.pem").write_text(f"-----BEGIN CERTIFICATE-----\n{secret}")
    include = Includer(tmp_path, tmp_path)

    with pytest.raises(PermissionError, match="it holds a private key"):
        include("mail.pem")

    assert include.files == {}
    assert include.signatures.keys() == {str(tmp_path / "mail.pem")}  # to be read again


def test_file_that_is_being_written_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changed while it was read is not believed."""
    path = tmp_path / "example.com.yaml"
    path.write_bytes(b"half")
    fstat, calls = os.fstat, []

    def write_meanwhile(descriptor: int) -> os.stat_result:
        calls.append(descriptor)
        if len(calls) == 2:
            path.write_bytes(b"the whole")
        return fstat(descriptor)

    monkeypatch.setattr(os, "fstat", write_meanwhile)

    assert read_file(path, tmp_path) == b"the whole"
