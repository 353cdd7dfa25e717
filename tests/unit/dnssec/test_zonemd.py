"""Digests of zones: the examples of RFC 8976, and others who make and verify them."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import dns.name
import dns.zone
import dns.zonetypes
import pytest

from tests.unit.dnssec.test_sign import (
    MARK,
    PROOFS,
    ZONE,
    make_keys,
    make_plan,
    write_master,
)
from tests.unit.zonefile.masters import SAMPLES
from tests.zones_text import zone
from zoneserver.dnssec.sign import sign_zone
from zoneserver.dnssec.zonemd import ZoneDigest, digest_zone, make_placeholder
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import ZONEMD
from zoneserver.records.rrset import Record
from zoneserver.zonefile.master import read_master_zone

NAME = "example."
SOA = "@ 86400 SOA ns1 admin 2018031900 1800 900 604800 86400\n"
APEX = f"{SOA}@ 86400 NS ns1\n@ 86400 NS ns2\nns1 3600 A 203.0.113.63\n"
# RFC 8976 A.1, A.2 and A.3.
SIMPLE = f"""{APEX}ns2 3600 AAAA 2001:db8::63
@ 86400 ZONEMD 2018031900 1 1 c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9\
a9713b3c9ae5cc27777f98b8e730044c
"""
COMPLEX = f"""{APEX}NS2 3600 AAAA 2001:db8::63
@ 86400 ZONEMD 2018031900 1 1 a3b69bad980a3504e1cffcb0fd6397f93848071c93151f552ae2f6b1711d4bd2\
d8b39808226d7b9db71e34b72077f8fe
occluded.sub 7200 TXT "I'm occluded but must be digested"
sub 7200 NS ns1
duplicate 300 TXT "I must be digested just once"
duplicate 300 TXT "I must be digested just once"
foo.test. 555 TXT "out-of-zone data must be excluded"
UPPERCASE 3600 TXT "canonicalize uppercase owner names"
* 777 PTR dont-forget-about-wildcards
mail 3600 MX 20 MAIL1
mail 3600 MX 10 Mail2.Example.
sortme 3600 AAAA 2001:db8::5:61
sortme 3600 AAAA 2001:db8::3:62
sortme 3600 AAAA 2001:db8::4:63
sortme 3600 AAAA 2001:db8::1:65
sortme 3600 AAAA 2001:db8::2:64
non-apex 900 ZONEMD 2018031900 1 1 616c6c6f776564206275742069676e6f7265642e20616c6c\
6f776564206275742069676e6f7265642e20616c6c6f7765
"""
MULTIPLE = f"""{APEX}ns2 86400 TXT "This example has multiple digests"
NS2 3600 AAAA 2001:db8::63
@ 86400 ZONEMD 2018031900 1 1 62e6cf51b02e54b9b5f967d547ce43136792901f9f88e637493daaf401c92c27\
9dd10f0edb1c56f8080211f8480ee306
@ 86400 ZONEMD 2018031900 1 2 08cfa1115c7b948c4163a901270395ea226a930cd2cbcf2fa9a5e6eb85f37c8a\
4e114d884e66f176eab121cb02db7d652e0cc4827e7a3204f166b47e5613fd27
@ 86400 ZONEMD 2018031900 1 240 e2d523f654b9422a96c5a8f44607bbee
@ 86400 ZONEMD 2018031900 241 1 e1846540e33a9e4189792d18d5d131f605fc283eaaaaaaaaaaaaaaaa\
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
"""
EXAMPLES = {"simple": SIMPLE, "complex": COMPLEX, "multiple": MULTIPLE}


def digest(text: str) -> ZoneDigest:
    """The digest of a master file."""
    origin = Name.parse(NAME)
    made = ZoneDigest(origin)
    made.add_records(read_master_zone("", text.encode(), origin, lambda _: b"").records)
    return made


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_of_the_rfc(example: str) -> None:
    """Each digest that anybody can make is right, and the zone with them."""
    made = digest(EXAMPLES[example])
    known = [
        each for each in made.published if (each.scheme, each.hash_algorithm < 3) == (1, 1)
    ]

    assert known
    assert [each.digest for each in known] == [made.make(e.hash_algorithm) for e in known]
    assert made.find_fault() == ""


FAULTS = [
    (SIMPLE, "203.0.113.63", "203.0.113.64", "do not have the digest"),
    (SIMPLE, "ns1 3600 A", "ns1 3601 A", "do not have the digest"),
    (SIMPLE, "ZONEMD 2018031900", "ZONEMD 2018031899", "serial 2018031899, and the SOA has"),
    (SIMPLE, "ZONEMD 2018031900 1 1", "ZONEMD 2018031900 1 240", ""),  # cannot be verified
    (SIMPLE, "ZONEMD 2018031900 1 1", "ZONEMD 2018031900 2 1", ""),
    (SIMPLE, "", "@ 86400 ZONEMD 2018031900 1 1 " + "00" * 48 + "\n", ""),  # neither counts
    (SIMPLE, "", "sub ZONEMD 2018031900 1 1 " + "00" * 48 + "\n", "do not have the digest"),
    (SIMPLE, "", "@ RRSIG ZONEMD 15 1 1 20300101000000 20200101000000 1 example. AA==\n", ""),
    (MULTIPLE, "62e6cf51", "62e6cf52", ""),  # the other one is right
    (MULTIPLE, "203.0.113.63", "203.0.113.64", "do not have the digest"),
    (APEX, "", "", ""),
]


@pytest.mark.parametrize(("text", "old", "new", "says"), FAULTS)
def test_what_a_digest_tells(text: str, old: str, new: str, says: str) -> None:
    """RFC 8976 4: one right digest is enough; what nobody can verify says nothing."""
    found = digest(text.replace(old, new) if old else text + new).find_fault()

    assert bool(found) is bool(says)
    assert says in found


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_type(sample: str) -> None:
    """Names are folded where the type wants that, and nowhere else: as dnspython has it."""
    for case in (sample, sample.replace("example", "eXample").replace("www", "Www")):
        text = f"{APEX}Mixed.Name 300 {case}\n"
        zone = dns.zone.from_text(text, NAME, relativize=False, check_origin=False)
        theirs = zone.compute_digest(dns.zonetypes.DigestHashAlgorithm.SHA384)

        assert theirs.digest == digest(text).make()


def sign(proof: str = "nsec", text: str = ZONE) -> Sequence[Record]:
    """What a zone has beside its records, its digest among it."""
    return list(sign_zone(zone(text), make_plan(make_keys(13), proof), MARK, MARK))


@pytest.mark.parametrize("proof", PROOFS)
def test_signed_zone_has_a_digest(proof: str) -> None:
    """Which dnspython makes of the zone, too; the proof of the apex tells of it."""
    made = sign(proof)
    read = dns.zone.from_text(write_master(made), dns.name.from_text(NAME), relativize=False)
    (record,) = [each for each in made if each.rtype == rtypes.ZONEMD]
    chain = rtypes.NSEC3 if proof != "nsec" else rtypes.NSEC
    proofs = [each.rdata.text for each in made if each.rtype == chain]

    read.verify_digest()
    assert record.ttl == read.find_rdataset(NAME, "SOA").ttl
    assert any("SOA" in text and "ZONEMD" in text for text in proofs)
    signed = [e.rdata.text.split()[0] for e in made if e.rtype == rtypes.RRSIG]
    assert signed.count("ZONEMD") == 1


@pytest.mark.parametrize("proof", ["nsec", "nsec3"])  # with opt-out ldns 1.8.3 never ends
def test_ldns_verifies_the_digest(proof: str, tmp_path: Path) -> None:
    """And the signatures with it."""
    if shutil.which("ldns-verify-zone") is None:
        pytest.skip("ldns-verify-zone is not installed (Debian: ldnsutils)")
    path = tmp_path / "example.zone"
    made = sign(proof)
    key = next(each for each in made if each.rtype == rtypes.DNSKEY)
    anchor = tmp_path / "anchor"
    anchor.write_text(f"{NAME} 3600 IN DNSKEY {key.rdata.text}\n")
    path.write_text(write_master(made))
    time = ["-t", "20261118110640"]  # which is NOW
    command = ["ldns-verify-zone", "-ZZ", "-k", str(anchor), *time, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0, done.stdout + done.stderr


def test_zone_without_signatures_has_a_digest() -> None:
    """Where one is asked for."""
    unsigned = zone(ZONE)
    placeholder = make_placeholder(unsigned, MARK)
    assert placeholder is not None
    record = digest_zone(unsigned, (), placeholder)
    text = write_master([record])

    dns.zone.from_text(text, dns.name.from_text(NAME), relativize=False).verify_digest()
    assert isinstance(record.rdata, ZONEMD)
    assert record.rdata.serial == unsigned.serial


def test_zone_without_an_soa_has_none() -> None:
    """It is refused for that, and for nothing else."""
    assert make_placeholder(zone("@ NS ns", apex=""), MARK) is None
    assert ZONEMD not in [
        type(each.rdata)
        for each in sign_zone(zone("@ NS ns", apex=""), make_plan(make_keys(13)), MARK, MARK)
    ]
