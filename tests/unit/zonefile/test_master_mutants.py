"""Thousands of damaged master files: findings, never an exception."""

from random import Random

from tests.effort import examples
from tests.unit.zonefile.masters import ORIGIN, SAMPLES, read, rows
from zoneserver.zonefile.export import write_master
from zoneserver.zonefile.master import find_origin, read_master_zone

MUTANTS = examples(3000)
GOOD_ZONE = (
    "$TTL 1h\n@ IN SOA ns1 host\\.master ( 1 2h ; serial\n 30M\t2w 600 )\n NS ns1 ; (\n"
    '$ORIGIN sub\nw\u00fcw 300 TXT "a\\"b" c\\;d\n$GENERATE 1-3 h$ A 192.0.2.$\n'
    "$INCLUDE other sub\n"
)
PIECES = [bytes((octet,)) for octet in b'"();\\$@\n\r\t \0.*-0129\xe9\xff'] + [
    b"$ORIGIN ", b"$INCLUDE ", b"$TTL ", b"$GENERATE 1-99999999 ", b"\\999", b"IN", b"SOA",
    b"MX", b"\xc3\xa9", b"\xe3\x80\x82", b"\xff\xfe", b"\\#", b"4294967296", b"a" * 64, b"1w",
]  # fmt: skip


def mutant(random: Random) -> bytes:
    """A good zone with a few pieces cut out, doubled or replaced."""
    samples = "".join(f"x {sample}\n" for sample in random.sample(SAMPLES, 8))
    octets = bytearray((GOOD_ZONE + samples).encode())
    for _ in range(random.randrange(1, 8)):
        at, end = sorted(random.choices(range(len(octets) + 1), k=2))
        end = min(end, at + random.randrange(20))
        if random.random() < 0.2:
            octets[at:at] = octets[at : at + 200]
        else:
            octets[at:end] = random.choice(PIECES) * random.randrange(3)
    return bytes(octets)


def test_mutants_give_findings_and_sound_records_only() -> None:
    """No exception, marks inside the file, and what was read can be written and read again."""
    count = 0
    for seed in range(MUTANTS):
        octets = mutant(Random(seed))
        find_origin(octets)
        source = read_master_zone("zone", octets, ORIGIN, lambda _: b"$TTL 5\nwww A 192.0.2.1")
        count += len(source.findings)
        lines = 1 + octets.count(b"\n") + octets.count(b"\r")
        assert all(1 <= f.mark.line <= lines and f.mark.column >= 1 for f in source.findings)
        assert all(0 <= record.ttl <= 2147483647 for record in source.records)
        assert sorted(rows(read(write_master(ORIGIN, source.records)))) == sorted(rows(source))
    assert count > MUTANTS
