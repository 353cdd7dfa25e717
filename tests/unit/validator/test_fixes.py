"""Fixes: which mistakes have one way out, what becomes of them, and what is left alone."""

from dataclasses import replace

import pytest

from tests.unit.validator.fixing import APEX, FOLDER, OTHER, codes, fixed, mend_zones, zone
from zoneserver.findings import Level, Mark, make_finding
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import MX, TXT, A
from zoneserver.records.rrset import Record
from zoneserver.validator.fixes import Fix, Judged, accepts
from zoneserver.validator.world import Candidate
from zoneserver.zone.build import build_zone
from zoneserver.zonefile.edit import Edit
from zoneserver.zonefile.source import Defaults, ZoneSource

ORIGIN = Name.parse("example.com.")
GOOD_MX = "{type: MX, value: {exchange: mail.example.com., preference: 10}}"


def mx(exchange: str, preference: str = "10") -> str:
    """One MX."""
    return f"{{type: MX, value: {{exchange: {exchange}, preference: {preference}}}}}"


def twice(type_: str, value: str, other: str = "") -> str:
    """A record with the same value twice, or with two."""
    return f"{{type: {type_}, values: [{value}, {other or value}]}}"


# Rule, a record at the apex of example.com., what becomes of it.
REWRITES = [
    # An exchanger that is an alias: its end, where that is a host of ours.
    ("MX001", mx("www.example.com."), mx("web.example.com.")),
    ("MX001", mx("'WWW.example.com.'"), mx("'web.example.com.'")),
    ("MX001", mx('"www.example.com."', "'7'"), mx('"web.example.com."', "'7'")),
    ("MX001", mx("far.example.com."), mx("host.example.net.")),
    ("MX001", mx("alias.example.net."), mx("host.example.net.")),
    ("MX001", mx("back.example.net."), mx("mail.example.com.")),
    ("MX001", mx("chain.example.com."), mx("web.example.com.")),
    ("MX001", mx("any.wild.example.com."), mx("mail.example.com.")),
    ("MX003", mx("mail.moved.example.com."), mx("mail.example.com.")),
    # A null MX.
    ("MX008", mx(".", "10"), mx(".", "0")),
    ("MX008", mx("'.'", "'10' "), mx("'.'", "'0' ")),
    (
        "MX008",
        "{type: MX, value: {priority: 5, value: .}}",
        "{type: MX, value: {priority: 0, value: .}}",
    ),
    # A forgotten dot.
    ("MX020", mx("mail.example.com"), mx("mail.example.com.")),
    ("MX020", mx("'mail.example.com'"), mx("'mail.example.com.'")),
    ("MX020", mx("host.example.net"), mx("host.example.net.")),
    ("MX020", mx("mail"), mx("mail.example.com.")),
    ("MX020", mx("mx.isp.net"), mx("mx.isp.net.")),
    ("MX020", mx("aspmx.l.google.com"), mx("aspmx.l.google.com.")),
    ("MX020", mx("mail.example.com.example.com."), mx("mail.example.com.")),
    ("SY013", "{type: NS, value: host.example.net}", "{type: NS, value: host.example.net.}"),
    (
        "SY013",
        "{type: HTTPS, value: {svcpriority: 1, targetname: web}}",
        "{type: HTTPS, value: {svcpriority: 1, targetname: web.example.com.}}",
    ),
    # A text with a line end that nobody wants.
    (
        "SY008",
        "type: TXT\n    value: |  # why\n      v=spf1 mx -all",
        "type: TXT\n    value: |-  # why\n      v=spf1 mx -all",
    ),
    (
        "SY008",
        "type: TXT\n    value: >\n      v=spf1 mx\n      -all",
        "type: TXT\n    value: >-\n      v=spf1 mx\n      -all",
    ),
    (
        "SY008",
        "type: TXT\n    values:\n    - |2\n        a\\; b\n    - b",
        "type: TXT\n    values:\n    - |2-\n        a\\; b\n    - b",
    ),
    # What is there twice.
    (
        "MX011",
        twice("MX", "{exchange: mail.example.com., preference: 10}"),
        "{type: MX, values: [{exchange: mail.example.com., preference: 10}]}",
    ),
    (
        "SY006",
        "type: A\n    values:\n      - 192.0.2.7 # one\n      - 192.0.2.7 # two",
        "type: A\n    values:\n      - 192.0.2.7 # one",
    ),
    (
        "SY006",
        twice("CAA", "{tag: issue, value: ca.example.net}"),
        "{type: CAA, values: [{tag: issue, value: ca.example.net}]}",
    ),
]
MORE = """\
chain: {type: CNAME, value: www.example.com.}
'*.wild': {type: CNAME, value: mail.example.com.}
moved: {type: DNAME, value: example.com.}
"""


@pytest.mark.parametrize(("code", "before", "after"), REWRITES)
def test_rewrites(code: str, before: str, after: str) -> None:
    """One finding, one change; all other octets stay, and there is nothing more to do."""
    result = fixed(zone(before, more=MORE), example_net=OTHER)

    assert result == zone(after, more=MORE)
    assert codes(zone(before, more=MORE), example_net=OTHER) == [code]
    assert codes(result, example_net=OTHER) == []


# Records at the apex of example.com. that no fix touches.
LEFT = [
    # No end that is a host of ours.
    mx("away.example.com."),
    mx("lost.example.net."),
    mx("loop.example.com."),
    mx("two.example.com."),
    mx("nobody.example.com."),
    mx("192.0.2.25"),
    # The end of the alias is no place to send mail to either.
    mx("loopback.example.com."),
    # Which of the two is meant?
    twice(
        "MX", "{exchange: ., preference: 10}", "{exchange: mail.example.com., preference: 20}"
    ),
    "{type: MX, value: {exchange: ., preference: 010}}",
    # It is written in octets.
    r"{type: MX, value: '\# 3 000a00'}",
    r"{type: MX, value: '\# 19 000a03777777076578616d706c6503636f6d00'}",
    # Both readings exist, or none does.
    mx("host.example.net.hosts"),
    mx("both.example.net"),
    mx("nobody.example.com"),
    mx("nobody"),
    # It may be a name below this zone that is written short.
    mx("mx.dev"),
    mx("mail.int.net"),
    # One reading would be below a child zone, or in a record that is not read.
    mx("mail.child"),
    mx("unread"),
    # It is no name.
    mx("192.0.2.25."),
    mx("user@example.com"),
    mx("mail.example.com:25"),
    mx("https://mail.example.com"),
    "{type: SRV, value: {priority: 1, weight: 1, port: 1, target: user@example.com}}",
    "{type: SRV, value: {priority: 1, weight: 1, port: 1, target: 192.0.2.1}}",
    # With the origin behind it, it would be too long.
    f"{{type: DNAME, value: {'.'.join(['long' * 12] * 5)}}}",
    # One that is twice in a foreign zone may be meant.
    mx("host.example.net.example.net."),
    # The line ends inside have two readings.
    "type: TXT\n    value: |\n      v=DKIM1; k=rsa;\n      p=abc",
    'type: TXT\n    value: "v=spf1 -all\\n"',
    "type: TXT\n    value: |+\n      v=spf1 -all\n",
    # Repeats that do not say the same.
    twice(
        "MX",
        "{exchange: mail.example.com., preference: 10}",
        "{exchange: mail.example.com., preference: 20}",
    ),
    "{type: A, ttl: 60, value: 192.0.2.7}\n  - {type: A, ttl: 90, value: 192.0.2.7}",
    # The repeat is known by its anchor, or is an alias.
    "{type: A, values: [192.0.2.7, &a 192.0.2.7]}\n  - {type: TXT, value: *a}",
    "{type: A, values: [&a 192.0.2.7, *a]}",
]
LEFT_MORE = """\
loop: {type: CNAME, value: pool.example.com.}
pool: {type: CNAME, value: loop.example.com.}
two: {type: CNAME, values: [web.example.com., mail.example.com.]}
loopback: {type: CNAME, value: local.example.com.}
local: {type: A, value: 127.0.0.1}
both.example.net: {type: A, value: 192.0.2.66}
host.example.net.hosts: {type: TXT, value: no address}
x.int.net: {type: A, value: 192.0.2.67}
dev: {type: A, value: 192.0.2.68}
child: {type: NS, values: [ns1.example.com., ns2.example.com.]}
unread: {type: A, value: 192.0.2.256}
"""
BOTH = OTHER + "both: {type: A, value: 203.0.113.2}\n"


@pytest.mark.parametrize("record", LEFT)
def test_left_alone(record: str) -> None:
    """What has no way out, or several, is for a person."""
    text = zone(record, more=LEFT_MORE)
    mended = mend_zones({"example.com": text, "example.net": BOTH})
    first = APEX.count("\n") + 1
    lines = range(first, first + record.count("\n") + 1)

    assert any(each.level > 0 and each.mark.line in lines for each in mended.findings)
    assert mended.changes == ()


def test_an_alias_into_a_zone_that_is_not_given() -> None:
    """Its end is not known, so it stays."""
    text = zone(mx("far.example.com."))

    assert codes(text, example_net=OTHER) == ["MX001"]
    assert codes(text) == []


@pytest.mark.parametrize(
    ("wildcard", "target", "fix"),
    [
        # A wildcard answers for anything, also for what nobody means.
        ("'*'", "mail.example.com", "mail.example.com."),
        ("'*'", "mx.isp.net", None),
        ("'*'", "elsewhere", None),
        ("'*.net'", "mx.isp.net", None),
    ],
)
def test_wildcards(wildcard: str, target: str, fix: str | None) -> None:
    """A name that only a wildcard makes is no proof that it is meant."""
    more = f"{wildcard}: {{type: A, value: 192.0.2.9}}\n"

    assert fixed(zone(mx(target), more=more)) == zone(mx(fix or target), more=more)


def test_one_fix_makes_room_for_the_next() -> None:
    """Two aliases of one host become one exchanger."""
    before = zone(mx("www.example.com."), GOOD_MX, mx("chain.example.com."), more=MORE)

    assert fixed(before) == zone(mx("web.example.com."), GOOD_MX, more=MORE)
    assert codes(before) == ["MX001", "MX001", "MX011"]


def test_no_error_comes_to_light() -> None:
    """A dot that makes an alias of an exchanger would trade one error for another."""
    before = zone(mx("new.example.com."), more="new: {type: CNAME, value: web.example.com}\n")

    assert fixed(before) == before


def test_three_times_the_same() -> None:
    """All but the first go, also where that empties a record."""
    record = "{type: A, values: [192.0.2.7, 192.0.2.7]}"
    before = zone("{type: A, value: 192.0.2.7}", record, "{type: TXT, value: x}")

    assert fixed(before) == zone("{type: A, value: 192.0.2.7}", "{type: TXT, value: x}")


def test_a_good_fix_beside_a_bad_one() -> None:
    """A fix that would make an error is dropped alone."""
    more = "local: {type: A, value: 127.0.0.1}\nlo: {type: CNAME, value: local.example.com.}\n"
    records = [mx(f"{name}.example.com.") for name in ("www", "lo", "far")]
    result = fixed(zone(*records, more=more), example_net=OTHER)

    assert result == zone(
        mx("web.example.com."), mx("lo.example.com."), mx("host.example.net."), more=more
    )


def test_an_anchor_whose_other_use_is_no_mistake() -> None:
    """A text that stands for two things changes for both, so it stays."""
    before = zone(
        "{type: MX, value: {exchange: &h www.example.com., preference: 10}}",
        more="x: {type: CNAME, value: *h}\n",
    )

    assert fixed(before) == before


def test_an_anchor_whose_uses_are_all_mistakes() -> None:
    """One change mends both."""
    before = zone(
        "{type: MX, value: &m {exchange: www.example.com., preference: 10}}",
        more="shop: {type: MX, value: *m}\nbar: {type: MX, value: {<<: *m, preference: 5}}\n",
    )

    assert fixed(before) == before.replace("exchange: www.", "exchange: web.")


def test_mail_directive() -> None:
    """Exchangers in `$mail` are mended where they stand."""
    before = "$mail: {exchanger: www.example.com.}\n" + zone()

    assert fixed(before) == "$mail: {exchanger: web.example.com.}\n" + zone()


def test_a_list_of_exchangers_keeps_its_order() -> None:
    """A place in the list is a preference: no item of it is taken out."""
    before = "$mail: {exchangers: [mail.example.com., web.example.com.]}\n" + zone(
        mx("mail.example.com."), GOOD_MX
    )

    assert fixed(before) == before.replace(f"  - {GOOD_MX}\n", "", 1)


def test_what_is_waived_stays() -> None:
    """Somebody wants it so."""
    waiver = "$allow: {rule: MX011, reason: because}\n"
    text = waiver + zone(GOOD_MX, GOOD_MX)

    assert fixed(text) == text
    assert fixed(zone(GOOD_MX, GOOD_MX)) == zone(GOOD_MX)


def test_nameservers_from_the_configuration() -> None:
    """They come in once the apex can be read, and are no reason to drop the fix."""
    text = zone(start="'':\n  - " + mx("mail.example.com") + "\n")
    defaults = Defaults(ns=(Name.parse("ns1.example.com."), Name.parse("ns2.example.com.")))
    mended = mend_zones({"example.com": text}, defaults)

    assert mended.texts[f"{FOLDER}/example.com.yaml"].decode() == text.replace(
        "exchange: mail.example.com,", "exchange: mail.example.com.,", 1
    )


@pytest.mark.parametrize("octets", [b"x: [\n", b"x: \xff\n", b"", b"- a\n", b"x: {type: A}\n"])
def test_files_that_say_nothing(octets: bytes) -> None:
    """What cannot be read is not changed."""
    mended = mend_zones({"example.com": octets})

    assert (mended.changes, mended.fixes) == ((), ())
    assert any(finding.blocks for finding in mended.findings)


def test_byte_order_mark_and_line_ends() -> None:
    """They stay as they are, also where whole lines go."""
    before = zone("type: A\n    values:\n    - 192.0.2.7\n    - 192.0.2.7 # ä", mx("mail"))
    after = zone("type: A\n    values:\n    - 192.0.2.7", mx("mail.example.com."))
    octets = ("\ufeff# 😀\n" + before).replace("\n", "\r\n").encode()
    mended = mend_zones({"example.com": octets})

    assert mended.texts[f"{FOLDER}/example.com.yaml"] == (
        ("\ufeff# 😀\n" + after).replace("\n", "\r\n").encode()
    )


# What `accepts` refuses, whoever proposes it.

MARK = Mark("example.com.yaml", 2, 3)
OLD, NEW = MX(10, Name.parse("www.example.com.")), MX(10, Name.parse("web.example.com."))
ADDRESS = Record(ORIGIN, rtypes.A, 300, A(bytes((192, 0, 2, 1))), MARK)
FINDING = make_finding("MX001", MARK, "why", origin=ORIGIN, owner=ORIGIN)
FIX = Fix(FINDING, Edit("example.com.yaml", 0, "a", "b"), "a becomes b", (OLD,), (NEW,))


def judged(*records: Record, findings: tuple[str, ...] = ()) -> Judged:
    """A zone with these records, and findings about its apex."""
    source = ZoneSource(ORIGIN, records)
    found = tuple(replace(FINDING, code=code, level=Level.ERROR) for code in findings)
    return Judged((Candidate(source, build_zone(source)),), found)


def exchanger(rdata: MX, owner: str = "example.com.", ttl: int = 300) -> Record:
    """An MX record."""
    return Record(Name.parse(owner), rtypes.MX, ttl, rdata, MARK)


BEFORE = judged(exchanger(OLD), ADDRESS, findings=("MX001",))


def test_accepted() -> None:
    """The finding is gone, the record is what the fix said it would be."""
    assert accepts(BEFORE, judged(exchanger(NEW), ADDRESS), [FIX])


@pytest.mark.parametrize(
    "after",
    [
        judged(exchanger(NEW), ADDRESS, findings=("MX001",)),
        judged(exchanger(NEW), ADDRESS, findings=("MX022",)),
        judged(exchanger(NEW)),
        judged(exchanger(NEW), ADDRESS, exchanger(MX(20, NEW.exchange))),
        judged(exchanger(MX(20, NEW.exchange)), ADDRESS),
        judged(exchanger(NEW), ADDRESS._replace(ttl=60)),
        judged(exchanger(NEW), ADDRESS._replace(owner=NEW.exchange)),
        judged(exchanger(NEW), ADDRESS, Record(ORIGIN, rtypes.TXT, 1, TXT((b"x",)), MARK)),
    ],
)
def test_not_accepted(after: Judged) -> None:
    """The finding is still there, there is another, or another record is not the same."""
    assert not accepts(BEFORE, after, [FIX])


def test_a_deletion_leaves_one() -> None:
    """What goes must be there once more, with the same TTL."""
    finding = replace(FINDING, code="MX011")
    deletion = Fix(finding, FIX.edit, "it goes", (OLD,))
    before = judged(exchanger(OLD), exchanger(OLD), ADDRESS, findings=("MX011",))
    different = judged(exchanger(OLD), exchanger(OLD, ttl=60), findings=("MX011",))

    assert accepts(before, judged(exchanger(OLD), ADDRESS), [deletion])
    assert not accepts(before, judged(ADDRESS), [deletion])
    assert not accepts(different, judged(exchanger(OLD)), [deletion])


def test_apex_is_written_in_the_base() -> None:
    """The tables start from a zone without an error."""
    assert APEX in zone()
    assert not any(finding.blocks for finding in mend_zones({"example.com": zone()}).findings)
