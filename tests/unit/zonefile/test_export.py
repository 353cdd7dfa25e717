"""Records to master files: the text, the way back, and what the other servers' checkers say."""

import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from tests.unit.zonefile.masters import (
    APEX,
    ORIGIN,
    SAMPLES,
    random_zone,
    read,
    read_by_dnspython,
    rows,
)
from zoneserver.findings import Mark
from zoneserver.names import Name
from zoneserver.records.rdata import OPENPGPKEY, SSHFP, Opaque, Rdata
from zoneserver.records.rrset import Record
from zoneserver.zonefile.export import write_master

ZONES = 200
CHECKERS = {
    "named-checkzone": ("bind9-utils", ["-i", "none", "-k", "ignore", "example.com", "{}"]),
    "nsd-checkzone": ("nsd", ["example.com", "{}"]),
    "kzonecheck": ("knot-dnssecutils", ["-o", "example.com.", "{}"]),
}


def test_the_text_is_one_record_a_line_in_canonical_order() -> None:
    """SOA first, then the order of RFC 4034 6; names absolute, rdata as it was written."""
    source = read(
        "$TTL 1h\n"
        "www MX 20 B.example.net.\n"
        "www MX 10 c\n"
        "www MX 20 a.example.net.\n"
        "www A 192.0.2.1\n"
        "\\200 A 192.0.2.2\n"
        "* A 192.0.2.3\n"
        'Z.a 5 TXT "x;y" "\\""\n'
        "a\\.b A 192.0.2.4\n"
        "a.b A 192.0.2.5\n"
        "@ NS ns1\n"
        "@ A 192.0.2.6\n"
        "@ SOA ns1 root 1 2h 3 4 5\n"
    )
    assert write_master(ORIGIN, source.records) == (
        "$ORIGIN example.com.\n"
        "example.com.\t3600\tIN\tSOA\tns1.example.com. root.example.com. 1 7200 3 4 5\n"
        "example.com.\t3600\tIN\tA\t192.0.2.6\n"
        "example.com.\t3600\tIN\tNS\tns1.example.com.\n"
        "*.example.com.\t3600\tIN\tA\t192.0.2.3\n"
        'Z.a.example.com.\t5\tIN\tTXT\t"x;y" "\\""\n'
        "a\\.b.example.com.\t3600\tIN\tA\t192.0.2.4\n"
        "a.b.example.com.\t3600\tIN\tA\t192.0.2.5\n"
        "www.example.com.\t3600\tIN\tA\t192.0.2.1\n"
        "www.example.com.\t3600\tIN\tMX\t10 c.example.com.\n"
        "www.example.com.\t3600\tIN\tMX\t20 a.example.net.\n"
        "www.example.com.\t3600\tIN\tMX\t20 B.example.net.\n"
        "\\200.example.com.\t3600\tIN\tA\t192.0.2.2\n"
    )  # fmt: skip


def test_no_records_make_an_empty_file() -> None:
    """A zone without records is a file without entries."""
    assert write_master(ORIGIN, []) == "$ORIGIN example.com.\n"
    assert read(write_master(ORIGIN, [])).records == ()


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_type_reads_back(sample: str) -> None:
    """We and dnspython read from the text what was written to it."""
    source = read(f"{APEX}x 300 IN {sample}\n")
    text = write_master(ORIGIN, source.records)
    assert len(text.splitlines()) == 1 + 3
    assert sorted(rows(read(text))) == sorted(rows(source))
    assert sorted(read_by_dnspython(text)) == sorted(rows(source))


def test_random_zones_read_back() -> None:
    """The same for zones with everything in them."""
    for seed in range(ZONES):
        source = read(random_zone(Random(seed)))
        text = write_master(ORIGIN, source.records)
        assert sorted(rows(read(text))) == sorted(rows(source)), text
        assert sorted(read_by_dnspython(text)) == sorted(rows(source)), text


# Octets that came in as they were (RFC 3597, a transfer) may have no text of their type.
@pytest.mark.parametrize(
    ("rtype", "rdata", "expected"),
    [
        (60, Opaque(60, b"\x0a\0\0\1"), r"TYPE60 \# 4 0a000001"),
        (61, OPENPGPKEY(b""), r"TYPE61 \# 0"),
        (44, SSHFP(4, 2, b""), r"TYPE44 \# 2 0402"),
        (262, Opaque(262, b"\1a"), r"TYPE262 \# 2 0161"),
        (13, Opaque(13, b"\1a\1b"), 'HINFO "a" "b"'),
        (13, Opaque(13, b"\1a\1"), r"HINFO \# 3 016101"),
        (65280, Opaque(65280, b""), r"TYPE65280 \# 0"),
    ],
)
def test_rdata_without_text_is_written_by_number(
    rtype: int, rdata: Rdata, expected: str
) -> None:
    """Such rdata is written in the form of RFC 3597 5 and reads back the same."""
    text = write_master(ORIGIN, [Record(ORIGIN, rtype, 1, rdata, Mark("", 1, 1))])
    assert text.splitlines()[1].split("\t", 3)[3].replace("\t", " ") == expected
    assert rows(read(text)) == [(ORIGIN.wire, rtype, 1, rdata.wire)]


def test_an_owner_outside_the_zone_is_kept() -> None:
    """Nothing is dropped, not even what no zone can hold."""
    source = read("a.example.net. 1 A 192.0.2.1\n")
    text = write_master(Name.parse("example.com."), source.records)
    assert text.splitlines()[1:] == ["a.example.net.\t1\tIN\tA\t192.0.2.1"]


@pytest.mark.parametrize("checker", CHECKERS)
def test_other_servers_accept_every_type(checker: str, tmp_path: Path) -> None:
    """BIND, NSD and Knot load a zone with every type we can write."""
    package, arguments = CHECKERS[checker]
    program = shutil.which(checker, path="/usr/bin:/usr/sbin") or shutil.which(checker)
    if program is None:
        pytest.skip(f"{checker} is missing: install the Debian package {package}")
    entries = "".join(f"x{number} 300 IN {text}\n" for number, text in enumerate(SAMPLES))
    odd = "a\\.b 300 IN A 192.0.2.1\n\\000\\255\\$\\@ 300 IN A 192.0.2.1\n* 300 TXT a;\n"
    source = read(f"{APEX}ns1 300 A 192.0.2.53\n{entries}{odd}")
    assert source.findings == ()
    path = tmp_path / "example.com.zone"
    path.write_text(write_master(ORIGIN, source.records))
    command = [program, *(argument.format(path) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
