"""Signed zones, as others verify them: dnspython here, and the tools of BIND and Knot."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import dns.dnssec
import dns.name
import dns.node
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone
import pytest

from tests.zones_text import zone
from zoneserver.dnssec.keys import SigningKey
from zoneserver.dnssec.policy import Role
from zoneserver.dnssec.rolls import ACTIVE, Use
from zoneserver.dnssec.sign import JITTER, PERIOD, SKEW, VALIDITY, Plan, find_period, sign_zone
from zoneserver.findings import Mark
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rrset import Record
from zoneserver.zone.zone import Zone

NOW = 1_795_000_000
MARK = Mark("example.yaml", 1, 1)
ORIGIN = dns.name.from_text("example.")
# With a wildcard, empty non-terminals, a child with and one without a DS, glue, a DNAME, names
# in rdata that are folded for the signature, and such as are not.
ZONE = """
@ MX 10 Mail
mail A 192.0.2.25
a.b.c TXT "x" "y"
*.w MX 5 mail
sub NS ns.sub
ns.sub A 192.0.2.9
sec NS ns.elsewhere.test.
sec DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000
d DNAME other.test.
rp RP Hostmaster.Example.COM. T
srv SRV 1 2 3 Mail
key.UPPER TYPE65280 \\# 4 0a000001
"""
ALGORITHMS = (8, 13, 15, 16)
PROOFS = {"nsec": (False, False), "nsec3": (True, False), "opt-out": (True, True)}


def make_keys(algorithm: int, *, split: bool = False) -> tuple[SigningKey, ...]:
    """One key for everything, or one for the keys and one for the rest."""
    entry = SigningKey.generate(algorithm)
    return (entry, SigningKey.generate(algorithm, is_entry=False)) if split else (entry,)


def make_plan(keys: Sequence[SigningKey], proof: str = "nsec", now: int = NOW) -> Plan:
    """How the zone is signed at a time."""
    roles = [Role.KSK, Role.ZSK] if len(keys) > 1 else [Role.CSK]
    uses = tuple(Use(key, role, ACTIVE) for key, role in zip(keys, roles, strict=True))
    return Plan(uses, find_period(Name.parse("example."), now), *PROOFS[proof])


def sign(plan: Plan, text: str = ZONE) -> list[Record]:
    """What a zone has beside its records."""
    return list(sign_zone(zone(text), plan, MARK))


def write_master(records: Sequence[Record], text: str = ZONE) -> str:
    """The signed zone as a master file."""
    return "".join(f"{line}\n" for line in _lines(zone(text), records))


def _lines(unsigned: Zone, records: Sequence[Record]) -> Iterator[str]:
    lines = [
        (rrset.owner, rrset.ttl, rrset.rtype, rdata.text)
        for rrset in unsigned.rrsets()
        for rdata in rrset.rdatas
    ]
    lines += [(each.owner, each.ttl, each.rtype, each.rdata.text) for each in records]
    for owner, ttl, rtype, text in sorted(lines, key=lambda line: line[2] != rtypes.SOA):
        yield f"{owner} {ttl} IN {rtypes.mnemonic(rtype)} {text}"


@pytest.mark.parametrize("split", [False, True], ids=["one key", "two keys"])
@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_set_is_signed(algorithm: int, proof: str, *, split: bool) -> None:
    """Every one that is ours to sign, and no other."""
    records = sign(make_plan(make_keys(algorithm, split=split), proof))
    read = dns.zone.from_text(write_master(records), ORIGIN, relativize=False)
    keys = read.find_rrset(ORIGIN, "DNSKEY")
    unsigned = set()
    for name in list(read.nodes):
        for rdataset in read.find_node(name):
            if rdataset.rdtype == dns.rdatatype.RRSIG:
                continue
            signatures = read.get_rdataset(name, "RRSIG", rdataset.rdtype)
            if signatures is None:
                unsigned.add((str(name), dns.rdatatype.to_text(rdataset.rdtype)))
                continue
            assert signatures.ttl == rdataset.ttl
            dns.dnssec.validate(
                dns.rrset.from_rdata_list(name, rdataset.ttl, list(rdataset)),
                dns.rrset.from_rdata_list(name, signatures.ttl, list(signatures)),
                {ORIGIN: keys},
                now=NOW,
            )

    assert unsigned == {
        ("sub.example.", "NS"),
        ("ns.sub.example.", "A"),
        ("sec.example.", "NS"),
    }


VERIFIERS = {
    "dnssec-verify": ("bind9-utils", ["-z", "-o", "example.", "{}"]),
    "kzonecheck": ("knot-dnssecutils", ["-o", "example.", "-d", "on", "-t", str(NOW), "{}"]),
    "named-checkzone": ("bind9-utils", ["example.", "{}"]),
}


@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize("tool", VERIFIERS)
def test_others_verify_the_zone(tool: str, proof: str, tmp_path: Path) -> None:
    """The signatures and the chain of proofs, with the tools that are installed."""
    package, arguments = VERIFIERS[tool]
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed (Debian: {package})")
    path = tmp_path / "example.zone"
    now = int(path.parent.stat().st_mtime)  # dnssec-verify knows no other time than now
    plan = make_plan(make_keys(13), proof, now if tool == "dnssec-verify" else NOW)
    path.write_text(write_master(sign(plan)))
    command = [tool, *(each.format(path) for each in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_signed_twice_is_signed_alike(algorithm: int) -> None:
    """After an edit only what changed has another signature: its set, and the SOA's."""
    plan = make_plan(make_keys(algorithm))
    first = {(each.owner, each.rdata.wire) for each in sign(plan)}
    edited = {(e.owner, e.rdata.wire) for e in sign(plan, ZONE.replace(".2.25", ".2.26"))}

    assert first == {(each.owner, each.rdata.wire) for each in sign(plan)}
    assert {str(owner) for owner, _ in first ^ edited} == {"mail.example."}


def test_next_period_has_other_signatures() -> None:
    """All of them, long before the old ones run out."""
    keys = make_keys(13)
    at = [make_plan(keys, now=NOW + n * PERIOD) for n in (0, 1)]
    wires = [{e.rdata.wire for e in sign(p) if e.rtype == rtypes.RRSIG} for p in at]

    assert at[1].period == at[0].period + 1
    assert not wires[0] & wires[1]


@pytest.mark.parametrize("seconds", [0, PERIOD // 2, PERIOD - 1])
def test_signatures_hold_now_and_for_a_while(seconds: int) -> None:
    """For the clocks of others, too, and for as long as others keep what they have."""
    now = NOW + seconds
    for each in sign(make_plan(make_keys(15), now=now)):
        if each.rtype == rtypes.RRSIG:
            wire = each.rdata.wire
            expiration, inception = (int.from_bytes(wire[at : at + 4], "big") for at in (8, 12))
            assert inception <= now - SKEW
            assert now + VALIDITY - PERIOD <= expiration <= now + VALIDITY + JITTER


def test_zones_change_at_different_times() -> None:
    """A server with many has not to sign them all at once."""
    starts = {
        next(
            s for s in range(0, PERIOD, 3600) if find_period(o, NOW + s) != find_period(o, NOW)
        )
        for o in (Name.parse(f"z{number}.example.") for number in range(50))
    }

    assert len(starts) > 20
