"""Zones and changes in words."""

import pytest

from zoneserver.names import Name
from zoneserver.service.checking.words import describe_changes, describe_route, describe_zone
from zoneserver.zone.build import build_zone
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import RefusedZone, ZoneSet
from zoneserver.zonefile.source import Defaults
from zoneserver.zonefile.yaml_zone import read_yaml_zone

ORIGIN = Name.parse("example.com.")
NS = "{type: NS, values: [ns.example.org., ns.example.net.]}"
A = "{type: A, value: 192.0.2.1}"


def include_nothing(path: str) -> bytes:
    """There is nothing to include."""
    raise FileNotFoundError(path)


def zone(text: str, serial: int = 1) -> Zone:
    """The zone of a file's text, with a serial."""
    files = {"zones/example.com.yaml": f"$soa: {{serial: {serial}}}\n{text}".encode()}
    return build_zone(read_yaml_zone(ORIGIN, files, include_nothing, Defaults()))


def mx(*pairs: tuple[int, str]) -> str:
    """An MX RRset."""
    values = ", ".join(f"{{preference: {pref}, exchange: {host}}}" for pref, host in pairs)
    return f"{{type: MX, values: [{values}]}}"


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (mx((20, "b.example."), (10, "a.example.")), "a.example. (10), b.example. (20)"),
        (
            mx(*((index, "a.") for index in range(1, 8))),
            "a. (1), a. (2), a. (3), a. (4), a. (5), ...",
        ),
        (mx((0, ".")), "nobody (null MX)"),
        (A, "its own address (no MX)"),
        ("{type: AAAA, value: '2001:db8::1'}", "its own address (no MX)"),
        ("{type: TXT, value: x}", "nobody (neither MX nor address)"),
        ("{type: CNAME, value: a.example.}", "wherever mail for a.example. goes (CNAME)"),
    ],
)
def test_where_mail_goes(records: str, words: str) -> None:
    """In the words of RFC 5321 5.1, as far as one zone knows."""
    built = zone(f"'': {NS}\nhost: [{records}]\n")

    assert describe_route(built.find(Name.parse("host.example.com."))) == words


def test_zone_in_one_line() -> None:
    """Serial, size, mail."""
    built = zone(f"'': [{NS}, {mx((10, 'a.example.net.'))}]\n", 2026112301)

    assert describe_zone(built) == (
        "example.com. serial 2026112301, 4 records, mail to a.example.net. (10)"
    )


def texts(old: ZoneSet, new: ZoneSet) -> list[str]:
    """What is said of two sets of zones."""
    return [change.text for change in describe_changes(old, new)]


def changes(old: str, new: str) -> list[str]:
    """What is said when a text takes the place of another one."""
    return texts(ZoneSet([zone(old, 1)]), ZoneSet([zone(new, 2)]))


def test_mail_that_goes_elsewhere_is_said() -> None:
    """Every name whose MX changed, and only those."""
    to_a, to_b = mx((10, "a.example.net.")), mx((10, "b.example.net."))
    old = f"'': [{NS}, {to_a}]\nlists: {to_a}\nwww: {A}\n"
    new = f"'': [{NS}, {to_b}]\nlists: {A}\nwww: {A}\n"

    assert changes(old, new) == [
        "changed: example.com. serial 1 to 2, 6 records, 2 names differ",
        "mail for example.com. now goes to b.example.net. (10)",
        "mail for lists.example.com. now goes to its own address (no MX)",
    ]


def test_order_and_comments_are_no_change() -> None:
    """The serial alone is one, but nobody's mail moves."""
    old = f"'': [{NS}, {mx((10, 'a.example.net.'), (20, 'b.example.net.'))}]\n"
    new = f"# new\n'': [{mx((20, 'b.example.net.'), (10, 'a.example.net.'))}, {NS}]\n"
    same = texts(ZoneSet([zone(old)]), ZoneSet([zone(new)]))

    assert same == []
    assert changes(old, new) == [
        "changed: example.com. serial 1 to 2, 5 records, 1 name differ"
    ]


def test_many_routes_are_counted() -> None:
    """A move of a whole zone does not fill the log."""
    old = "".join(f"h{index}: {mx((10, 'a.example.net.'))}\n" for index in range(50))
    lines = changes(f"'': {NS}\n{old}", f"'': {NS}\n{old.replace('a.example', 'b.example')}")

    assert len(lines) == 22
    assert lines[-1] == "... and so for 30 further names"


def test_zones_that_come_go_and_are_refused() -> None:
    """One line each."""
    built, refused = zone(f"'': {NS}\n"), RefusedZone(ORIGIN)

    assert texts(ZoneSet(), ZoneSet([built])) == [
        "added: example.com. serial 1, 3 records, mail to nobody (neither MX nor address)"
    ]
    assert texts(ZoneSet([built]), ZoneSet()) == ["removed: example.com."]
    assert texts(ZoneSet(), ZoneSet([refused])) == ["example.com. refused"]
    assert texts(ZoneSet([refused]), ZoneSet([refused])) == []
    assert len(texts(ZoneSet([refused]), ZoneSet([built]))) == 1
