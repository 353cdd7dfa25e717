"""What zones of ours say for one another: DS, and signals of RFC 9615."""

import pytest

from tests.zones_text import zone
from zoneserver.dnssec.vouching import Offer, digest, name_signal, vouch
from zoneserver.findings import Mark
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.zone.zone import Zone

MARK = Mark("x.yaml", 1, 1)
CHILD = """
@ SOA ns1 hostmaster 1 2 3 4 5
@ NS ns1.net.
@ NS ns2.example.com.
@ 600 CDS 1 13 2 {digest}
@ 600 CDNSKEY 257 3 13 c2lnbmVk
""".replace("{digest}", "ab" * 32)
PARENT = """
@ SOA ns1 hostmaster 1 2 3 4 5
@ NS ns1.net.
example 300 NS NS1.net.
example 300 NS ns2.example
ns2.example A 192.0.2.2
"""
DS = f"example.com. 300 DS 1 13 2 {'AB' * 32}"
SIGNALS = [
    f"_dsboot.example.com._signal.ns1.net. 600 CDS 1 13 2 {'AB' * 32}",
    "_dsboot.example.com._signal.ns1.net. 600 CDNSKEY 257 3 13 c2lnbmVk",
]


def offer(text: str = CHILD, *, is_new: bool = True) -> Offer:
    """What a child offers."""
    made = Offer.of(zone(text, "example.com.", apex=""), is_new=is_new)
    assert made
    return made


def lines(where: Zone, *offers: Offer) -> list[str]:
    """The records that a zone gets."""
    return [
        f"{each.owner} {each.ttl} {rtypes.mnemonic(each.rtype)} {each.rdata.text}"
        for each in vouch(where, offers, MARK)
    ]


def com(text: str = PARENT) -> Zone:
    """The parent."""
    return zone(text, "com.", apex="")


def net(text: str = "@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1") -> Zone:
    """The zone that a server of the child is in."""
    return zone(text, "net.", apex="")


def same(one: list[str], other: list[str]) -> bool:
    """Hexadecimal digits have no case."""
    return [line.lower() for line in one] == [line.lower() for line in other]


def test_a_parent_has_the_ds() -> None:
    """With the TTL of the delegation, whether or not it is new."""
    for is_new in (True, False):
        assert same([DS], lines(com(), offer(is_new=is_new)))


UNLIKE = {
    "another server": PARENT.replace("NS1.net", "ns1.org"),
    "a server more": f"{PARENT}example NS ns3.net.",
    "a server less": PARENT.replace("example 300 NS NS1.net.\n", ""),
    "no delegation": "@ SOA ns1 hostmaster 1 2 3 4 5\n@ NS ns1.net.",
    "a name of its own": "@ SOA ns1 h 1 2 3 4 5\n@ NS ns1.net.\nexample TXT x",
    "a DS that somebody has written": f"{PARENT}example DS 2 13 2 {'cd' * 32}",
    "no zone of the parent's": PARENT.replace("example", "x.example") + "example NS ns1.net.",
}


@pytest.mark.parametrize("how", UNLIKE)
def test_where_a_parent_has_no_ds(how: str) -> None:
    """What others see of the child is elsewhere, or somebody else has decided."""
    assert [] == lines(com(UNLIKE[how]), offer())


def test_no_ds_is_made_of_a_request_for_none() -> None:
    """RFC 8078 4."""
    none = CHILD.replace(f"1 13 2 {'ab' * 32}", "0 0 0 00")
    assert [] == lines(com(), offer(none))
    assert [] == lines(net(), offer(none))


def test_signals() -> None:
    """Beside the address of a server that is not in the zone itself (RFC 9615 4.1)."""
    assert same(SIGNALS, lines(net(), offer()))
    assert [] == lines(net(), offer(is_new=False))


@pytest.mark.parametrize(
    "text",
    [
        "ns1 NS x.org.",  # the server is in another zone
        "_signal.ns1 NS x.org.",
        "ns1 DNAME x.org.",
        "_dsboot.example.com._signal.ns1 TXT x",
    ],
)
def test_where_there_are_no_signals(text: str) -> None:
    """Where the name is another zone's, or somebody has written something there."""
    where = net(f"@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n{text}")
    assert [] == lines(where, offer())


def test_a_zone_whose_servers_are_elsewhere() -> None:
    """Nobody else's zone says anything."""
    assert [] == lines(zone("@ SOA ns1 h 1 2 3 4 5\n@ NS ns1", "org.", apex=""), offer())


def test_names_that_get_too_long() -> None:
    """There are no signals."""
    long = Name.parse(f"{'a' * 60}.{'b' * 60}.{'c' * 60}.")
    assert name_signal(long, Name.parse(f"{'d' * 60}.net.")) is None
    expected = Name.parse("_dsboot.example.com._signal.ns1.net.")
    assert expected == name_signal(Name.parse("example.com."), Name.parse("ns1.net."))


def test_a_zone_that_wants_nothing() -> None:
    """Makes no offer."""
    assert Offer.of(com()) is None


def test_other_offers_are_told_apart() -> None:
    """By all that matters; their order does not."""
    one, other = offer(), offer(CHILD.replace("1 13 2", "2 13 2"))
    digests = {digest([one]), digest([other]), digest([one, other]), digest([])}
    digests |= {digest([offer(is_new=False)]), digest([offer(CHILD.replace("ns1.net", "x"))])}

    assert len(digests) == 6
    assert digest([one, other]) == digest([other, one])
    assert digest([]) == ""
