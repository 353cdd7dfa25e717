"""Rdata by type: text, octets, and what is refused with which words."""

import dns.rdata
import dns.rdatatype
import pytest

from zoneserver.errors import RdataError
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.fields import Token
from zoneserver.records.parse import decode_rdata, parse_rdata
from zoneserver.records.rdata import CNAME, MX, NS, SRV, TXT, TYPED, A, Opaque, Rdata

ORIGIN = Name.parse("example.com.")
ROOT = dns.name.from_text("example.com.")

# One good text or more for every type that has a class.
GOOD = [
    ("A", "192.0.2.1"),
    ("A", "0.0.0.0"),
    ("A", "255.255.255.255"),
    ("AAAA", "2001:db8::1"),
    ("AAAA", "::"),
    ("AAAA", "2001:DB8:0:0:0:0:0:1"),
    ("AAAA", "::ffff:192.0.2.1"),
    ("NS", "ns1"),
    ("NS", "ns1.test."),
    ("CNAME", "@"),
    ("PTR", "host.example.com."),
    ("DNAME", "."),
    ("SOA", "ns1 hostmaster 1 2 3 4 5"),
    ("SOA", r"ns1 host\.master.example.com. 4294967295 0 0 0 4294967295"),
    ("MX", "10 mail"),
    ("MX", "0 ."),
    ("MX", "65535 mail.test."),
    ("TXT", "plain"),
    ("TXT", '"one" "two"'),
    ("TXT", '""'),
    ("TXT", r'"quote \" backslash \\ semicolon ; octet \000 \255"'),
    ("TXT", '"' + "x" * 255 + '"'),
    ("SPF", '"v=spf1 -all"'),
    ("SRV", "0 5 5060 sip"),
    ("SRV", "65535 65535 65535 ."),
    ("NAPTR", '100 50 "s" "z3950+I2L+I2C" "" _z3950._tcp.gatech.edu.'),
    ("NAPTR", r'100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .'),
    ("DS", "60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118"),
    ("DS", "60485 8 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4 f9e99b8383f6a1e4469da50a"),
    ("CDS", "0 0 0 00"),
    ("ZONEMD", "2018031500 1 1 " + "ab " * 48),
    ("SSHFP", "2 1 123456789abcdef67890123456789abcdef67890"),
    ("SSHFP", "4 2 " + "ab " * 32),
    ("TLSA", "3 1 1 " + "0123456789abcdef" * 4),
    ("SMIMEA", "3 0 0 00ff"),
    ("OPENPGPKEY", "AAECAwQFBgc="),
    ("OPENPGPKEY", "AAEC AwQF Bgc="),
    ("SVCB", "1 svc alpn=h2 port=8443"),
    ("SVCB", "0 ."),
    ("HTTPS", '1 . alpn="h3,h2" ipv4hint=192.0.2.1 ipv6hint=2001:db8::1'),
    ("HTTPS", "1 . mandatory=alpn alpn=h2 no-default-alpn key65000=x"),
    ("URI", '10 1 "ftp://ftp1.example.com/public"'),
    ("CAA", '0 issue "letsencrypt.org"'),
    ("CAA", '128 iodef "mailto:security@example.com"'),
    ("CAA", '0 issue ";"'),
    ("CAA", "0 " + "i" * 255 + ' "x"'),
]
# And of types that have none.
RARE = [
    ("HINFO", '"DEC-2060" "TOPS20"'),
    ("LOC", "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m"),
    ("RP", "admin txt"),
    ("CERT", "PKIX 1 RSASHA256 AAAA"),
    ("DNSKEY", "257 3 8 AwEAAa=="),
    ("APL", "1:192.168.32.0/21 !1:192.168.38.0/28"),
    ("EUI48", "00-00-5e-00-53-2a"),
    ("TYPE65280", r"\# 4 0a000001"),
    ("TYPE65281", r"\# 0"),
]


def _tokens(text: str) -> list[Token]:
    """Words and quoted strings; enough of a lexer for these tables."""
    tokens, at = [], 0
    while at < len(text):
        if text[at] == '"':
            end = at + 1
            while text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            tokens.append(Token(text[at + 1 : end], quoted=True))
            at = end + 2
            continue
        word, _, _ = text[at:].partition(" ")
        # A word such as alpn="h2" keeps its quotes, as dnspython wants it.
        tokens.append(Token(word))
        at += len(word) + 1
    return [token for token in tokens if token.text or token.quoted]


def _parse(mnemonic: str, text: str) -> Rdata:
    rtype = rtypes.find_rtype(mnemonic)
    assert rtype is not None
    return parse_rdata(rtype, _tokens(text), ORIGIN)


def _oracle(mnemonic: str, text: str) -> dns.rdata.Rdata:
    return dns.rdata.from_text("IN", mnemonic, text, ROOT, relativize=False)


@pytest.mark.parametrize(("mnemonic", "text"), GOOD + RARE)
def test_text_to_octets(mnemonic: str, text: str) -> None:
    """Text becomes the octets that dnspython makes of it."""
    assert _oracle(mnemonic, text).to_wire() == _parse(mnemonic, text).wire


@pytest.mark.parametrize(("mnemonic", "text"), GOOD + RARE)
def test_octets_to_text(mnemonic: str, text: str) -> None:
    """Octets become text that dnspython reads back as the same octets."""
    octets = _oracle(mnemonic, text).to_wire()
    assert octets is not None
    rdata = decode_rdata(int(dns.rdatatype.from_text(mnemonic)), octets)
    assert octets == rdata.wire == _oracle(mnemonic, rdata.text).to_wire()
    assert rdata == _parse(mnemonic, text)


def test_every_class_is_in_the_table() -> None:
    """No type with a class goes untested."""
    assert set(TYPED) == {rtypes.find_rtype(mnemonic) for mnemonic, _ in GOOD}
    assert all(kind.rtype == rtype for rtype, kind in TYPED.items())


# Type, text, rule, index of the token, words of the message.
BAD = [
    ("A", "", "SY003", 0, "A takes 1 field"),
    ("A", "192.0.2.1 192.0.2.2", "SY003", 1, "not 2"),
    ("A", "192.0.2", "AD001", 0, "not an IPv4 address"),
    ("A", "192.0.2.256", "AD001", 0, "not an IPv4 address"),
    ("A", "192.0.2.01", "AD001", 0, "not an IPv4 address"),
    ("A", "0300.0.2.1", "AD001", 0, "not an IPv4 address"),
    ("A", "192.0.2.1/32", "AD001", 0, "not an IPv4 address"),
    ("A", "3221225985", "AD001", 0, "not an IPv4 address"),
    ("A", "2001:db8::1", "AD001", 0, "not an IPv4 address"),
    ("A", "mail.example.com.", "AD001", 0, "not an IPv4 address"),
    ("AAAA", "192.0.2.1", "AD001", 0, "not an IPv6 address"),
    ("AAAA", "fe80::1%eth0", "AD001", 0, "not an IPv6 address"),
    ("AAAA", "2001:db8::1::2", "AD001", 0, "not an IPv6 address"),
    ("AAAA", "[2001:db8::1]", "AD001", 0, "not an IPv6 address"),
    ("NS", "a..b", "SY001", 0, "empty"),
    ("NS", "a" * 64, "SY001", 0, "64 octets"),
    ("CNAME", ".".join(["a" * 63] * 4), "SY002", 0, "255 is the most"),
    ("CNAME", r"\300", "SY003", 0, "no escape"),
    ("PTR", "_ü", "MX029", 0, "internationalised"),
    ("SOA", "ns1 hostmaster 1 2 3 4", "SY003", 6, "SOA takes 7 field"),
    ("SOA", "ns1 hostmaster -1 2 3 4 5", "SY003", 2, "serial '-1' is no plain decimal"),
    ("SOA", "ns1 hostmaster 4294967296 2 3 4 5", "SY003", 2, "outside 0..4294967295"),
    ("SOA", "ns1 hostmaster 1 1h 3 4 5", "SY003", 3, "refresh '1h' is no plain decimal"),
    ("MX", "mail", "MX013", 0, "preference is missing"),
    ("MX", "", "SY003", 0, "MX takes 2 field"),
    ("MX", "10", "SY003", 1, "takes 2 field(s)"),
    ("MX", "mail", "MX013", 0, "preference is missing"),
    ("MX", "mail 10", "MX013", 0, "written backwards"),
    ("MX", "ten mail", "MX013", 0, "no plain decimal"),
    ("MX", "-1 mail", "MX013", 0, "no plain decimal"),
    ("MX", "010 mail", "MX013", 0, "no plain decimal"),
    ("MX", "1e1 mail", "MX013", 0, "no plain decimal"),
    ("MX", "65536 mail", "MX013", 0, "outside 0..65535"),
    ("MX", "9" * 5000 + " mail", "MX013", 0, "outside 0..65535"),
    ("MX", "١٠ mail", "MX013", 0, "no plain decimal"),
    ("MX", "10 mail 20 mail2", "SY003", 2, "not 4"),
    ("TXT", "", "SY003", None, "at least one"),
    ("TXT", "a " + "x" * 256, "TX001", 1, "256 octets"),
    ("TXT", r"\256", "SY003", 0, "no escape"),
    ("TXT", "a b\\", "SY003", 1, "lone backslash"),
    ("SRV", "0 0 65536 sip", "SY003", 2, "port 65536 is outside"),
    ("SRV", "0 0 sip", "SY003", 3, "SRV takes 4 field"),
    ("NAPTR", '1 1 "' + "f" * 256 + '" "" "" .', "TX001", 2, "256 octets"),
    ("DS", "1 8 2 xyz", "SY003", 3, "not hex"),
    ("DS", "1 8 2 abc", "SY003", 3, "not hex"),
    ("DS", "1 256 2 ab", "SY003", 1, "outside 0..255"),
    ("TLSA", "3 1 1 zz", "TL003", 3, "not hex"),
    ("OPENPGPKEY", "AAE", "SY003", 0, "not base64"),
    ("OPENPGPKEY", "A*==", "SY003", 0, "not base64"),
    ("CAA", '256 issue "x"', "CA001", 0, "outside 0..255"),
    ("CAA", '0 "" "x"', "CA001", 1, "1 to 255 letters and digits"),
    ("CAA", '0 is-sue "x"', "CA001", 1, "1 to 255 letters and digits"),
    ("CAA", r'0 issu\233 "x"', "CA001", 1, "1 to 255 letters and digits"),
    ("CAA", "0 " + "i" * 256 + ' "x"', "CA001", 1, "1 to 255 letters and digits"),
    ("CAA", "0 issue", "SY003", 2, "CAA takes 3 field"),
    ("URI", '10 1 "a" "b"', "SY003", 3, "not 4"),
    ("SVCB", "1 svc alpn", "SY003", None, ""),
    ("HTTPS", "1 . port=x", "SY003", None, ""),
    ("LOC", "north", "SY003", None, ""),
    ("TYPE65280", "abc", "SY003", None, ""),
    ("TYPE65280", r"\# 4 0a0000", "SY003", None, "announces 4 octet(s), but 3"),
    ("TYPE65280", r"\# 4", "SY003", None, "announces 4 octet(s), but 0"),
    ("TYPE65280", r"\#", "SY003", None, "is not"),
    ("TYPE65280", r"\# x 00", "SY003", None, "is not"),
    ("TYPE65280", r"\# -1", "SY003", None, "is not"),
    ("TYPE65280", r"\# +1 00", "SY003", None, "is not"),
    ("TYPE65280", r"\# 1_0 " + "00" * 10, "SY003", None, "is not"),
    ("TYPE65280", r"\# 1 0", "SY003", None, "is not"),
    ("TYPE65280", r"\# 65536 " + "00" * 65536, "SY003", None, "is not"),
    ("A", r"\# 3 0a0000", "SY003", None, "too early"),
    ("A", r"\# 5 0a00000101", "SY003", None, "too many"),
    ("MX", r"\# 1 00", "SY003", None, "too early"),
    ("MX", r"\# 4 000ac000", "SY003", None, "compressed"),
    ("TXT", r"\# 0", "SY003", None, "too early"),
    ("TXT", r"\# 2 0261", "SY003", None, "too early"),
    ("NS", r"\# 2 0161", "SY003", None, "too early"),
    ("NS", r"\# 257 " + "0161" * 128 + "00", "SY003", None, "255 is the most"),
    ("TXT", " ".join(["x" * 255] * 256), "SY010", None, "65536 octets; 65535 is the most"),
    ("URI", '1 1 "' + "x" * 65532 + '"', "SY010", None, "65536 octets; 65535 is the most"),
    ("TLSA", "3 0 0 " + "00" * 65533, "SY010", None, "65536 octets; 65535 is the most"),
]


@pytest.mark.parametrize(
    ("mnemonic", "text", "code", "position", "message"),
    BAD,
    ids=[f"{mnemonic} {text[:20]}" for mnemonic, text, *_ in BAD],
)
def test_refused(
    mnemonic: str, text: str, code: str, position: int | None, message: str
) -> None:
    """The rule, the field and the reason; nothing else is ever raised."""
    with pytest.raises(RdataError) as caught:
        _parse(mnemonic, text)
    assert (code, position) == (caught.value.code, caught.value.position)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("mnemonic", "text", "fix"),
    [
        ("MX", "mail", "write: MX 10 mail"),
        ("MX", "mail 10", "write: MX 10 mail"),
        ("A", "2001:db8::1", "use type AAAA"),
        ("AAAA", "192.0.2.1", "use type A"),
        ("AAAA", "fe80::1%1", "leave out the zone index"),
        ("SRV", "0 0 sip", "write: SRV priority weight port target"),
        ("SRV", "0 0 x sip", "write a number from 0 to 65535"),
        ("TXT", "x" * 256, 'split it: "first part" "second part"'),
        ("TYPE65280", r"\# x", r"write: \# 4 0a000001"),
    ],
)
def test_fix(mnemonic: str, text: str, fix: str) -> None:
    """Where it is known, what to write instead."""
    with pytest.raises(RdataError) as caught:
        _parse(mnemonic, text)
    assert fix == caught.value.fix


@pytest.mark.parametrize(
    ("mnemonic", "text", "host"),
    [
        ("MX", "10 mail", "mail.example.com."),
        ("MX", "0 .", "."),
        ("NS", "ns", "ns.example.com."),
        ("CNAME", "www", "www.example.com."),
        ("PTR", "www", "www.example.com."),
        ("DNAME", "test.", "test."),
        ("SRV", "0 0 25 mail", "mail.example.com."),
        ("SVCB", "1 svc", "svc.example.com."),
        ("HTTPS", "1 .", "."),
        ("A", "192.0.2.1", None),
        ("TXT", "mail", None),
        ("SOA", "ns host 1 2 3 4 5", None),
        ("NAPTR", '1 1 "" "" "" x', None),
        ("RP", "admin txt", None),
    ],
)
def test_points_to(mnemonic: str, text: str, host: str | None) -> None:
    """The host that a reader goes on to."""
    found = _parse(mnemonic, text).points_to
    assert host == (str(found) if found else None)


def test_equality() -> None:
    """Equal octets, names without case; another type is another thing."""
    assert NS(Name.parse("A.b.")) == NS(Name.parse("a.B."))
    assert hash(NS(Name.parse("A.b."))) == hash(NS(Name.parse("a.B.")))
    ns: Rdata = NS(Name.parse("a."))
    assert ns != CNAME(Name.parse("a."))
    assert TXT((b"A",)) != TXT((b"a",))
    assert Opaque(65280, b"x") != Opaque(65281, b"x")
    address: Rdata = A(bytes(4))
    assert address != Opaque(1, bytes(4))


@pytest.mark.parametrize(
    ("octets", "strings"),
    [
        (b"", (b"",)),
        (b"x", (b"x",)),
        (b"x" * 255, (b"x" * 255,)),
        (b"x" * 256, (b"x" * 255, b"x")),
        (b"x" * 510, (b"x" * 255, b"x" * 255)),
    ],
)
def test_split(octets: bytes, strings: tuple[bytes, ...]) -> None:
    """Text of any length, and the same text when joined again (RFC 7208 3.3)."""
    assert strings == TXT.split(octets).strings
    assert octets == TXT.split(octets).joined


def test_split_has_an_end() -> None:
    """A record holds 65,535 octets, length octets included."""
    assert 65535 == len(TXT.split(b"x" * 65279).wire)
    with pytest.raises(RdataError):
        TXT.split(b"x" * 65280)


@pytest.mark.parametrize(
    ("token", "octets"),
    [
        (Token(r"a\.b", quoted=True), b"a.b"),
        (Token(r"a\.b", quoted=True, literal=True), rb"a\.b"),
        (Token("ü"), "ü".encode()),
        (Token(r"\195\188"), "ü".encode()),
        (Token(r"ü\;"), "ü;".encode()),
    ],
)
def test_literal_text(token: Token, octets: bytes) -> None:
    """A literal token has no escapes; any other has those of RFC 1035 5.1."""
    assert TXT((octets,)) == parse_rdata(rtypes.TXT, [token], None)


def test_quoted_text() -> None:
    """Blank to tilde as they are, quotes and backslashes escaped, the rest by number."""
    octets = b' !az~"\\\x1f\x7f\x80\xff'
    assert r'" !az~\"\\\031\127\128\255"' == TXT((octets,)).text


def test_generic_text_is_never_quoted() -> None:
    r"""`"\#"` in quotes is a text like any other."""
    assert TXT((b"#", b"4")) == parse_rdata(
        rtypes.TXT, [Token(r"\#", quoted=True), Token("4")], None
    )


def test_names_need_an_origin() -> None:
    """A relative name that is below nothing is refused."""
    with pytest.raises(RdataError, match="no final dot"):
        parse_rdata(rtypes.MX, [Token("10"), Token("mail")], None)
    with pytest.raises(RdataError):
        parse_rdata(17, [Token("admin"), Token("txt")], None)  # RP, which dnspython reads


def test_what_dnspython_did_not_foresee(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it raises, the reader of a zone file gets an RdataError."""

    def from_text(*_args: object, **_options: object) -> dns.rdata.Rdata:
        raise IndexError("beyond the end")

    monkeypatch.setattr(dns.rdata, "from_text", from_text)
    with pytest.raises(RdataError, match="cannot be read: beyond the end"):
        parse_rdata(rtypes.LOC, [Token("52")], None)


def test_fields_have_the_names_of_the_rfc() -> None:
    """What rules and findings are written in terms of."""
    srv = _parse("SRV", "1 2 3 sip")
    assert isinstance(srv, SRV)
    assert (1, 2, 3) == (srv.priority, srv.weight, srv.port)
    mx = _parse("MX", "10 mail")
    assert isinstance(mx, MX)
    assert (10, "mail.example.com.") == (mx.preference, str(mx.exchange))
    assert [10, "mail.example.com."] == [mx.values[0], str(mx.values[1])]
