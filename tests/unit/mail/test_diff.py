"""What a new version of zones changes: mail in words, records one by one."""

import json

import pytest

from tests.unit.mail.zones import OTHER, read
from tests.unit.validator.judging import BASE
from zoneserver.mail.diff import Difference, compare
from zoneserver.mail.diff_text import format_difference
from zoneserver.mail.document import difference_document

OURS = f"{OTHER}@ MX 10 mail\nmail A 198.51.100.25\n"
HOUR = "; known everywhere within 1 hour"


def compare_texts(old: list[str], new: list[str]) -> Difference:
    """The difference between two sets of master files."""
    return compare(*([read(text).zone for text in texts] for texts in (old, new)))


def changed(old: str, new: str) -> Difference:
    """The difference between two versions of the base zone, each with lines of its own."""
    return compare_texts([f"{BASE}{old}\n"], [f"{BASE}{new}\n"])


def mail_lines(difference: Difference) -> list[str]:
    """The lines about mail: hosts of example.com. by their label, without the usual TTL."""
    lines = format_difference(difference).replace(".example.com.", "").splitlines()
    return [line.removesuffix(HOUR) for line in lines if "mail for" in line]


# lines before, lines after, what is said of mail
MAIL = [
    ("x MX 1 mail", "x MX 1 mail", []),
    ("x MX 1 mail", "x MX 7 mail", []),
    ("x MX 1 mail", "x MX 1 MAIL", []),
    ("x MX 1 mail\nx MX 2 www", "x MX 3 mail\nx MX 20 www", []),
    ("x A 8.8.8.8", "x A 8.8.4.4", []),
    ("x A 8.8.8.8", "", []),
    ("", "x A 8.8.8.8", []),
    ("x MX 1 mail", "x MX 1 www", ["mail for x: was mail; will be www"]),
    (
        "x MX 1 mail\nx MX 2 www",
        "x MX 1 www\nx MX 2 mail\nx MX 2 ns1",
        ["mail for x: was mail, then www; will be www, then mail or ns1"],
    ),
    (
        "x MX 1 mail\nx MX 2 www",
        "x MX 1 mail\nx MX 1 www",
        ["mail for x: was mail, then www; will be mail or www"],
    ),
    (
        "x MX 1 mail",
        "x MX 1 mx.example.org.",
        ["mail for x: was mail; will be mx.example.org."],
    ),
    (
        "x A 8.8.8.8",
        "x A 8.8.8.8\nx MX 1 mail",
        ["mail for x: was handled by the name itself (no MX); will be mail"],
    ),
    (
        "x A 8.8.8.8\nx MX 1 mail",
        "x A 8.8.8.8",
        ["mail for x: was mail; will be handled by the name itself (no MX)"],
    ),
    ("", "x MX 1 mail", ["mail for x: was nobody's (no such name); will be mail"]),
    ("x MX 0 .", "x MX 1 mail", ["mail for x: was refused (null MX); will be mail"]),
    # Lost.
    ("x MX 1 mail", "", ["LOST: mail for x: was mail; will be nobody's (no such name)"]),
    (
        "x MX 1 mail",
        "x TXT y",
        ["LOST: mail for x: was mail; will be nobody's (neither MX nor address)"],
    ),
    ("x MX 1 mail", "x MX 0 .", ["LOST: mail for x: was mail; will be refused (null MX)"]),
    (
        "h CNAME mail\nx MX 1 h",
        "h CNAME mail",
        ["LOST: mail for x: was h (an alias); will be nobody's (no such name)"],
    ),
    (
        "x MX 1 mail",
        "x MX 1 nosuch",
        ["LOST: mail for x: was mail; will be nosuch (no such name)"],
    ),
    (
        "x MX 1 mail",
        "x MX 1 192.0.2.7.",
        ["LOST: mail for x: was mail; will be 192.0.2.7. (MX002)"],
    ),
    (
        "x MX 1 h\nh A 8.8.8.8",
        "x MX 1 h\nh CNAME mail",
        ["LOST: mail for x: was h; will be h (an alias)"],
    ),
    (
        "x MX 1 h\nh A 8.8.8.8",
        "x MX 1 h\nh TXT y",
        ["LOST: mail for x: was h; will be h (no address)"],
    ),
    (
        "x MX 1 mx.example.org.",
        "",
        ["LOST: mail for x: was mx.example.org.; will be nobody's (no such name)"],
    ),
    (
        "x MX 1 mail",
        "x CNAME x",
        ["LOST: mail for x: was mail; will be nobody's (aliases in a circle)"],
    ),
    (
        "x MX 1 mail\ny MX 1 mail",
        "",
        ["LOST: mail for x and y: was mail; will be nobody's (no such name)"],
    ),
    # Worse, but not lost: one host is left, or somebody else knows more.
    (
        "x MX 1 h\nx MX 2 mail\nh A 8.8.8.8",
        "x MX 1 h\nx MX 2 mail",
        ["mail for x: was h, then mail; will be h (no such name), then mail"],
    ),
    ("x MX 1 mail", "x NS ns1", ["mail for x: was mail; will be left to the child zone x"]),
    (
        "x MX 1 mail",
        "x CNAME x.example.org.",
        ["mail for x: was mail; will be left to x.example.org., outside the zones served here"],
    ),
    # What took no mail before cannot lose it.
    ("x MX 0 .", "", ["mail for x: was refused (null MX); will be nobody's (no such name)"]),
    (
        "x MX 1 nosuch",
        "",
        ["mail for x: was nosuch (no such name); will be nobody's (no such name)"],
    ),
    # Aliases: mail follows them, and they are names that people have.
    (
        "a CNAME x\nx MX 1 mail",
        "a CNAME x\nx MX 1 www",
        ["mail for a and x: was mail; will be www"],
    ),
    (
        "a CNAME x\nx MX 1 mail",
        "x MX 1 mail",
        ["LOST: mail for a: was mail; will be nobody's (no such name)"],
    ),
    ("a CNAME www", "", []),
    (
        "a CNAME x\nx MX 1 mail",
        "a CNAME www\nx MX 1 mail",
        ["mail for a: was mail; will be handled by www itself (no MX)"],
    ),
    # Wildcards: a name that comes into being is no longer covered (RFC 4592 2.2.1).
    ("* MX 1 mail", "* MX 1 www", ["mail for *: was mail; will be www"]),
    ("*.w MX 1 mail", "", ["LOST: mail for *.w: was mail; will be nobody's (no such name)"]),
    # *.w makes w exist, so that * does not cover it (RFC 4592 2.2.2).
    (
        "*.w MX 1 mail\n* MX 1 www",
        "* MX 1 www",
        [
            "mail for w: was nobody's (neither MX nor address); will be www",
            "mail for *.w: was mail; will be www",
        ],
    ),
    (
        "* MX 1 mail",
        "* MX 1 mail\nx A 8.8.8.8",
        ["mail for x: was mail; will be handled by the name itself (no MX)"],
    ),
    (
        "* MX 1 mail",
        "* MX 1 mail\nx TXT y",
        ["LOST: mail for x: was mail; will be nobody's (neither MX nor address)"],
    ),
    (
        "* MX 1 mail",
        "* MX 1 mail\nh.x MX 1 mail",
        ["LOST: mail for x: was mail; will be nobody's (neither MX nor address)"],
    ),
    (
        "* MX 1 mail\nx A 8.8.8.8",
        "* MX 1 mail",
        ["mail for x: was handled by the name itself (no MX); will be mail"],
    ),
    ("* MX 1 mail", '* MX 1 mail\n_dmarc TXT "v=DMARC1; p=none"', []),
]


@pytest.mark.parametrize(("old", "new", "lines"), MAIL)
def test_mail(old: str, new: str, lines: list[str]) -> None:
    """Who takes the mail of a name, before and after, and whether anybody does."""
    difference = changed(old, new)

    assert mail_lines(difference) == lines
    assert difference.loses_mail == any(line.startswith("LOST") for line in lines)


APEX = [
    (
        "@ MX 10 mail\n",
        "",
        "LOST: mail for example.com.: was mail; will be nobody's (neither MX nor address)",
    ),
    (
        "@ MX 10 mail\n",
        "@ A 8.8.8.8\n",
        "mail for example.com.: was mail; will be handled by the name itself (no MX)",
    ),
]


@pytest.mark.parametrize(("old", "new", "line"), APEX)
def test_apex(old: str, new: str, line: str) -> None:
    """The name of the zone is a mail domain, with an MX and without."""
    assert mail_lines(compare_texts([BASE], [BASE.replace(old, new)])) == [line]


def test_apex_without_an_mx_loses_its_address() -> None:
    """The implicit MX of a zone's own name counts as mail."""
    zone = BASE.replace("@ MX 10 mail\n", "")
    difference = compare_texts([f"{zone}@ A 8.8.8.8\n"], [zone])

    assert difference.loses_mail


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "mail A 192.0.2.25",
            "mail A 192.0.2.9",
            "mail for example.com., a and b goes to 192.0.2.9 instead of 192.0.2.25 (mail)",
        ),
        (
            "mail A 192.0.2.25",
            "mail A 192.0.2.25\nmail AAAA 2001:db8::25",
            (
                "mail for example.com., a and b goes to 192.0.2.25 and 2001:db8::25"
                " instead of 192.0.2.25 (mail)"
            ),
        ),
    ],
)
def test_move(old: str, new: str, line: str) -> None:
    """Another address of a shared host moves the mail of all names that use it."""
    zone = f"{BASE}a MX 10 mail\nb MX 10 mail\n".replace("@ MX", "@ 600 MX")
    difference = compare_texts([zone], [zone.replace(old, new)])
    (move,) = difference.moves

    assert [str(name) for name in move.names] == [
        "example.com.",
        "a.example.com.",
        "b.example.com.",
    ]
    assert mail_lines(difference) == [line]
    assert not difference.loses_mail


def test_move_in_another_zone() -> None:
    """The host may be in another zone than the names whose mail it takes."""
    ours = BASE.replace("@ MX 10 mail", "@ MX 10 mail.example.net.")
    moved = OURS.replace("198.51.100.25", "198.51.100.9")

    assert mail_lines(compare_texts([ours, OURS], [ours, moved])) == [
        (
            "mail for example.com. and example.net. goes to 198.51.100.9"
            " instead of 198.51.100.25 (mail.example.net.)"
        )
    ]


def test_many_names_are_told_in_one_line() -> None:
    """Names that share a change share a line, and the rest is counted."""
    old = "\n".join(f"x{n} MX 1 mail" for n in range(8))

    assert mail_lines(changed(old, old.replace("mail", "www"))) == [
        "mail for x0, x1, x2, x3, x4 and 3 more: was mail; will be www"
    ]


@pytest.mark.parametrize(
    ("old", "new", "ttl"),
    [
        ("x 60 MX 1 mail", "x 90 MX 1 www", 60),
        ("a 7200 CNAME x\nx 60 MX 1 mail", "", 7200),
        ("", "x 60 MX 1 mail", 3600),  # the SOA of the negative answer
    ],
)
def test_how_long_the_old_route_lives(old: str, new: str, ttl: int) -> None:
    """The old answer stays in caches for its own TTL, not for the new one."""
    assert changed(old, new).mail[0].ttl == ttl


def test_added_zone() -> None:
    """A new zone is told with its mail, and its records are counted."""
    difference = compare_texts([BASE], [BASE, OURS])

    assert format_difference(difference).splitlines() == [
        "mail for example.net.: was in no zone here; will be mail.example.net.",
        "",
        "zone example.net. added: 5 records",
    ]
    assert not difference.loses_mail


def test_removed_zone() -> None:
    """The mail of a zone that is gone is lost, as far as this server knows."""
    difference = compare_texts([BASE, OURS], [BASE])

    assert format_difference(difference).splitlines() == [
        "LOST: mail for example.net.: was mail.example.net.; will be in no zone here" + HOUR,
        "",
        "zone example.net. removed: 5 records",
        "",
        "1 name would lose mail.",
    ]
    assert difference.loses_mail


# lines before, lines after, what is said of records
RECORDS = [
    ("", "", []),
    ("x A 8.8.8.8\nx A 8.8.4.4", "x A 8.8.4.4\nX A 8.8.8.8", []),
    ("", "x A 8.8.8.8", ["+ x 3600 A 8.8.8.8"]),
    ("x A 8.8.8.8", "", ["- x 3600 A 8.8.8.8"]),
    ("x A 8.8.8.8\nx A 8.8.4.4", "x A 8.8.4.4", ["- x 3600 A 8.8.8.8"]),
    ("x A 8.8.8.8", "x 60 A 8.8.8.8", ["- x 3600 A 8.8.8.8", "+ x 60 A 8.8.8.8"]),
    ("x MX 10 mail\nx MX 5 www", "", ["- x 3600 MX 5 www", "- x 3600 MX 10 mail"]),
    ("x TXT old", "x TXT new", ['- x 3600 TXT "old"', '+ x 3600 TXT "new"']),
    # Canonical order (RFC 4034 6.1).
    (
        "",
        "z A 8.8.8.8\na.y A 8.8.8.8\ny A 8.8.8.8",
        [
            "+ y 3600 A 8.8.8.8",
            "+ a.y 3600 A 8.8.8.8",
            "+ z 3600 A 8.8.8.8",
        ],
    ),
    # What resolvers do not see does not count; what a new cut hides is gone.
    ("sub NS ns1", "sub NS ns1\nx.sub TXT y", []),
    (
        "x.sub TXT y\nn.sub A 8.8.8.8",
        "x.sub TXT y\nn.sub A 8.8.8.8\nsub NS n.sub",
        [
            "+ sub 3600 NS n.sub",
            "- n.sub 3600 A 8.8.8.8",
            "+ n.sub 3600 A 8.8.8.8 ; glue",
            '- x.sub 3600 TXT "y"',
        ],
    ),
    (
        "sub NS sub\nsub A 8.8.8.8",
        "sub NS sub\nsub A 8.8.4.4",
        [
            "- sub 3600 A 8.8.8.8 ; glue",
            "+ sub 3600 A 8.8.4.4 ; glue",
        ],
    ),
    (
        "a.old A 8.8.8.8",
        "a.old A 8.8.8.8\nold DNAME new",
        [
            "+ old 3600 DNAME new",
            "- a.old 3600 A 8.8.8.8",
        ],
    ),
]


@pytest.mark.parametrize(("old", "new", "lines"), RECORDS)
def test_records(old: str, new: str, lines: list[str]) -> None:
    """What goes and what comes, RRset by RRset, as resolvers see it."""
    text = format_difference(changed(old, new)).replace(".example.com.", "").splitlines()

    assert [line for line in text if line.startswith(("-", "+"))] == lines


def test_serial_stands_by_itself() -> None:
    """A new serial is a line of the zone, not a changed SOA; a timer is both."""
    new = BASE.replace("hostmaster 1 7200", "hostmaster 2 7200")
    timer = new.replace("7200", "3600")

    assert format_difference(compare_texts([BASE], [new])) == "zone example.com.: serial 1 to 2"
    soa = "example.com. 3600 SOA ns1.example.com. hostmaster.example.com. 2"
    assert format_difference(compare_texts([new], [timer])).splitlines() == [
        "zone example.com.",
        f"- {soa} 7200 1800 1209600 3600",
        f"+ {soa} 3600 1800 1209600 3600",
    ]


def test_no_difference() -> None:
    """Two equal sets, whatever their order."""
    difference = compare_texts([BASE, OURS], [OURS, BASE])

    assert format_difference(difference) == "No difference."
    assert not difference.loses_mail


def test_document() -> None:
    """The difference as JSON, every key of it."""
    new = BASE.replace("hostmaster 1 7200", "hostmaster 2 7200")
    new = new.replace("192.0.2.25", "8.8.8.8")
    new += "x MX 0 .\nz TXT new\n"
    difference = compare_texts([f"{BASE}x MX 1 www\n", OURS], [new])
    document = json.loads(json.dumps(difference_document(difference)))

    assert list(document) == [
        "version",
        "loses_mail",
        "mail",
        "moves",
        "zones_added",
        "zones_removed",
        "serials",
        "records",
    ]
    assert document["loses_mail"] is True
    assert [each["name"] for each in document["mail"]] == ["x.example.com.", "example.net."]
    assert document["mail"][0] == {
        "name": "x.example.com.",
        "loses_mail": True,
        "old": {
            "outcome": "delivered",
            "handling": "mx",
            "mail_name": "x.example.com.",
            "rounds": [
                {
                    "preference": 1,
                    "hosts": [{"name": "www.example.com.", "outcome": "delivered"}],
                }
            ],
        },
        "new": {
            "outcome": "refused",
            "handling": "null-mx",
            "mail_name": "x.example.com.",
            "rounds": [],
        },
        "ttl": 3600,
    }
    assert document["moves"] == [
        {
            "host": "mail.example.com.",
            "old": ["192.0.2.25"],
            "new": ["8.8.8.8"],
            "names": ["example.com."],
            "ttl": 3600,
        }
    ]
    assert (document["zones_added"], document["zones_removed"]) == ([], ["example.net."])
    assert document["serials"] == [{"zone": "example.com.", "old": 1, "new": 2}]
    assert document["records"] == [
        {
            "zone": "example.com.",
            "owner": "mail.example.com.",
            "type": "A",
            "old": {"ttl": 3600, "glue": False, "rdatas": ["192.0.2.25"]},
            "new": {"ttl": 3600, "glue": False, "rdatas": ["8.8.8.8"]},
        },
        {
            "zone": "example.com.",
            "owner": "x.example.com.",
            "type": "MX",
            "old": {"ttl": 3600, "glue": False, "rdatas": ["1 www.example.com."]},
            "new": {"ttl": 3600, "glue": False, "rdatas": ["0 ."]},
        },
        {
            "zone": "example.com.",
            "owner": "z.example.com.",
            "type": "TXT",
            "old": None,
            "new": {"ttl": 3600, "glue": False, "rdatas": ['"new"']},
        },
    ]
