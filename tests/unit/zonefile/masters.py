"""Master files for these tests: random ones, one of every type, and dnspython to read them."""

from random import Random
from typing import Any

import dns.name
import dns.rdataclass
import dns.tokenizer
import dns.zonefile

from zoneserver.names import Name
from zoneserver.zonefile.master import read_master_zone
from zoneserver.zonefile.source import ZoneSource

ORIGIN = Name(b"\x07example\x03com\x00")
APEX = "@ 3600 IN SOA ns1 hostmaster 1 7200 1800 1209600 600\n@ 3600 IN NS ns1.example.com.\n"

# Presentation format of every type with a class of ours, then of types that have none.
DIGEST = "0a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526272829"
KEY = "mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ=="
SAMPLES = [
    "A 192.0.2.1",
    "AAAA 2001:db8::1",
    "NS ns1.example.com.",
    "CNAME www",
    "PTR www",
    "DNAME other.example.net.",
    "MX 10 mail",
    "MX 0 .",
    r'TXT "a b" c\;d "\"x\\" "caf\195\169" "" "a;b" \000\255',
    'SPF "v=spf1 -all"',
    "SRV 1 2 3 mail",
    'NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .',
    f"DS 12345 13 2 {DIGEST}",
    f"CDS 12345 13 2 {DIGEST}",
    f"SSHFP 4 2 {DIGEST}",
    f"TLSA 3 1 1 {DIGEST}",
    f"SMIMEA 3 1 1 {DIGEST}",
    "OPENPGPKEY AQIDBA==",
    'URI 10 1 "https://example.com/a;b"',
    'CAA 0 issue "ca.example; account=1"',
    "SVCB 1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1",
    'HTTPS 1 svc.example.net. alpn="h2" mandatory=alpn key65400="a\\"b c"',
    "HTTPS 0 svc.example.net.",
    'HINFO "PC" "Linux 6"',
    "RP admin.example.com. txt.example.com.",
    "AFSDB 1 afs.example.com.",
    "CERT 1 12345 8 AQIDBA==",
    "LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
    f"DNSKEY 257 3 13 {KEY}",
    f"CDNSKEY 257 3 13 {KEY}",
    "NSEC3PARAM 1 0 0 -",
    "EUI48 00-00-5e-00-53-2a",
    "EUI64 00-00-5e-ef-10-00-00-2a",
    "NID 10 0014:4fff:ff20:ee64",
    "L32 10 10.1.2.0",
    "L64 10 2001:0db8:1140:1000",
    "LP 10 l64-subnet1.example.com.",
    "KX 10 kx.example.com.",
    f"ZONEMD 1 1 1 {DIGEST}{DIGEST[:32]}",
    "RT 10 relay.example.com.",
    'X25 "311061700956"',
    'ISDN "150862028003217" "004"',
    "NSAP 0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00",
    "PX 10 a.example.com. b.example.com.",
    "GPOS -32.6882 116.8652 10.0",
    "APL 1:192.168.32.0/21 !1:192.168.38.0/28",
    "IPSECKEY 10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
    "DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
    "HIP 2 200100107B1A74DF365639CC39F1D578 AQIDBA== rvs.example.com.",
    "CSYNC 66 3 A NS AAAA",
    'AVC "app-name:WOLFGANG"',
    "AMTRELAY 10 0 1 203.0.113.15",
    r"TYPE65280 \# 4 0a000001",
    r"TYPE65281 \# 0",
]

Row = tuple[bytes, int, int, bytes]


def no_include(path: str) -> bytes:
    """No file includes another here."""
    raise FileNotFoundError(2, "No such file or directory", path)


def read(text: str | bytes) -> ZoneSource:
    """The source that a text makes, as a file `zone` of example.com."""
    octets = text.encode() if isinstance(text, str) else text
    return read_master_zone("zone", octets, ORIGIN, no_include)


def rows(source: ZoneSource) -> list[Row]:
    """The records as octets, in the order of the file."""
    return [(r.owner.wire, r.rtype, r.ttl, r.rdata.wire) for r in source.records]


class _Recorder:
    """What dnspython's reader takes for a transaction: it only notes what is added."""

    def __init__(self) -> None:
        self.manager = self
        self.rows: list[Row] = []

    def origin_information(self) -> tuple[dns.name.Name, bool, dns.name.Name]:
        origin = dns.name.from_text("example.com.")
        return origin, False, origin

    def _set_origin(self, origin: dns.name.Name) -> None:
        """$ORIGIN does not change which zone this is."""

    def check_put_rdataset(self, check: Any) -> None:
        """Nothing is checked."""

    def add(self, owner: dns.name.Name, ttl: int, rdata: Any) -> None:
        self.rows.append((owner.to_wire() or b"", int(rdata.rdtype), ttl, rdata.to_wire()))


def read_by_dnspython(text: str) -> list[Row]:
    """The records as dnspython's own reader of zone files sees them."""
    recorder: Any = _Recorder()
    tokenizer = dns.tokenizer.Tokenizer(text)
    dns.zonefile.Reader(tokenizer, dns.rdataclass.IN, recorder).read()
    rows: list[Row] = recorder.rows
    return rows


def random_zone(random: Random) -> str:
    """A good zone with everything that RFC 1035 5.1 allows strewn over it."""
    lines = ["$TTL 1h30m"] if random.random() < 0.7 else []
    lines.append("@ IN SOA ns1 host\\.master ( 1 2h ; serial, refresh\n 30M\t2w 600 )")
    lines += [_random_line(random) for _ in range(random.randrange(5, 40))]
    return random.choice(("\n", "\r\n")).join(lines) + random.choice(("", "\n"))


def _random_line(random: Random) -> str:
    if random.random() < 0.1:
        return random.choice(
            (
                "",
                "   \t",
                '; a comment with " ( and ) in it',
                "  ; an indented comment",
                f"$TTL {random.randrange(100000)}",
                "$ORIGIN sub",
                "$origin example.com. ; back",
                "$GENERATE 1-9/4 g$-${2,3,x} 300 A 192.0.2.${10}",
                "$GENERATE 10-12 ${0,4,n}$$ PTR h\\$$",
            )
        )
    owner = random.choice(
        ("@", "", "", "www", "WwW", "*", "a.b.c", r"d\.ot", r"\065\$", "1", "x.example.com.")
    )
    blank = random.choice((" ", "\t", "  "))
    head = [random.choice(("300", "1D", "2w3S", "", "")), random.choice(("IN", "in", ""))]
    random.shuffle(head)
    rdata = random.choice(SAMPLES)
    if random.random() < 0.2:
        rdata = _folded(random, rdata)
    if random.random() < 0.2:
        rdata += random.choice((" ; comment", ";comment", "\t;"))
    return blank.join([owner, *(word for word in head if word), rdata])


def _folded(random: Random, rdata: str) -> str:
    """The rdata in parentheses, with a line break where the first blank is."""
    rtype, _, rest = rdata.partition(" ")
    first, _, second = rest.partition(" ")
    if '"' in first:
        return f"{rtype} ({rest}\n)"
    return f"{rtype} ( {first} ; (\n\n\t{second}{random.choice((' )', ')'))}"
