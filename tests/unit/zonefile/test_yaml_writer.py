"""Records to YAML and back: nothing is lost, for any type, and people can read it."""

from random import Random

import pytest

from tests.unit.zonefile.masters import APEX, ORIGIN, SAMPLES, no_include, random_zone, read
from zoneserver.zonefile.source import Defaults, ZoneSource
from zoneserver.zonefile.yaml_writer import write_yaml
from zoneserver.zonefile.yaml_zone import read_yaml_zone

ZONES = 100

Row = tuple[bytes, int, int, bytes]


def reread(source: ZoneSource) -> ZoneSource:
    """The zone written as YAML and read again."""
    text = write_yaml(source.origin, source.records)
    return read_yaml_zone(source.origin, {"zone.yaml": text.encode()}, no_include, Defaults())


def rows(source: ZoneSource) -> list[Row]:
    """The records as octets, in an order of their own."""
    return sorted((r.owner.key, r.rtype, r.ttl, r.rdata.wire) for r in source.records)


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_type_survives(sample: str) -> None:
    """One record of each type reads back as the octets that it was."""
    source = read(f"{APEX}x 300 IN {sample}\n")
    again = reread(source)

    assert [finding for finding in again.findings if finding.blocks] == []
    assert rows(again) == rows(source)


def test_random_zones_survive() -> None:
    """Whole zones with odd owners, TTLs and rdata read back as they were."""
    for seed in range(ZONES):
        source = read(random_zone(Random(seed)))

        assert rows(reread(source)) == rows(source), seed


@pytest.mark.parametrize(
    ("rdata", "spelling"),
    [
        ("MX 10 mail", "  value:\n    preference: 10\n    exchange: mail.example.com.\n"),
        ("TXT no", "  value: 'no'\n"),
        ("TXT 1.10", "  value: '1.10'\n"),
        ("TXT v=DMARC1\\;p=none", "  value: v=DMARC1;p=none\n"),
        (r'TXT "say \"hi\""', '  value: say "hi"\n'),
        (r'TXT "\"hi\" all"', '  value: \'"\\"hi\\" all"\'\n'),
        ("TXT a b", "  value: \\# 4 01610162\n"),
        (r"TXT \255", "  value: \\# 2 01ff\n"),
        ("HTTPS 1 . alpn=h2 port=8443", "      alpn:\n        - h2\n      port: 8443\n"),
        (r"TYPE65280 \# 4 0a000001", "  value: \\# 4 0a000001\n"),
    ],
)
def test_spelling(rdata: str, spelling: str) -> None:
    """The most readable spelling that means the record, and octets where there is none."""
    assert spelling in write_yaml(ORIGIN, read(f"{APEX}x 3600 IN {rdata}\n").records)


@pytest.mark.parametrize(
    ("owner", "key"),
    [
        ("*", "'*':"),
        ("no", "'no':"),
        ("67", "'67':"),
        ("1.10", "'1.10':"),
        (r"a\.b", r"a\.b:"),
        (r"\$x", r"\$x:"),
        ("_dmarc", "_dmarc:"),
    ],
)
def test_owner(owner: str, key: str) -> None:
    """Owners that YAML would take for something else are quoted."""
    text = write_yaml(ORIGIN, read(f"{APEX}{owner} 3600 IN A 192.0.2.1\n").records)

    assert f"\n{key}\n  type: A\n" in text


def test_common_ttl_is_the_default() -> None:
    """The TTL that most records have is written once."""
    text = write_yaml(ORIGIN, read(f"{APEX}a 60 IN A 192.0.2.1\nb 60 IN A 192.0.2.2\n").records)

    assert text.startswith("---\n$ttl: 60\n$soa:\n  ttl: 3600\n  mname: ns1.example.com.\n")
