"""Keys of zones, beside what dnspython makes of them; and the bitmaps and hashes of proofs."""

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from zoneserver.dnssec.keys import SigningKey
from zoneserver.errors import SigningKeyError
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.bitmap import encode_bitmap
from zoneserver.zone.denial import Hashing

COM = Name.parse("Example.com.")
ALGORITHMS = (8, 13, 15, 16)


@pytest.fixture(params=ALGORITHMS)
def key(request: pytest.FixtureRequest) -> SigningKey:
    """A new key of each algorithm."""
    return SigningKey.generate(request.param)


def read(key: SigningKey) -> DNSKEY:
    """The key as dnspython reads it."""
    rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DNSKEY, key.dnskey.text)
    assert isinstance(rdata, DNSKEY)
    return rdata


def test_tag_and_digest(key: SigningKey) -> None:
    """As others count them."""
    theirs = read(key)

    assert key.tag == dns.dnssec.key_id(theirs)
    assert (
        key.ds(COM).text.upper()
        == str(dns.dnssec.make_ds(dns.name.from_text("example.com."), theirs, "SHA256")).upper()
    )
    assert key.cds(COM).text == key.ds(COM).text
    assert key.cdnskey.octets == key.dnskey.octets
    assert (rtypes.CDS, rtypes.CDNSKEY) == (key.cds(COM).rtype, key.cdnskey.rtype)


@pytest.mark.parametrize(("is_entry", "flags"), [(True, 257), (False, 256)])
def test_flags(*, is_entry: bool, flags: int) -> None:
    """What the parent vouches for has the bit SEP."""
    assert read(SigningKey.generate(is_entry=is_entry)).flags == flags


def test_key_is_written_and_read(key: SigningKey) -> None:
    """As PEM, and it is the same."""
    again = SigningKey.read(key.algorithm, key.write(), is_entry=key.is_entry)

    assert again.dnskey == key.dnskey
    assert again.sign(b"x") == key.sign(b"x")


def test_secret_is_shown_nowhere(key: SigningKey) -> None:
    """Neither in the repr nor in what is said of a key that cannot be read."""
    assert "private" not in repr(key)
    pem = key.write()
    with pytest.raises(SigningKeyError) as error:
        SigningKey.read(key.algorithm, pem.replace("PRIVATE", "PUBLIC"), is_entry=True)
    assert not any(line in str(error.value) for line in pem.splitlines())


@pytest.mark.parametrize("other", [8, 13, 15])
def test_key_of_another_algorithm(other: int) -> None:
    """Is said to be none."""
    pem = SigningKey.generate(16).write()
    with pytest.raises(SigningKeyError, match="is none of"):
        SigningKey.read(other, pem, is_entry=True)


@pytest.mark.parametrize(
    ("types", "octets"),
    # RFC 4034 4.3.
    [([1, 15, 46, 47, 1234], "0006400100000003041b" + "00" * 26 + "20"),
     ([], ""), ([0], "000180"), ([255, 256], "0020" + "00" * 31 + "01" + "010180")],
)  # fmt: skip
def test_bitmap(types: list[int], octets: str) -> None:
    """One window for each 256 types, without the zeroes at its end."""
    assert encode_bitmap(reversed(types)).hex() == octets


@pytest.mark.parametrize("text", ["example.", "A.Example.", "*.w.example.", "."])
def test_hash(text: str) -> None:
    """As dnspython has it."""
    owner = Hashing(iterations=0, salt=b"").hash(Name.parse(text), COM)

    assert str(owner) == f"{dns.dnssec.nsec3_hash(text, None, 0, 'SHA1').lower()}.Example.com."
