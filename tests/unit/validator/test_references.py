"""What zones say of one another's names: zone by zone, and merged."""

from collections.abc import Iterator, Mapping

import pytest

from tests.unit.validator.judging import BASE, TODAY, no_include
from zoneserver.names import Name
from zoneserver.validator.judge import judge
from zoneserver.validator.references import Mentions, Pointers, References, references_of
from zoneserver.validator.world import Candidate, world_of
from zoneserver.zone.build import build_zone
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import ZoneSet
from zoneserver.zonefile.master import read_master_zone


def name(text: str) -> Name:
    """A name from its text."""
    return Name.parse(text)


def names(*texts: str) -> frozenset[Name]:
    """Some names."""
    return frozenset(map(name, texts))


def read(text: str) -> Candidate:
    """The zone of a master file that names its $ORIGIN first."""
    origin = name(text.split()[1])
    source = read_master_zone(f"{origin}zone", text.encode(), origin, no_include)
    return Candidate(source, build_zone(source))


@pytest.mark.parametrize(
    ("lines", "exchanges", "aliases"),
    [
        ("x MX 10 www", set(), set()),
        ("x MX 10 mx.example.net.\nx MX 20 MX.example.net.", {"mx.example.net."}, set()),
        ("x MX 0 .", set(), set()),
        ("x CNAME www.example.net.", set(), {"www.example.net."}),
        ("x CNAME www", set(), set()),
        ("x SRV 0 0 25 mx.example.net.", set(), set()),
        # Another zone of ours may have what this one delegates, or has not.
        ("sub NS ns.sub\nns.sub A 192.0.2.1\nx MX 10 ns.sub", {"ns.sub.example.com."}, set()),
        ("sub NS ns1\nx MX 10 sub", {"sub.example.com."}, set()),
        ("d DNAME example.net.\nx MX 10 a.d", {"a.d.example.com."}, set()),
        ("x MX 10 nosuch", {"nosuch.example.com."}, set()),
        # What is hidden says nothing.
        ("sub NS ns1\nsub MX 10 mx.example.net.\na.sub CNAME example.net.", set(), set()),
    ],
)
def test_references(lines: str, exchanges: set[str], aliases: set[str]) -> None:
    """MX and CNAME to names that may belong to other zones."""
    found = references_of(read(f"{BASE}{lines}\n").zone)

    assert References(names(*exchanges), names(*aliases)) == found


A, B, C = map(name, ("a.test.", "b.test.", "c.test."))
MAIL, WWW, DEEP = map(name, ("mail.a.test.", "www.a.test.", "x.mail.a.test."))


def test_mentions() -> None:
    """What a zone mentions is exchanged as a whole."""
    mentions = Mentions()
    mentions.put(A, frozenset({MAIL}))
    mentions.put(B, frozenset({MAIL, WWW}))
    mentions.put(A, frozenset({DEEP}))

    assert (set(mentions.origins(MAIL)), set(mentions.origins(WWW))) == ({B}, {B})
    assert (set(mentions.names(A)), set(mentions.names(C))) == ({DEEP}, set())
    assert [each in mentions for each in (MAIL, DEEP, A)] == [True, True, False]


def test_mentions_below() -> None:
    """Names at or below another, short labels first, whatever else is spelt alike."""
    mentions = Mentions()
    mentions.put(
        B, names("MAIL.a.test.", "x.mail.a.test.", "email.a.test.", "a.test.", "test.")
    )
    mentions.put(C, names("mail.aa.test.", "a.a.test.", "a.test.test."))

    assert list(map(str, mentions.below(A))) == [
        "a.test.", "a.a.test.", "mail.a.test.", "x.mail.a.test.", "email.a.test.",
    ]  # fmt: skip
    assert mentions.below(MAIL) == [MAIL, DEEP]
    assert len(mentions.below(name("."))) == 8
    mentions.put(B, frozenset())
    assert mentions.below(MAIL) == []


def test_mentions_over_others() -> None:
    """What is put over a base hides what the base has of the same zone, and leaves it alone."""
    base = Mentions()
    base.put(A, frozenset({MAIL}))
    base.put(B, frozenset({MAIL, WWW}))
    over = Mentions(base)
    over.put(B, frozenset())
    over.put(C, frozenset({WWW}))

    assert (set(over.origins(MAIL)), set(over.origins(WWW))) == ({A}, {C})
    assert over.below(A) == [WWW, MAIL]
    over.put(A, frozenset())
    assert (MAIL in over, over.below(A)) == (False, [WWW])
    assert (set(base.origins(MAIL)), base.below(A)) == ({A, B}, [WWW, MAIL])


def test_mentions_keep_nothing_of_what_is_gone() -> None:
    """A server that runs for long has seen many names."""
    mentions = Mentions()
    for number in range(5000):
        mentions.put(A, names(f"mail.x{number}.test."))
        mentions.put(B, names(f"mail.y{number}.test.") if number % 2 else frozenset())
        mentions.below(C)

    assert set(mentions.below(name("test."))) == names("mail.x4999.test.", "mail.y4999.test.")
    assert len(mentions._paths) < 1010
    assert (len(mentions._origins), len(mentions._names)) == (2, 2)


def test_pointers() -> None:
    """All that zones say, and whether one is about addresses."""
    pointers, says = Pointers(), References(frozenset({MAIL}), frozenset({WWW}))
    pointers.put(B, says)
    pointers.put(name("2.0.192.in-addr.arpa."), References())
    over = Pointers(pointers)
    over.put(name("2.0.192.in-addr.arpa."), None)

    assert (pointers.get(B), pointers.get(C)) == (says, References())
    assert (over.marks(MAIL), over.marks(WWW)) == ((True, False, False), (False, True, False))
    assert (pointers.has_reverse_zone, over.has_reverse_zone) == (True, False)


class Unwalked(Mapping[bytes, Node]):
    """Nodes that may be looked up, as many as a file has that is decoded node by node."""

    def __init__(self, nodes: Mapping[bytes, Node]) -> None:
        self._nodes = nodes

    def __getitem__(self, key: bytes) -> Node:
        return self._nodes[key]

    def __len__(self) -> int:
        return 1_000_000

    def __iter__(self) -> Iterator[bytes]:
        raise AssertionError("nobody walks a zone that is not judged")


OTHER = """\
$ORIGIN example.net.
$TTL 3600
@ SOA ns1.example.com. hostmaster.example.com. 1 7200 1800 1209600 3600
@ NS ns1.example.com.
@ NS nosuch.example.com.
@ MX 10 mail.example.com.
@ MX 20 maill.example.com.
@ TXT "v=spf1 include:example.com a:www.example.com -all"
_dmarc TXT "v=DMARC1; p=none; rua=mailto:d@example.com"
alias CNAME www.example.com.
_imaps._tcp SRV 0 0 993 www.sub.example.com.
"""


def test_other_zones_are_not_walked() -> None:
    """Whatever a rule wants of them, it looks names up."""
    one, other = read(f'{BASE}sub NS ns1\nstray TXT "v=DMARC1"\n'), read(OTHER)
    world = world_of([one, other])
    huge = Zone(one.zone.origin, Unwalked(one.zone.nodes), one.zone.negative)
    expected = judge([other], world.zones, world.pointers, TODAY)
    found = judge([other], ZoneSet([huge, other.zone]), world.pointers, TODAY)

    assert {"MX004", "NS006"} <= {finding.code for finding in found[0].findings}
    assert expected[0].consulted == found[0].consulted
    assert [each.reason for each in expected[0].findings] == [
        each.reason for each in found[0].findings
    ]


def test_what_was_consulted() -> None:
    """Names of other zones and of no zone of ours, and one's own that are delegated."""
    lines = "sub NS ns1\n@ MX 20 mail.sub\n@ MX 30 mx.example.net.\n"
    candidate = read(BASE + lines)
    world = world_of([candidate])
    (judgement,) = judge([candidate], world.zones, world.pointers, TODAY)

    assert names("mail.sub.example.com.", "mx.example.net.") <= judgement.consulted
    assert not [
        str(each)
        for each in judgement.consulted
        if each.is_below(candidate.zone.origin) and not each.is_below(name("sub.example.com."))
    ]


def test_own_name_that_a_child_zone_has_is_consulted() -> None:
    """Whether its records can be read is for the child to say, delegated or not."""
    dmarc = '_dmarc.sub TXT "v=DMARC1; p=none; rua=mailto:d@example.com"'
    candidate = read(f"{BASE}sub A 192.0.2.1\n{dmarc}\n")
    child = read(OTHER.replace("example.net.", "sub.example.com."))
    world = world_of([candidate, child])
    (judgement,) = judge([candidate], world.zones, world.pointers, TODAY)

    assert child.zone.origin in judgement.consulted
