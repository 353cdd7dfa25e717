"""$INCLUDE: where the records land, what is restored, what ends it."""

from tests.unit.zonefile.masters import ORIGIN, read
from tests.unit.zonefile.test_master import findings
from zoneserver.zonefile.master import read_master_zone
from zoneserver.zonefile.source import Include


def include_from(files: dict[str, str]) -> Include:
    """An include that reads from a mapping."""

    def include(path: str) -> bytes:
        if path not in files:
            raise FileNotFoundError(2, "No such file or directory")
        return files[path].encode()

    return include


def test_include_reads_in_place_and_restores_origin_and_owner() -> None:
    """Origin and owner are the including file's again (RFC 1035 5.1)."""
    files = {
        "a.inc": "x 1 A 192.0.2.1\n$ORIGIN deep\ny 1 A 192.0.2.2\n$INCLUDE b.inc\n",
        "b.inc": "z 1 A 192.0.2.3",
    }
    text = 'www 1 A 192.0.2.9\n$INCLUDE a.inc sub\n 1 MX 1 m\n$include "b.inc"\n'
    source = read_master_zone("zones/main.zone", text.encode(), ORIGIN, include_from(files))
    assert [f"{r.owner} {r.mark}" for r in source.records] == [
        "www.example.com. zones/main.zone:1:9",
        "x.sub.example.com. zones/a.inc:1:7",
        "y.deep.sub.example.com. zones/a.inc:3:7",
        "z.deep.sub.example.com. zones/b.inc:1:7",
        "www.example.com. zones/main.zone:3:9",
        "z.example.com. zones/b.inc:1:7",
    ]
    assert source.findings == ()


def test_include_that_cannot_be_read() -> None:
    """A missing file is a finding at its name; the rest is read."""
    source = read("$INCLUDE no.inc\nwww 1 A 192.0.2.1")
    assert findings(source) == ["SY003 zone:1:10"]
    assert "No such file or directory" in source.findings[0].reason
    assert len(source.records) == 1


def test_include_cycles_end_in_a_finding() -> None:
    """A file that includes itself, directly or not, is read once."""
    files = {"a": "$INCLUDE b\na 1 A 192.0.2.1", "b": "$INCLUDE a\nb 1 A 192.0.2.1"}
    source = read_master_zone("zone", b"$INCLUDE a", ORIGIN, include_from(files))
    assert findings(source) == ["SY003 b:1:10"]
    assert "a includes b includes a" in source.findings[0].reason
    assert len(source.records) == 2
    source = read_master_zone("d/a", b"$INCLUDE a", ORIGIN, include_from(files))
    assert findings(source) == ["SY003 d/a:1:10"]


def test_include_is_bounded_in_depth_and_number() -> None:
    """No chain or crowd of files keeps us reading."""
    deep = {f"f{n}": f"$INCLUDE f{n + 1}\n" for n in range(100)}
    source = read_master_zone("zone", b"$INCLUDE f0", ORIGIN, include_from(deep))
    assert findings(source) == ["SY010 f15:1:10"]
    wide = {"empty": ""}
    source = read_master_zone("zone", b"$INCLUDE empty\n" * 1002, ORIGIN, include_from(wide))
    assert findings(source) == ["SY010 zone:1001:10", "SY010 zone:1002:10"]


def test_a_binary_include_is_a_finding_there() -> None:
    """The mark names the included file."""
    source = read_master_zone("zone", b"$INCLUDE a", ORIGIN, include_from({"a": "x\0"}))
    assert findings(source) == ["SY009 a:1:2"]
