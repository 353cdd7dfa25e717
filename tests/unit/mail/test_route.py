"""How mail for a domain is handled: one row for each way that RFC 5321 5.1 knows."""

import pytest

from tests.unit.mail.zones import OTHER, explain_in, judge_zones, read
from tests.unit.validator.judging import BASE
from zoneserver.names import Name

Rounds = list[tuple[int, str]]

CHILD = BASE.replace("$ORIGIN example.com.", "$ORIGIN sub.example.com.")

# lines beside the base zone, domain, outcome and handling and name behind the aliases, rounds
ROUTES: list[tuple[str, str, str, Rounds]] = [
    ("", "example.com", "delivered mx example.com.", [(10, "mail")]),
    ("", "EXAMPLE.COM", "delivered mx EXAMPLE.COM.", [(10, "mail")]),
    (
        "@ MX 5 www\n@ MX 10 ns1",
        "example.com",
        "delivered mx example.com.",
        [(5, "www"), (10, "mail ns1")],
    ),
    ("", "www.example.com", "delivered implicit-mx www", [(0, "www")]),
    ("six AAAA 2606:4700::1", "six.example.com", "delivered implicit-mx six", [(0, "six")]),
    ("lo A 127.0.0.1", "lo.example.com", "bounced implicit-mx lo", [(0, "lo")]),
    ("no MX 0 .", "no.example.com", "refused null-mx no", []),
    ("no MX 0 .\nno A 192.0.2.7", "no.example.com", "refused null-mx no", []),
    ("text TXT x", "text.example.com", "bounced no-address text", []),
    ("a.ent A 192.0.2.7", "ent.example.com", "bounced no-address ent", []),
    ("", "nosuch.example.com", "bounced no-such-name nosuch", []),
    ("", "example.org", "unknown not-ours example.org.", []),
    ("", "com", "unknown not-ours com.", []),
    # Aliases of the domain are followed.
    ("shop CNAME @", "shop.example.com", "delivered mx example.com.", [(10, "mail")]),
    ("shop CNAME www", "shop.example.com", "delivered implicit-mx www", [(0, "www")]),
    ("shop CNAME nosuch", "shop.example.com", "bounced no-such-name nosuch", []),
    ("shop CNAME x.example.org.", "shop.example.com", "unknown not-ours x.example.org.", []),
    ("a CNAME b\nb CNAME a", "a.example.com", "bounced alias-loop a", []),
    (
        "old DNAME new\nx.new MX 10 mail",
        "x.old.example.com",
        "delivered mx x.new",
        [(10, "mail")],
    ),
    (
        "".join(f"c{n} CNAME c{n + 1}\n" for n in range(10)) + "c10 MX 10 mail",
        "c0.example.com",
        "delivered mx c10",
        [(10, "mail")],
    ),
    (
        "".join(f"c{n} CNAME c{n + 1}\n" for n in range(20)) + "c20 MX 10 mail",
        "c0.example.com",
        "bounced alias-loop c17",
        [],
    ),
    ("old DNAME x.old", "a.old.example.com", "bounced alias-loop a" + ".x" * 17 + ".old", []),
    # Wildcards (RFC 4592).
    ("* MX 10 mail", "any.example.com", "delivered mx any", [(10, "mail")]),
    ("* MX 10 mail", "www.example.com", "delivered implicit-mx www", [(0, "www")]),
    ("*.w A 192.0.2.7", "any.w.example.com", "delivered implicit-mx any.w", [(0, "any.w")]),
    # Zone cuts.
    ("sub NS ns.example.org.", "sub.example.com", "unknown delegated sub", []),
    ("sub NS ns.example.org.", "x.sub.example.com", "unknown delegated x.sub", []),
    ("sub NS ns1\nsub A 192.0.2.7", "sub.example.com", "unknown delegated sub", []),
    # Exchangers of every kind.
    ("x MX 1 mx.example.org.", "x.example.com", "unknown mx x", [(1, "mx.example.org.")]),
    (
        "x MX 1 nosuch\nx MX 2 mail",
        "x.example.com",
        "delivered mx x",
        [(1, "nosuch"), (2, "mail")],
    ),
    (
        "x MX 1 nosuch\nx MX 2 mx.example.org.",
        "x.example.com",
        "unknown mx x",
        [(1, "nosuch"), (2, "mx.example.org.")],
    ),
    ("x MX 1 nosuch", "x.example.com", "bounced mx x", [(1, "nosuch")]),
    ("x MX 1 a\na CNAME mail", "x.example.com", "bounced mx x", [(1, "a")]),
    (
        "x MX 1 a.old\nold DNAME new\na.new A 192.0.2.7",
        "x.example.com",
        "bounced mx x",
        [(1, "a.old")],
    ),
    ("x MX 1 text\ntext TXT y", "x.example.com", "bounced mx x", [(1, "text")]),
    ("x MX 1 192.0.2.7.", "x.example.com", "bounced mx x", [(1, "192.0.2.7.")]),
    ("x MX 1 localhost.", "x.example.com", "bounced mx x", [(1, "localhost.")]),
    ("x MX 1 lo\nlo A 127.0.0.1", "x.example.com", "bounced mx x", [(1, "lo")]),
    ("x MX 1 in\nin A 10.0.0.7", "x.example.com", "delivered mx x", [(1, "in")]),
    ("x MX 1 h.sub\nsub NS ns.example.org.", "x.example.com", "unknown mx x", [(1, "h.sub")]),
    ("x MX 0 .\nx MX 5 nosuch", "x.example.com", "bounced mx x", [(0, "."), (5, "nosuch")]),
    ("x MX 5 .", "x.example.com", "refused null-mx x", []),
    # What cannot be read is not called missing.
    ("x MX ten mail", "x.example.com", "bounced unreadable x", []),
    ("x MX ten mail\nx A 192.0.2.7", "x.example.com", "bounced unreadable x", []),
    ("x MX 1 bad\nbad A 192.0.2.999", "x.example.com", "bounced mx x", [(1, "bad")]),
]


def short(name: Name) -> str:
    """A name, those below example.com. without it."""
    return str(name).removesuffix(".example.com.")


@pytest.mark.parametrize(("lines", "domain", "handled", "rounds"), ROUTES)
def test_route(lines: str, domain: str, handled: str, rounds: Rounds) -> None:
    """The outcome, the way it comes about, and the hosts in the order they are tried."""
    route = explain_in(lines, f"info@{domain}").route

    assert route is not None
    name = short(route.reply.name)
    assert f"{route.fate.value} {route.manner.value} {name}" == handled
    assert [
        (preference, " ".join(short(each.target.name) for each in members))
        for preference, members in route.rounds
    ] == rounds


@pytest.mark.parametrize(
    ("lines", "other", "domain", "outcome", "hosts"),
    [
        (
            "shop CNAME x.example.net.",
            "x MX 10 y\ny A 192.0.2.7",
            "shop.example.com",
            "delivered",
            ["y.example.net."],
        ),
        ("shop CNAME example.net.", "@ MX 0 .", "shop.example.com", "refused", []),
        ("a CNAME b.example.net.", "b CNAME a.example.com.", "a.example.com", "bounced", []),
        (
            "x MX 1 y.example.net.",
            "y A 192.0.2.7",
            "x.example.com",
            "delivered",
            ["y.example.net."],
        ),
        (
            "x MX 1 y.example.net.",
            "z A 192.0.2.7",
            "x.example.com",
            "bounced",
            ["y.example.net."],
        ),
        (
            "x MX 1 y.example.net.",
            "y CNAME mail.example.com.",
            "x.example.com",
            "bounced",
            ["y.example.net."],
        ),
    ],
)
def test_route_through_another_zone_of_ours(
    lines: str, other: str, domain: str, outcome: str, hosts: list[str]
) -> None:
    """Aliases and exchangers are followed into every zone that is served."""
    route = explain_in(lines, domain, f"{OTHER}{other}\n").route

    assert route is not None
    assert route.fate.value == outcome
    assert [str(each.target.name) for each in route.exchangers] == hosts


@pytest.mark.parametrize("domain", ["sub.example.com", "alias.example.com"])
def test_child_zone_of_ours(domain: str) -> None:
    """Below a zone cut the child zone decides, also for an alias that leads there."""
    parent = f"{BASE}sub NS ns1\nsub NS ns2\nalias CNAME sub\n"
    route = judge_zones(read(parent), read(CHILD)).explain(domain).route

    assert route is not None
    assert [str(each.target.name) for each in route.exchangers] == ["mail.sub.example.com."]


def test_child_zone_without_a_delegation() -> None:
    """Resolvers that ask this server get the child's data even if the parent forgot it."""
    parent = f"{BASE}alias CNAME sub\nsub MX 10 www\n"
    route = judge_zones(read(parent), read(CHILD)).explain("alias.example.com").route

    assert route is not None
    assert [str(each.target.name) for each in route.exchangers] == ["mail.sub.example.com."]


def test_zone_that_cannot_be_read() -> None:
    """A zone of ours without a readable file is not somebody else's zone."""
    route = judge_zones(read(BASE), refused="example.net.").explain("example.net").route

    assert route is not None
    assert (route.fate.value, route.manner.value) == ("bounced", "unreadable")


def test_name_that_a_dname_makes_too_long() -> None:
    """RFC 6672 2.2: a substitution over 255 octets ends the search."""
    labels = ".".join(["x" * 60] * 3)
    route = explain_in(f"old DNAME {labels}", f"{labels[:121]}.old.example.com").route

    assert route is not None
    assert (route.fate.value, route.manner.value) == ("bounced", "alias-loop")
