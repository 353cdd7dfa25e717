"""The path in words: whole texts for the common cases, single lines for the others."""

import json

import pytest

from tests.unit.mail.zones import OTHER, REVERSE, explain_in, judge_zones, read
from tests.unit.validator.judging import BASE
from zoneserver.findings import Mark
from zoneserver.mail.document import path_document
from zoneserver.mail.text import format_path
from zoneserver.names import Name
from zoneserver.zonefile.source import Waiver

BACKUP = """\
Mail for info@example.com goes to mail.example.com.

example.com. has 3 MX records, kept for 1 hour; senders try the lowest number first.

1. preference 10
   mail.example.com.
      192.0.2.25 (an address for documentation; PTR matches)

2. preference 20, in random order
   backup.example.net.
      8.8.8.8 (PTR not known, the reverse zone is not served here)
   mx.example.org.: outside the zones served here: not known offline

MTA-STS: none
SPF: "v=spf1 mx -all" at example.com.
DMARC: none

- mail.example.com. must be told to take mail for example.com; else it is rejected.
- backup.example.net. and mx.example.org. must take mail for example.com too, without \
delivering it: a backup queues it, and hands it to mail.example.com. when that is back."""

ALIAS = """\
Mail for shop.example.com goes to www.example.com.

shop.example.com. is an alias of www.example.com. (CNAME).
www.example.com. has an address and no MX, so it is its own exchanger \
(implicit MX 0 www.example.com.).

1. preference 0
   www.example.com.
      192.0.2.80 (an address for documentation; no PTR)

MTA-STS: none
SPF: none
DMARC: none

- www.example.com. must be told to take mail for shop.example.com; else it is rejected.
- Some senders put www.example.com into the address in place of shop.example.com: the mail \
host must know both.
- If www.example.com takes no mail, say so there with a null MX: MX 0 ."""

BROKEN = """\
Mail for info@x.example.com has no host that it can rely on.

x.example.com. has 1 MX record, kept for 1 hour.

1. preference 5
   a.example.com.: an alias of mail.example.com. by CNAME: senders may refuse it (MX001)
      error MX001: x.example.com. MX 5 a.example.com.: a.example.com. is an alias of \
mail.example.com.; an MX must name a host with an address of its own, and senders that insist \
on it bounce the mail. (example.com.zone:11:8)
         fix: write MX 5 mail.example.com., or replace the CNAME by A and AAAA records

MTA-STS: none
SPF: none
DMARC: none

The server does not load example.com.: zoneserver check says why."""

NULL = """\
Mail for no.example.com is refused on purpose.

no.example.com. has a null MX ("MX 0 ."): it takes no mail, and senders stop at once.

MTA-STS: none
SPF: none
DMARC: none"""

NOWHERE = """\
Mail for nosuch.example.com does not arrive.

nosuch.example.com. does not exist: senders return the mail at once."""

LITERAL = """\
Mail for x@[192.0.2.7] goes to 192.0.2.7.

No DNS is asked: senders connect to 192.0.2.7 itself.

- The machine at 192.0.2.7 must take mail for its own address."""


@pytest.mark.parametrize(
    ("lines", "address", "text"),
    [
        (
            '@ MX 20 backup.example.net.\n@ MX 20 mx.example.org.\n@ TXT "v=spf1 mx -all"',
            "info@example.com",
            BACKUP,
        ),
        ("shop CNAME www", "shop.example.com", ALIAS),
        ("x MX 5 a\na CNAME mail", "info@x.example.com", BROKEN),
        ("no MX 0 .", "no.example.com", NULL),
        ("", "nosuch.example.com", NOWHERE),
        ("", "x@[192.0.2.7]", LITERAL),
    ],
)
def test_whole_text(lines: str, address: str, text: str) -> None:
    """What a mail administrator reads."""
    others = (f"{OTHER}backup A 8.8.8.8\n", f"{REVERSE}25 PTR mail.example.com.\n")

    assert format_path(explain_in(lines, address, *others)) == text


# lines beside the base zone, address, a line of the text
LINES = [
    (
        "old DNAME new\nx.new A 8.8.8.8",
        "x.old.example.com",
        "names below old.example.com. are those below new.example.com. (DNAME).",
    ),
    (
        "*.w MX 1 mail",
        "a.w.example.com",
        "a.w.example.com. has, by the wildcard *.w.example.com., 1 MX record, kept for 1 hour.",
    ),
    ("x 90 MX 1 mail", "x.example.com", "x.example.com. has 1 MX record, kept for 90 seconds."),
    ("x 0 MX 1 mail", "x.example.com", "x.example.com. has 1 MX record, kept for 0 seconds."),
    ("x 172800 MX 1 mail", "x.example.com", "x.example.com. has 1 MX record, kept for 2 days."),
    (
        "text TXT x",
        "text.example.com",
        "text.example.com. has neither an MX nor an address: senders return the mail at once.",
    ),
    (
        "a CNAME a",
        "a.example.com",
        "The aliases form a circle or never end: senders defer the mail, then return it.",
    ),
    (
        "x MX ten mail",
        "x.example.com",
        "Nothing is certain about x.example.com.: a record of it cannot be read.",
    ),
    (
        "sub NS ns1",
        "a.sub.example.com",
        "a.sub.example.com. is below the zone cut sub.example.com.: the child zone decides.",
    ),
    ("sub NS ns1", "a.sub.example.com", "Mail for a.sub.example.com is not decided here."),
    ("", "a@example.org", "example.org. is outside the zones served here: not known offline."),
    (
        "x MX 0 .\nx MX 1 mail",
        "x.example.com",
        '   .: no host at all: "." means no mail, and must stand alone',
    ),
    (
        "x MX 1 h.s\ns NS ns1",
        "x.example.com",
        "   h.s.example.com.: below a zone cut, in a child zone not served here: not known",
    ),
    (
        "x MX 1 h.s\ns NS ns1",
        "x.example.com",
        "Mail for x.example.com goes to h.s.example.com, as far as is known offline.",
    ),
    (
        "x MX 1 nosuch",
        "x.example.com",
        "   nosuch.example.com.: no such name: no sender can connect (MX004)",
    ),
    (
        "x MX 1 text\ntext TXT y",
        "x.example.com",
        "   text.example.com.: no address: no sender can connect (MX004)",
    ),
    (
        "x MX 1 a.o\no DNAME n",
        "x.example.com",
        (
            "   a.o.example.com.: an alias of a.n.example.com. by DNAME:"
            " senders may refuse it (MX003)"
        ),
    ),
    (
        "x MX 1 bad\nbad A 1.2.3",
        "x.example.com",
        "   bad.example.com.: written in a way that cannot be read",
    ),
    ("x MX 1 192.0.2.7.", "x.example.com", "   192.0.2.7.: no sender can rely on it (MX002)"),
    (
        "x MX 1 nosuch\nx MX 2 www\nx MX 2 mail",
        "x.example.com",
        "Mail for x.example.com goes to mail.example.com or www.example.com.",
    ),
    (
        "_25._tcp.mail TLSA 3 1 1 " + "00" * 32,
        "example.com",
        f"      TLSA 3 1 1 {'00' * 32}; not heeded, the zone is not signed",
    ),
    (
        '_dmarc TXT "v=DMARC1; p=none"',
        "www.example.com",
        'DMARC: "v=DMARC1; p=none" at _dmarc.example.com.',
    ),
    (
        "g MX 1 smtp.google.com.\ng MX 5 alt1.aspmx.l.google.com.",
        "g.example.com",
        "- Google must be told to take mail for g.example.com; else it is rejected.",
    ),
    (
        "",
        "jörg@example.com",
        "- Only hosts that know SMTPUTF8 (RFC 6531) take a mailbox beyond ASCII.",
    ),
]


@pytest.mark.parametrize(("lines", "address", "line"), LINES)
def test_line(lines: str, address: str, line: str) -> None:
    """One thing that is said, and how."""
    assert line in format_path(explain_in(lines, address)).splitlines()


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("25 PTR web.example.com.", "PTR names web.example.com."),
        ("25 TXT x", "no PTR"),
    ],
)
def test_pointer_in_words(named: str, words: str) -> None:
    """The reverse name stands beside the address."""
    text = format_path(explain_in("", "example.com", f"{REVERSE}{named}\n"))

    assert f"      192.0.2.25 (an address for documentation; {words})" in text.splitlines()


def test_providers_of_one_kind_are_no_backups() -> None:
    """Later exchangers of the same provider need no reminder of their own."""
    lines = "g MX 1 smtp.google.com.\ng MX 5 alt1.aspmx.l.google.com."

    assert "queues" not in format_path(explain_in(lines, "g.example.com"))


def test_waived_finding() -> None:
    """A waiver shows with its reason, in place of the fix."""
    mark = Mark("example.com.zone", 1, 1)
    waiver = Waiver("MX022", Name.parse("example.com."), "reached by VPN", None, mark)
    zone = read(BASE.replace("192.0.2.25", "10.0.0.25"), [waiver])
    lines = format_path(judge_zones(zone).explain("example.com")).splitlines()

    assert [line.strip() for line in lines if "waived" in line] == [
        (
            "waived MX022: example.com. MX 10 mail.example.com.: mail.example.com. is"
            " 10.0.0.25, a private address that is not reachable from outside."
            " (example.com.zone:6:9)"
        ),
        "waived: reached by VPN",
    ]


def test_hints_are_left_out() -> None:
    """MX022 and MX023 as hints say what the host's own line says."""
    text = format_path(explain_in("@ MX 20 mx.example.org.", "example.com"))

    assert "hint" not in text


KEYS = [
    "version",
    "address",
    "domain",
    "literal",
    "outcome",
    "handling",
    "aliases",
    "mail_name",
    "wildcard",
    "ttl",
    "rounds",
    "policies",
    "findings",
    "reminders",
    "zones_with_errors",
]


@pytest.mark.parametrize("address", ["example.com", "x@[192.0.2.7]", "nosuch.example.com"])
def test_document_keys(address: str) -> None:
    """Every document has the same keys in the same order."""
    assert list(path_document(explain_in("", address))) == KEYS


def test_document() -> None:
    """The path as JSON: what the text says, for programs."""
    lines = "shop 60 CNAME x\nx MX 5 a\na CNAME mail\n_dmarc TXT v=DMARC1"
    document = json.loads(json.dumps(path_document(explain_in(lines, "me@shop.example.com"))))
    (hop,) = document["rounds"]
    (host,) = hop.pop("hosts")
    (finding,) = host.pop("findings")

    assert document["outcome"] == "bounced"
    assert document["handling"] == "mx"
    assert document["domain"] == "shop.example.com."
    assert document["mail_name"] == "x.example.com."
    assert document["aliases"] == [
        {"owner": "shop.example.com.", "type": "CNAME", "target": "x.example.com."}
    ]
    assert document["policies"] == [
        {"kind": "DMARC", "owner": "_dmarc.example.com.", "text": '"v=DMARC1"'}
    ]
    assert document["ttl"] == 3600
    assert hop == {"preference": 5}
    assert host == {
        "name": "a.example.com.",
        "outcome": "bounced",
        "trouble": "an alias of mail.example.com. by CNAME: senders may refuse it (MX001)",
        "addresses": [],
        "tlsa": [],
        "signed": None,
    }
    assert (finding["code"], finding["level"], finding["line"]) == ("MX001", "error", 12)
    assert document["zones_with_errors"] == ["example.com."]


def test_document_of_a_host() -> None:
    """Addresses and certificates of a sound host."""
    tlsa = "_25._tcp.mail TLSA 3 1 1 " + "00" * 32
    path = explain_in(tlsa, "example.com", f"{REVERSE}25 PTR web.example.com.\n")
    host = path_document(path)["rounds"][0]["hosts"][0]

    assert host["addresses"] == [
        {
            "address": "192.0.2.25",
            "ttl": 3600,
            "remark": "an address for documentation",
            "ptr": "differs",
            "ptr_names": ["web.example.com."],
        }
    ]
    assert (host["outcome"], host["trouble"]) == ("delivered", "")
    assert (host["tlsa"], host["signed"]) == (["3 1 1 " + "00" * 32], False)
