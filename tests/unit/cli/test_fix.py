"""`zoneserver fix`: what it prints, what it writes, how it ends."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.servers import BAD_ZONE, GOOD_ZONE, OTHER_ZONE, write_zones
from zoneserver.cli import main
from zoneserver.service.disk import writing

HOSTMASTER = "hostmaster: {type: MX, value: {preference: 10, exchange: mail.example.com.}}\n"
SOUND = GOOD_ZONE + HOSTMASTER
# An MX that is an alias, behind a comment, in a file with a longer line.
ALIASED = SOUND.replace("exchange: mail.", "exchange: www.", 1) + (
    "www: {type: CNAME, value: mail.example.com.}  # ours\n"
)
MENDED = ALIASED.replace("exchange: www.", "exchange: mail.", 1)
DIFF = """\
--- zones/example.com.yaml
+++ zones/example.com.yaml
@@ -1,7 +1,7 @@
 $ttl: 300
 '':
   - {type: NS, values: [ns1.example.com., ns2.example.com.]}
-  - {type: MX, value: {preference: 10, exchange: www.example.com.}}
+  - {type: MX, value: {preference: 10, exchange: mail.example.com.}}
 mail: {type: A, value: 192.0.2.25}
 ns1: {type: A, value: 192.0.2.1}
 ns2: {type: A, value: 198.51.100.1}
"""
WHY = (
    "zones/example.com.yaml: example.com.: `www.example.com.` becomes `mail.example.com.`"
    " (MX001, an MX target is an alias (CNAME))"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fix(*words: str) -> Result:
    """The outcome of the command."""
    return CliRunner().invoke(main, ["fix", *words], catch_exceptions=False)


def zone_file(folder: Path) -> Path:
    """Where the zone is."""
    return folder / "zones" / "example.com.yaml"


@pytest.mark.parametrize("flags", [[], ["--diff"], ["--write", "--diff"]])
def test_diff(folder: Path, flags: list[str]) -> None:
    """A diff for patch, and for people what it is for; nothing is written."""
    write_zones(folder, example_com=ALIASED)
    result = fix(*flags)

    assert result.stdout == DIFF
    assert result.stderr.splitlines() == [
        WHY,
        "1 change in 1 file, nothing is written yet: --write does it",
    ]
    assert result.exit_code == 1
    assert zone_file(folder).read_text() == ALIASED


@pytest.mark.skipif(shutil.which("patch") is None, reason="there is no patch")
def test_patch_takes_the_diff(folder: Path) -> None:
    """What is printed is what would be written, also without a line end at the end."""
    last = "x: {type: MX, value: {preference: 10, exchange: www.example.com.}} # n\u00e4chste"
    before = f"{ALIASED}#\t\n{last}"
    write_zones(folder, example_com=before)
    shutil.copytree(folder / "zones", folder / "copy")
    diff = fix().stdout
    subprocess.run(["patch", "-s", "-p0"], input=diff, text=True, check=True, cwd=folder)
    fix("copy", "--write")

    assert zone_file(folder).read_text() != before
    assert zone_file(folder).read_bytes() == (folder / "copy/example.com.yaml").read_bytes()


def test_write(folder: Path) -> None:
    """The file is written, and a second time there is nothing to do."""
    write_zones(folder, example_com=ALIASED)
    result = fix("--write")
    again = fix("--write")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines() == [WHY, "1 change in 1 file, written"]
    assert zone_file(folder).read_text() == MENDED
    assert [each.name for each in (folder / "zones").iterdir()] == ["example.com.yaml"]
    assert (again.exit_code, again.stdout, again.stderr) == (0, "", "nothing to fix\n")


def test_nothing_to_fix(folder: Path) -> None:
    """A good zone is left alone."""
    write_zones(folder, example_com=SOUND)
    result = fix()

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "nothing to fix\n")


@pytest.mark.parametrize("flag", ["--diff", "--write"])
def test_what_is_left(folder: Path, flag: str) -> None:
    """An error that nothing can mend is printed, whether or not something else is fixed."""
    bad = ALIASED + "x: {type: MX, value: {preference: 10, exchange: nobody.example.com.}}\n"
    write_zones(folder, example_com=bad)
    result = fix(flag)
    again = fix(flag)

    assert result.exit_code == 1
    assert "zones/example.com.yaml:10:49: error MX004 " in result.stderr
    assert result.stderr.splitlines()[-1].endswith("; 1 error left that needs a person")
    assert again.exit_code == 1
    assert again.stderr.splitlines()[-1] == (
        "nothing to fix; 1 error left that needs a person"
        if flag == "--write"
        else result.stderr.splitlines()[-1]
    )


def test_an_alias_whose_name_has_the_mail(folder: Path) -> None:
    """The zone of the other tests: its alias leads to a host."""
    write_zones(folder, example_com=BAD_ZONE + HOSTMASTER)
    result = fix("--write")

    assert result.exit_code == 0
    assert "exchange: mail." not in zone_file(folder).read_text()


def test_one_file_or_several(folder: Path) -> None:
    """What another zone says counts only if it is given."""
    write_zones(
        folder,
        example_com=SOUND.replace(
            "exchange: mail.example.com.", "exchange: mail.example.net", 1
        ),
        example_net=OTHER_ZONE.replace(
            "mail:", "mail.example.net.example.com: {type: A, value: 192.0.2.3}\nmail:"
        ),
    )
    alone = fix("zones/example.com.yaml")

    assert "exchange: mail.example.net." in alone.stdout
    assert "zones/example.net.yaml" not in alone.stdout


def test_origin(folder: Path) -> None:
    """A file may be called otherwise than its zone."""
    (folder / "draft.yaml").write_text(ALIASED)

    assert fix("draft.yaml", "--origin", "example.com", "--write").exit_code == 0
    assert (folder / "draft.yaml").read_text() == MENDED


def test_configuration(folder: Path) -> None:
    """Its folder is looked at, and its defaults belong to the zones."""
    write_zones(folder, example_com=ALIASED)
    (folder / "zoneserver.yaml").write_text("zones: zones\n")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    os.chdir(elsewhere)

    assert fix("--config", "../zoneserver.yaml").exit_code == 1


def test_master_files(folder: Path) -> None:
    """They are judged and stay as they are; the way on is named."""
    text = (
        "$TTL 300\n@ SOA ns1 hostmaster 1 7200 1800 1209600 3600\n@ NS ns1\n@ NS ns2\n"
        "@ MX 10 www\nwww CNAME mail\nmail A 192.0.2.25\nns1 A 192.0.2.1\nns2 A 198.51.100.1\n"
    )
    (folder / "example.com.zone").write_text(text)
    result = fix("example.com.zone", "--write")

    assert result.exit_code == 1
    assert "error MX001 " in result.stderr
    assert "zoneserver import" in result.stderr.splitlines()[-1]
    assert (folder / "example.com.zone").read_text() == text


# A zone whose MX stands in a file that it includes.
APEX_MX = "{type: MX, value: {preference: 10, exchange: mail.example.com.}}"
INCLUDING = SOUND.replace(APEX_MX, "!include sub/mx.yaml", 1)
UNDOTTED = APEX_MX.replace("com.}", "com}")


def write_included(folder: Path, text: str) -> Path:
    """The file that zones include."""
    path = folder / "zones" / "sub" / "mx.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def test_included_files(folder: Path) -> None:
    """A mistake is mended in the file where it stands."""
    included = write_included(folder, UNDOTTED)
    write_zones(folder, example_com=INCLUDING)
    result = fix("--write")

    assert result.exit_code == 0, result.stderr
    assert included.read_text() == APEX_MX
    assert zone_file(folder).read_text() == INCLUDING


def test_a_file_of_two_zones(folder: Path) -> None:
    """It is mended once, where the fix is right for both."""
    included = write_included(folder, UNDOTTED)
    other = INCLUDING.replace("example.com", "example.net")
    write_zones(folder, example_com=INCLUDING, example_net=other)
    result = fix("--write")

    assert result.exit_code == 0, result.stderr
    assert included.read_text() == APEX_MX


def test_a_file_with_two_names(folder: Path) -> None:
    """It would be written twice, so it is left to a person."""
    included = write_included(folder, UNDOTTED)
    other = INCLUDING.replace("example.com", "example.net")
    write_zones(folder, example_com=INCLUDING, example_net=other.replace("sub/", "sub/../sub/"))
    result = fix("--write")

    assert included.read_text() == UNDOTTED
    assert result.stderr.splitlines()[-1].startswith("nothing to fix; 2 errors left")


def test_split_zones_and_links(folder: Path) -> None:
    """A zone in a folder is mended in its file; a link stays a link, with the file's mode."""
    zone = folder / "zones" / "example.com."
    zone.mkdir(parents=True)
    (folder / "zones" / "real").mkdir()
    real = folder / "zones" / "real" / "apex.yaml"
    real.write_text(ALIASED)
    real.chmod(0o640)
    (zone / "all.yaml").symlink_to("../real/apex.yaml")
    result = fix("--write")

    assert result.exit_code == 0, result.stderr
    assert (zone / "all.yaml").is_symlink()
    assert real.read_text() == MENDED
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_wrong_use(folder: Path) -> None:
    """A path that is not there, a folder without zones."""
    (folder / "empty").mkdir()

    assert fix("nowhere").exit_code == 2
    assert fix("empty").exit_code == 2
    assert fix("--rewrite").exit_code == 2


def test_a_folder_that_cannot_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file stays, and the exit status says so."""

    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(writing, "mkstemp", refuse)
    write_zones(folder, example_com=ALIASED)
    result = fix("--write")

    assert result.exit_code == 2
    assert "cannot write zones/example.com.yaml: Permission denied" in result.stderr
    assert zone_file(folder).read_text() == ALIASED


def test_no_steering_of_the_terminal(folder: Path) -> None:
    """What a file holds is shown as text: here a mark that turns text around."""
    write_zones(folder, example_com=ALIASED.replace("}}\n", "}} # \u202eabc\n", 1))
    result = fix()

    assert "\u202e" not in result.output
    assert "\\u202e" in result.stdout
