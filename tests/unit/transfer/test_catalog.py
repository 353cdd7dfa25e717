"""Catalog zones: what they list, when they are broken, and what becomes of their members."""

import pytest

from zoneserver.errors import TransferError
from zoneserver.names import Name
from zoneserver.transfer.catalog import (
    Held,
    Member,
    Members,
    read_catalog,
    update_members,
    write_catalog,
)
from zoneserver.zonefile.master import read_master_zone

CAT, NEW = Name.parse("cat.example."), Name.parse("new.example.")
COM, NET, ORG = (Name.parse(f"example.{each}.") for each in ("com", "net", "org"))
HEAD = """\
@ 0 IN SOA invalid. invalid. 1 3600 600 2147483646 0
@ 0 IN NS invalid.
"""
VERSION = 'version 0 IN TXT "2"\n'
UNKNOWN = """\
a.zones PTR example.com.
a.zones TXT hello
group.a.zones A 192.0.2.1
primaries.ext.a.zones A 192.0.2.1
serial.a.zones TXT 7
colour.ext TXT red
x.y.a.zones PTR example.net.
b.zones.other.example. PTR example.org.
version.other.example. TXT "3"
zones PTR example.net.
b.others PTR example.org.
"""


def no_file(path: str) -> bytes:
    """Catalogs have one file."""
    raise OSError(path)


def read(text: str, origin: Name = CAT) -> dict[Name, Member]:
    """What a master file lists."""
    return read_catalog(origin, read_master_zone("", text.encode(), origin, no_file).records)


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("", {}),
        ("a.zones PTR example.com.", {COM: Member("a")}),
        ("A.Zones PTR Example.COM.", {COM: Member("a")}),
        (
            "a.zones PTR example.com.\nb.zones PTR example.net.\n",
            {COM: Member("a"), NET: Member("b")},
        ),
        (
            "a.zones PTR example.com.\ngroup.a.zones TXT gold\ngroup.a.zones TXT dull\n",
            {COM: Member("a", ("gold", "dull"))},
        ),
        (
            "a.zones PTR example.com.\ncoo.a.zones PTR new.example.\n",
            {COM: Member("a", (), NEW)},
        ),
        # What is not known is left alone: properties, types, things elsewhere.
        (UNKNOWN, {COM: Member("a")}),
        # A group without a member is nothing.
        ("group.b.zones TXT gold", {}),
        ("a.zones PTR .", {Name.parse("."): Member("a")}),
    ],
)
def test_members_are_read(text: str, members: dict[Name, Member]) -> None:
    """With their labels, which say whether a member is the one that it was."""
    assert members == read(HEAD + VERSION + text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        'version TXT "1"',
        'version TXT "2"\nversion TXT "3"',
        'version TXT "2" "2"',
        'version A 192.0.2.2\nx.version TXT "2"',
        VERSION + "a.zones PTR example.com.\na.zones PTR example.net.\n",
        VERSION + "a.zones PTR example.com.\nb.zones PTR EXAMPLE.com.\n",
        VERSION + "a.zones PTR example.com.\ncoo.a.zones PTR a.\ncoo.a.zones PTR b.\n",
    ],
)
def test_broken_catalog_is_refused(text: str) -> None:
    """Whole: half of its members would be as bad as none (RFC 9432 4.1, 4.2.1, 4.3.1)."""
    with pytest.raises(TransferError):
        read(HEAD + text)


def test_what_is_written_is_read() -> None:
    """Whatever the zones and groups are called."""
    slash = Name.parse("0/25.2.0.192.in-addr.arpa.")
    zones = {COM: ["gold", 'a "b" \\ c'], NET: [], slash: ["ü"]}
    members = read(write_catalog(CAT, zones))

    assert {zone: set(groups) for zone, groups in zones.items()} == {
        zone: set(member.groups) for zone, member in members.items()
    }
    assert 3 == len({member.label for member in members.values()})


def test_label_of_a_zone_stays_whatever_else_is_listed() -> None:
    """A new one would have every server fetch the zone anew (RFC 9432 5.6)."""
    alone, beside = (
        read(write_catalog(CAT, {COM: []})),
        read(write_catalog(CAT, {NET: [], COM: ["gold"]})),
    )

    assert alone[COM].label == beside[COM].label


HELD = {COM: Held(CAT, Member("a")), NET: Held(CAT, Member("b"))}
BOTH: Members = {COM: Member("a"), NET: Member("b")}


@pytest.mark.parametrize(
    ("catalogs", "held", "reset", "clashes"),
    [
        ({CAT: BOTH}, HELD, set(), []),
        ({CAT: {COM: Member("a")}}, {COM: HELD[COM]}, set(), []),
        ({CAT: {}}, {}, set(), []),
        # Of a broken or absent catalog everything stays (RFC 9432 5.1).
        ({CAT: None}, HELD, set(), []),
        # Of one that is configured no more, nothing.
        ({}, {}, set(), []),
        # Another label: another zone (RFC 9432 5.4).
        (
            {CAT: {COM: Member("z"), NET: Member("b")}},
            {COM: Held(CAT, Member("z")), NET: HELD[NET]},
            {COM},
            [],
        ),
        # Another group is no reason to begin anew.
        (
            {CAT: {COM: Member("a", ("gold",)), NET: Member("b")}},
            {COM: Held(CAT, Member("a", ("gold",))), NET: HELD[NET]},
            set(),
            [],
        ),
        # What one catalog holds, another cannot take (RFC 9432 5.2),
        ({CAT: BOTH, NEW: {COM: Member("a")}}, HELD, set(), [(COM, NEW)]),
        # unless the first one says so (RFC 9432 4.3.1): as it is, if the label is the same.
        (
            {CAT: {**BOTH, COM: Member("a", (), NEW)}, NEW: {COM: Member("a")}},
            {COM: Held(NEW, Member("a")), NET: HELD[NET]},
            set(),
            [],
        ),
        (
            {CAT: {**BOTH, COM: Member("a", (), NEW)}, NEW: {COM: Member("n")}},
            {COM: Held(NEW, Member("n")), NET: HELD[NET]},
            {COM},
            [],
        ),
        # Before the new one has it, it stays; so it does if we know no such catalog.
        (
            {CAT: {**BOTH, COM: Member("a", (), NEW)}, NEW: {}},
            {COM: Held(CAT, Member("a", (), NEW)), NET: HELD[NET]},
            set(),
            [],
        ),
        # Removed here and added there is a new zone, whatever its label.
        (
            {CAT: {NET: Member("b")}, NEW: {COM: Member("a")}},
            {COM: Held(NEW, Member("a")), NET: HELD[NET]},
            {COM},
            [],
        ),
        # A zone of the configuration is nobody's member, and was none.
        (
            {CAT: {**BOTH, ORG: Member("o")}},
            HELD,
            set(),
            [(ORG, CAT)],
        ),
    ],
)
def test_members_become_what_the_catalogs_say(
    catalogs: dict[Name, Members | None],
    held: dict[Name, Held],
    reset: set[Name],
    clashes: list[tuple[Name, Name]],
) -> None:
    """And no more than that: what is not said stays as it is."""
    update = update_members(HELD, catalogs, {ORG})

    assert held == update.held
    assert reset == update.reset
    assert clashes == list(update.clashes)


def test_zone_that_is_configured_meanwhile_is_a_member_no_more() -> None:
    """The configuration comes first."""
    update = update_members(HELD, {CAT: BOTH}, {COM})

    assert {NET: HELD[NET]} == update.held
    assert ((COM, CAT),) == update.clashes
