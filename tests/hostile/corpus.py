"""Messages that nobody should send, with what each of them gets.

A verdict is `drop`, or the RCODE with what came with it: `header` for a header alone, else
`aa`, `tc` and the number of records in the answer. The verdicts are those that most of
NSD, Knot, BIND and PowerDNS give; where these disagree, ours is the stricter or the
cheaper one.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tests import octets as o
from tests.zones_text import zone
from zoneserver.zone.zoneset import RefusedZone, ZoneSet

LONG = ".".join(["l" * 60] * 4)
BIG = "\n".join(f'big TXT "{number:03d}{"x" * 60}"' for number in range(60))
ZONES = ZoneSet([
    zone(rf"""
        www          A      192.0.2.80
        mail         MX     10 www
        *.wild       TXT    "wild"
        nul\000byte  A      192.0.2.1
        esc\.dot     A      192.0.2.2
        \255\254     A      192.0.2.3
        cr\013\010lf A      192.0.2.4
        \027[31m     A      192.0.2.5
        \"quoted\"   A      192.0.2.6
        \.\.\/etc    A      192.0.2.7
        a\032b       A      192.0.2.8
        \032         A      192.0.2.9
        \226\132\170 A      192.0.2.10
        k            A      192.0.2.11
        \<script\>   A      192.0.2.12
        %s%n\037     A      192.0.2.13
        sub          NS     ns.sub
        ns.sub       A      192.0.2.53
        self         CNAME  self
        ping         CNAME  pong
        pong         CNAME  ping
        dloop        DNAME  dloop2
        dloop2       DNAME  dloop
        grow         DNAME  x.grow
        long         DNAME  {LONG}
        {BIG}
    """ + "\n".join(f"c{number} CNAME c{number + 1}" for number in range(20))
      + "\nc20 A 192.0.2.20"),
    RefusedZone(zone("", "broken.").origin),
])  # fmt: skip

PLAIN = o.record(o.A, bytes(4))
SOA_RDATA = b"\0\0" + bytes(20)
NAME_63 = b"\x3f" + b"a" * 63
NAME_255 = NAME_63 * 3 + b"\x35" + b"a" * 53 + o.wire("example")
NAME_256 = NAME_63 * 3 + b"\x36" + b"a" * 54 + o.wire("example")
LABELS_127 = b"\x01a" * 123 + o.wire("example")  # 255 octets: the most labels in this zone


class Case(NamedTuple):
    """One message, and its verdict over UDP and TCP."""

    group: str
    name: str
    octets: bytes
    udp: str
    tcp: str

    def __str__(self) -> str:
        """The name of the test."""
        return f"{self.group}: {self.name}"


Rows = Iterator[tuple[str, bytes, str] | tuple[str, bytes, str, str]]

DROP, FORMERR, NOTIMP = "drop", "FORMERR header", "NOTIMP header"
OK, NXDOMAIN, NODATA, REFUSED = "NOERROR aa 1", "NXDOMAIN aa 0", "NOERROR aa 0", "REFUSED 0"


def short_messages() -> Rows:
    """Less than a header, and just a header."""
    for length in range(12):
        yield f"{length} zero octets", bytes(length), DROP
        yield f"a query cut to {length}", o.message()[:length], DROP
    for length in range(2, 12):
        yield f"a response cut to {length}", o.message(flags=o.QR)[:length], DROP
    yield "12 zero octets", bytes(12), FORMERR
    yield "12 octets of ff", b"\xff" * 12, DROP
    yield "header that announces a question", o.header(), FORMERR
    yield "512 zero octets", bytes(512), FORMERR
    yield "65535 zero octets", bytes(65535), FORMERR


def responses() -> Rows:
    """QR=1, with every opcode and RCODE."""
    for opcode in range(16):
        for rcode in range(16):
            octets = o.header(flags=o.QR, opcode=opcode, rcode=rcode) + o.question()
            yield f"opcode {opcode}, RCODE {rcode}", octets, DROP


def opcodes() -> Rows:
    """Whatever is not a query."""
    for opcode in [1, 2, 3, *range(5, 16)]:
        yield f"opcode {opcode}", o.message(opcode=opcode), NOTIMP
        yield f"opcode {opcode}, header only", o.header(opcode=opcode, counts=(0,) * 4), NOTIMP
    yield "opcode 2 with an OPT", o.message(o.opt(), opcode=o.STATUS), NOTIMP
    yield "opcode 15 and rubbish", o.header(opcode=15) + b"\xff" * 500, NOTIMP
    update = o.message(asked=o.question("example", o.SOA), opcode=o.UPDATE, authority=[PLAIN])
    yield "UPDATE", update, NOTIMP
    yield "UPDATE, signed", o.message(o.tsig(), opcode=o.UPDATE), NOTIMP
    notify = o.question("example", o.SOA)
    soa = o.record(o.SOA, SOA_RDATA, owner=o.POINTER_TO_QNAME)
    yield "NOTIFY", o.message(asked=notify, opcode=o.NOTIFY), REFUSED
    yield "NOTIFY with SOA", o.message(asked=notify, opcode=o.NOTIFY, answer=[soa]), REFUSED
    yield "NOTIFY, elsewhere", o.message(asked=o.question("test"), opcode=o.NOTIFY), "NOTAUTH 0"
    chaos = o.question("example", o.SOA, o.CH)
    yield "NOTIFY, class CH", o.message(asked=chaos, opcode=o.NOTIFY), REFUSED
    yield "NOTIFY, no question", o.header(opcode=o.NOTIFY, counts=(0,) * 4), FORMERR


def header_bits() -> Rows:
    """Bits that mean nothing in a query."""
    bits = [("AA", o.AA), ("TC", o.TC), ("RD", o.RD), ("RA", o.RA), ("Z", o.Z), ("AD", o.AD),
            ("CD", o.CD), ("all", 0x07F0)]  # fmt: skip
    for name, flag in bits:
        yield name, o.message(flags=flag), OK
        yield (
            f"{name}, no such name",
            o.message(flags=flag, asked=o.question("no.example")),
            NXDOMAIN,
        )
    for rcode in range(1, 16):
        yield f"RCODE {rcode}", o.header(rcode=rcode) + o.question(), OK


def counts() -> Rows:
    """Numbers of records that lie, or are too large."""
    for count in (0, 2, 3, 300, 65535):
        octets = o.message(asked=o.question() * min(count, 300), counts=(count, 0, 0, 0))
        yield f"{count} questions", octets, FORMERR
    yield "2 announced, 1 there", o.message(counts=(2, 0, 0, 0)), FORMERR
    for section, told in (("answer", (1, 65535, 0, 0)), ("authority", (1, 0, 65535, 0)),
                          ("additional", (1, 0, 0, 65535)), ("every", (1, 65535, 65535, 65535)),
                          ("really every", (65535,) * 4)):  # fmt: skip
        yield f"65535 in {section}", o.message(counts=told), FORMERR
        yield f"65535 in {section}, 65 KB", o.message(PLAIN * 4000, counts=told), FORMERR
    for told in ((1, 1, 0, 0), (1, 0, 1, 0), (1, 0, 0, 1)):
        yield f"one announced: {told}", o.message(counts=told), FORMERR
    yield "60 records", o.message(*[PLAIN] * 60), OK
    yield "60 records before an OPT", o.message(*[PLAIN] * 60, o.opt()), OK
    yield "64 records", o.message(*[PLAIN] * 64), OK
    yield "65 records", o.message(*[PLAIN] * 65), FORMERR
    soa = o.record(o.SOA, SOA_RDATA, owner=o.POINTER_TO_QNAME)
    yield "30 SOAs", o.message(authority=[soa] * 30), OK
    yield "one record in each section", o.message(PLAIN, answer=[PLAIN], authority=[PLAIN]), OK
    yield "RDLENGTH 65535", o.message(o.record(o.A, bytes(4), length=65535)), FORMERR
    yield "RDLENGTH one too many", o.message(o.record(o.A, bytes(4), length=5)), FORMERR
    yield "RDLENGTH one too few", o.message(o.record(o.A, bytes(4), length=3)), OK
    yield "A record of 60,000 octets", o.message(o.record(o.A, bytes(60_000))), OK


def tails() -> Rows:
    """Octets behind the message."""
    for length in (1, 2, 11, 12, 100, 1000, 60_000):
        yield f"{length} octets", o.message() + b"\xa5" * length, OK
        yield f"{length} octets behind an OPT", o.message(o.opt()) + b"\xa5" * length, OK
    yield "a second message", o.message() * 2, OK


def pointers() -> Rows:
    """A QNAME is the first name, so no pointer in it leads anywhere but astray."""
    chain = b"".join(b"\xc0" + bytes((12 + 2 * at - 2,)) for at in range(1, 61))
    yield "to itself", o.message(asked=o.question(b"\xc0\x0c")), FORMERR
    yield "forward", o.message(asked=o.question(b"\xc0\x12")), FORMERR
    yield "in a circle", o.message(asked=o.question(b"\x01a\xc0\x0c")), FORMERR
    yield "in a circle of two", o.message(asked=o.question(b"\xc0\x0e\xc0\x0c")), FORMERR
    yield "60 deep", o.message(asked=o.question(b"\xc0\x0e" + chain)), FORMERR
    yield "to 16383", o.message(asked=o.question(b"\xff\xff")), FORMERR
    yield (
        "to 16383, which is there",
        o.message(asked=o.question(b"\xff\xff")) + bytes(20_000),
        FORMERR,
    )
    yield "into the header", o.message(asked=o.question(b"\xc0\x04")), FORMERR
    yield "to a zero in the header", o.message(asked=o.question(b"\xc0\x06")), FORMERR
    yield "behind a label", o.message(asked=o.question(b"\x03www\xc0\x04")), FORMERR
    yield "half a pointer", o.header() + b"\xc0", FORMERR
    yield "label type 01", o.message(asked=o.question(b"\x41" + b"a" * 65 + b"\0")), FORMERR
    yield "label type 10", o.message(asked=o.question(b"\x80" + b"a" * 128 + b"\0")), FORMERR
    yield (
        "label of 64 octets",
        o.message(asked=o.question(b"\x40" + b"a" * 64 + b"\0")),
        FORMERR,
    )
    yield "extended label", o.message(asked=o.question(b"\x41\x08\xc0\0\2\0")), FORMERR
    elsewhere = {
        "itself": b"\xc0\x1d",
        "the end": b"\xff\xff",
        "the header": b"\xc0\0",
        "the QNAME": b"\xc0\x0c",
    }
    for name, owner in elsewhere.items():
        record = o.record(o.A, bytes(4), owner=owner)
        yield f"an owner that points to {name}", o.message(record), OK
        yield f"an OPT's owner points to {name}", o.message(o.opt(owner=owner)), FORMERR
        expected = "NOTAUTH 0" if name == "the QNAME" else FORMERR
        yield f"a TSIG's key points to {name}", o.message(o.tsig(key=owner)), expected


def names() -> Rows:
    """Limits of names, and every kind of octet."""
    yield "255 octets", o.message(asked=o.question(NAME_255)), NXDOMAIN
    yield "256 octets", o.message(asked=o.question(NAME_256)), FORMERR
    yield "127 labels", o.message(asked=o.question(b"\x01a" * 127 + b"\0")), REFUSED
    yield "128 labels", o.message(asked=o.question(b"\x01a" * 128 + b"\0")), FORMERR
    yield "255 octets of labels", o.message(asked=o.question(LABELS_127)), NXDOMAIN
    yield (
        "63 octets in a label",
        o.message(asked=o.question(NAME_63 + o.wire("example"))),
        NXDOMAIN,
    )
    yield "without an end", o.header() + b"\x01a" * 30_000, FORMERR
    yield "cut in a label", o.header() + b"\x3fabc", FORMERR
    yield "without type and class", o.header() + o.wire("www.example"), FORMERR
    yield "without class", o.header() + o.wire("www.example") + b"\0\1", FORMERR
    yield "the root", o.message(asked=o.question("")), REFUSED
    yield "the root's NS", o.message(asked=o.question("", o.NS)), REFUSED
    yield "another top", o.message(asked=o.question("com", o.NS)), REFUSED
    yield "an ending that is no parent", o.message(asked=o.question("xexample")), REFUSED
    yield (
        "a label with our octets in it",
        o.message(asked=o.question(b"\x0bwww\x07example\0")),
        REFUSED,
    )
    for text in ("WWW.EXAMPLE", "wWw.eXaMpLe"):
        yield f"0x20: {text}", o.message(asked=o.question(text)), OK
    there = [
        b"nul\0byte", b"esc.dot", b"\xff\xfe", b"cr\r\nlf", b"\x1b[31m", b'"quoted"', b"../etc",
        b"a b", b" ", b"\xe2\x84\xaa", b"k", b"K", b"<script>", b"%s%n%", b"ESC.DOT",
        b"NUL\0BYTE",
    ]  # fmt: skip
    not_there = [
        b"\xe2\x84\xab", b"nul", b"\xdf\xde", b"\r\n", b"\\", b"';--", b"..", b"\0",
        b"\xc3\xa4", b"\xed\xa0\x80", b"xn--", b"\x7f", b"(", b"@",
    ]  # fmt: skip
    for label in there:
        yield f"{label!r}", _label(label), OK
    for label in not_there:
        yield f"{label!r}, not there", _label(label), NXDOMAIN
    yield "a dot that is none", o.message(asked=o.question("esc.dot.example")), NXDOMAIN
    for octet in range(0, 256, 5):
        yield f"octet {octet} under a wildcard", o.message(
            asked=o.question(bytes((1, octet)) + o.wire("wild.example"), o.TXT)
        ), OK  # fmt: skip


def _label(label: bytes) -> bytes:
    return o.message(asked=o.question(bytes((len(label),)) + label + o.wire("example")))


def classes_and_types() -> Rows:
    """Every class but ours, and the types that no zone holds."""
    for qclass in (0, 2, 3, 4, 5, 254, 256, 65280, 65535):
        yield f"class {qclass}", o.message(asked=o.question(qclass=qclass)), REFUSED
    yield "class ANY", o.message(asked=o.question(qclass=o.ANY_CLASS)), "NOERROR 1"
    no_name = o.question("no.example", qclass=o.ANY_CLASS)
    yield "class ANY, no such name", o.message(asked=no_name), "NXDOMAIN 0"
    for qtype in (0, 3, 4, 10, 38, 41, 46, 47, 99, 128, 200, 248, 249, 250, 253, 254, 32768,
                  65280, 65535):  # fmt: skip
        yield f"type {qtype}", o.message(asked=o.question(qtype=qtype)), NODATA
    yield "ANY", o.message(asked=o.question(qtype=o.ANY)), OK
    axfr, ixfr = o.question("example", o.AXFR), o.question("example", o.IXFR)
    soa = o.record(o.SOA, SOA_RDATA, owner=o.POINTER_TO_QNAME)
    yield "AXFR", o.message(asked=axfr), "NOTIMP 0", REFUSED
    yield "AXFR of a name", o.message(asked=o.question(qtype=o.AXFR)), "NOTIMP 0", REFUSED
    yield "AXFR, elsewhere", o.message(asked=o.question("test", o.AXFR)), REFUSED
    yield "IXFR", o.message(asked=ixfr, authority=[soa]), REFUSED
    yield "IXFR without SOA", o.message(asked=ixfr), REFUSED
    for name in (
        "version.bind",
        "hostname.bind",
        "id.server",
        "authors.bind",
        "version.server",
    ):
        yield name, o.message(asked=o.question(name, o.TXT, o.CH)), REFUSED
    yield "a zone that is broken", o.message(asked=o.question("www.broken")), "SERVFAIL 0"


def edns() -> Rows:
    """Every way to write an OPT, and some to miswrite one."""
    for version in (1, 2, 127, 255):
        yield f"version {version}", o.message(o.opt(version=version)), "BADVERS 0"
    yield "version 1, no such name", o.message(
        o.opt(version=1), asked=o.question("no.example")
    ), "BADVERS 0"  # fmt: skip
    yield "version 1, cut option", o.message(o.opt(b"\0\3\0", version=1)), "BADVERS 0"
    for payload in (0, 1, 511, 512, 1232, 4096, 65535):
        big = o.message(o.opt(payload=payload), asked=o.question("big.example", o.TXT))
        yield f"payload {payload}", o.message(o.opt(payload=payload)), OK
        yield f"payload {payload}, large answer", big, "NOERROR aa tc 0", "NOERROR aa 60"
    for flags in (0x8000, 0x4000, 0x7FFF, 0xFFFF):
        yield f"flags {flags:04x}", o.message(o.opt(flags=flags)), OK
    yield "upper RCODE bits", o.message(o.opt(rcode=255)), OK
    yield "two OPT", o.message(o.opt(), o.opt()), FORMERR
    yield "three OPT", o.message(*[o.opt()] * 3), FORMERR
    yield "in the answer", o.message(answer=[o.opt()]), FORMERR
    yield "in the authority", o.message(authority=[o.opt()]), FORMERR
    yield "in all sections", o.message(o.opt(), answer=[o.opt()], authority=[o.opt()]), FORMERR
    yield "owner not root", o.message(o.opt(owner=b"\x01x\0")), FORMERR
    yield "owner a pointer", o.message(o.opt(owner=o.POINTER_TO_QNAME)), FORMERR
    yield "option cut in its code", o.message(o.opt(b"\0")), FORMERR
    yield "option cut in its length", o.message(o.opt(b"\0\3\0")), FORMERR
    yield "option cut in its data", o.message(o.opt(o.option(3, b"x", length=2))), FORMERR
    yield "option of 65535", o.message(o.opt(o.option(3, length=65535))), FORMERR
    yield "RDLENGTH too long", o.message(o.opt(length=4)), FORMERR
    yield "RDLENGTH cuts an option", o.message(o.opt(o.option(3, b"abc"), length=6)), FORMERR
    yield "NSID", o.message(o.opt(o.option(o.NSID))), OK
    yield "NSID twice", o.message(o.opt(o.option(o.NSID), o.option(o.NSID))), OK
    yield "NSID with data", o.message(o.opt(o.option(o.NSID, b"x" * 100))), OK
    for length in (8, 16, 40):
        yield f"cookie of {length}", o.message(o.opt(o.option(o.COOKIE, bytes(length)))), OK
    for length in (0, 7, 9, 15, 41):
        yield (
            f"cookie of {length}",
            o.message(o.opt(o.option(o.COOKIE, bytes(length)))),
            FORMERR,
        )
    yield "ECS", o.message(o.opt(o.option(o.ECS, b"\0\1\x18\0\xc0\0\2"))), OK
    yield "ECS, bad family", o.message(o.opt(o.option(o.ECS, b"\0\x09\x18\0\xc0\0\2"))), OK
    yield "ECS, empty", o.message(o.opt(o.option(o.ECS))), OK
    yield "keepalive of 3", o.message(o.opt(o.option(o.KEEPALIVE, b"abc"))), OK
    yield "key tag of 3", o.message(o.opt(o.option(o.KEY_TAG, b"abc"))), OK
    yield "unknown option", o.message(o.opt(o.option(65001, b"abc"))), OK
    yield "64 options", o.message(o.opt(*[o.option(65001)] * 64)), OK
    yield "16,000 options", o.message(o.opt(*[o.option(65001)] * 16_000)), FORMERR


def tsigs() -> Rows:
    """Signatures by keys that we do not have, and what is none."""
    notauth = "NOTAUTH 0"
    yield "unknown key", o.message(o.tsig()), notauth
    yield "unknown key behind an OPT", o.message(o.opt(), o.tsig()), notauth
    yield "of AXFR", o.message(o.tsig(), asked=o.question("example", o.AXFR)), notauth
    yield "elsewhere", o.message(o.tsig(), asked=o.question("test")), notauth
    yield "key of the root", o.message(o.tsig(key=b"\0")), notauth
    yield "algorithm of the root", o.message(o.tsig(algorithm=b"\0")), notauth
    yield "unknown algorithm", o.message(o.tsig(algorithm=o.wire("rot13"))), notauth
    yield "MD5", o.message(o.tsig(algorithm=o.wire("hmac-md5.sig-alg.reg.int"))), notauth
    for length in (0, 1, 9, 10, 15, 16, 31, 64):
        yield f"MAC of {length}", o.message(o.tsig(mac=bytes(length))), notauth
    yield "MAC of 60,000", o.message(o.tsig(mac=bytes(60_000))), notauth
    for error in (16, 17, 18, 22, 65535):
        yield f"error {error}", o.message(o.tsig(error=error)), notauth
    yield "other data", o.message(o.tsig(other=bytes(6))), notauth
    yield "other data of 60,000", o.message(o.tsig(other=bytes(60_000))), notauth
    yield "names of 255 octets", o.message(o.tsig(key=NAME_255, algorithm=NAME_255)), notauth
    yield "class IN", o.message(o.tsig(rclass=o.IN)), FORMERR
    yield "a TTL", o.message(o.tsig(ttl=1)), FORMERR
    yield "not last", o.message(o.tsig(), PLAIN), FORMERR
    yield "before an OPT", o.message(o.tsig(), o.opt()), FORMERR
    yield "twice", o.message(o.tsig(), o.tsig()), FORMERR
    yield "in the answer", o.message(answer=[o.tsig()]), FORMERR
    yield "in the authority", o.message(authority=[o.tsig()]), FORMERR
    yield "empty", o.message(o.record(o.TSIG, rclass=o.ANY_CLASS)), FORMERR
    yield "algorithm without an end", o.message(o.tsig(algorithm=b"\x01a" * 30_000)), FORMERR
    yield "algorithm a pointer", o.message(o.tsig(algorithm=o.POINTER_TO_QNAME)), notauth
    yield "of EDNS 1", o.message(o.opt(version=1), o.tsig()), "BADVERS 0"
    for cut in (1, 2, 6, 8, 30, 40, 48, 50, 56):
        yield f"cut by {cut}", o.message(o.tsig(cut=cut)), FORMERR
    broken = o.record(o.TSIG, b"\0" + bytes(8) + b"\xff\xff" + bytes(6), rclass=o.ANY_CLASS)
    yield "MAC size 65535", o.message(broken), FORMERR


def aliases() -> Rows:
    """Circles and chains."""
    yield "itself", o.message(asked=o.question("self.example")), "NOERROR aa 1"
    yield "two", o.message(asked=o.question("ping.example")), "NOERROR aa 2"
    yield "a chain of 20", o.message(asked=o.question("c0.example")), "NOERROR aa 8"
    yield "a chain of 8", o.message(asked=o.question("c12.example")), "NOERROR aa 9"
    yield "DNAME loop", o.message(asked=o.question("a.dloop.example")), "NOERROR aa 4"
    yield "DNAME that grows", o.message(asked=o.question("a.grow.example")), "NOERROR aa 9"
    yield "DNAME over 255", o.message(asked=o.question("abc.long.example")), "YXDOMAIN aa 1"


def other_protocols() -> Rows:
    """What comes to port 53 by mistake, or to see who is there."""
    yield "HTTP", b"GET / HTTP/1.1\r\nHost: ns1.example\r\n\r\n", NOTIMP
    yield "HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NOTIMP
    yield "TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), FORMERR
    yield "SSH", b"SSH-2.0-OpenSSH_9.2\r\n", NOTIMP
    yield "SMTP", b"EHLO mail.example\r\n", NOTIMP
    yield "PROXY v1", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 53\r\n", NOTIMP
    yield "PROXY v2", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12), NOTIMP
    yield "STUN", b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12), FORMERR
    yield "NTP", b"\x1b" + bytes(47), FORMERR
    yield "SIP", b"OPTIONS sip:nm SIP/2.0\r\n", NOTIMP
    yield "memcached", b"\0\0\0\0\0\1\0\0stats\r\n", FORMERR
    yield "blanks", b" " * 64, FORMERR
    yield "letters", b"A" * 64, NOTIMP


GROUPS = {
    "short": short_messages, "QR=1": responses, "opcode": opcodes, "header": header_bits,
    "counts": counts, "tail": tails, "pointer": pointers, "name": names,
    "class or type": classes_and_types, "EDNS": edns, "TSIG": tsigs, "alias": aliases,
    "protocol": other_protocols,
}  # fmt: skip


def _cases() -> Iterator[Case]:
    for group, rows in GROUPS.items():
        for name, octets, udp, *tcp in rows():
            yield Case(group, name, octets, udp, tcp[0] if tcp else udp)


CORPUS = list(_cases())
