"""Names and rdata: text and octets turn into one another without loss, as in dnspython."""

import string

import dns.exception
import dns.name
import dns.rdata
import dns.tokenizer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from zoneserver.errors import NameSyntaxError, RdataError
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.fields import Token, quote
from zoneserver.records.parse import decode_rdata, parse_rdata
from zoneserver.records.rdata import TYPED, Rdata

LABELS = st.binary(min_size=1, max_size=63)
NAMES = (
    st.lists(LABELS, max_size=6)
    .filter(lambda labels: sum(map(len, labels)) + len(labels) < 255)
    .map(Name.from_labels)
)
TEXTS = st.text(
    st.sampled_from(string.ascii_letters + string.digits + r"..\\-_*@;\" ()$"), min_size=1
)


@given(NAMES)
@settings(max_examples=examples(500))
def test_name_to_text_and_back(name: Name) -> None:
    """Any octets; the text is dnspython's, and reads back the same in both."""
    oracle = dns.name.from_wire(name.wire, 0)[0]
    assert oracle.to_text() == str(name)
    assert name.wire == Name.parse(str(name)).wire == dns.name.from_text(str(name)).to_wire()


@given(TEXTS)
@settings(max_examples=examples(2000))
def test_name_of_any_ascii_text(text: str) -> None:
    """We take what dnspython takes, for the same octets, and refuse what it refuses."""
    try:
        expected = dns.name.from_text(text, dns.name.root).to_wire()
    except dns.exception.DNSException:
        with pytest.raises(NameSyntaxError):
            Name.parse(text, ROOT)
    else:
        assert expected == Name.parse(text, ROOT).wire


@given(st.text(min_size=1, max_size=80))
@settings(max_examples=examples(1000))
def test_name_of_any_text(text: str) -> None:
    """Any other text is a sound name or a NameSyntaxError, and nothing else."""
    found = _name(text)
    if isinstance(found, Name):
        assert found == Name.from_labels(found.labels)
    else:
        assert found.code in {"SY001", "SY002", "SY003", "MX029"}


def _name(text: str) -> Name | NameSyntaxError:
    try:
        return Name.parse(text, ROOT)
    except NameSyntaxError as error:
        return error


@given(NAMES, NAMES, NAMES)
@settings(max_examples=examples(500))
def test_relations(one: Name, other: Name, third: Name) -> None:
    """Below, order and equality are dnspython's."""
    lower = Name(one.key)
    assert one == lower
    assert hash(one) == hash(lower)
    ours = [one, other, third, lower.parent, *other.ancestors()]
    theirs = [dns.name.from_wire(name.wire, 0)[0] for name in ours]
    for name, oracle in zip(ours, theirs, strict=True):
        for suffix, oracle_suffix in zip(ours, theirs, strict=True):
            assert oracle.is_subdomain(oracle_suffix) == name.is_below(suffix)
            assert (oracle == oracle_suffix) == (name == suffix)
            assert (oracle < oracle_suffix) == (name.canonical() < suffix.canonical())


def _u(octets: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=octets, max_size=octets)


STRINGS = st.binary(max_size=255).map(lambda octets: bytes((len(octets),)) + octets)
WIRE_NAMES = NAMES.map(lambda name: name.wire)
REST = st.binary(min_size=1, max_size=80)
TAGS = st.text(string.ascii_letters + string.digits, min_size=1, max_size=30).map(
    lambda tag: bytes((len(tag),)) + tag.encode()
)
PARAMETERS = st.sampled_from(
    [b"", b"\0\1\0\3\2h2", b"\0\1\0\3\2h3\0\3\0\2\x01\xbb", b"\0\4\0\4\xc0\0\2\1"]
)
DIGESTS = st.one_of(
    _u(20).map(lambda digest: b"\1" + digest), _u(32).map(lambda digest: b"\2" + digest)
)
MATCHES = st.one_of(
    REST.map(lambda data: b"\0" + data), _u(32).map(lambda hash_: b"\1" + hash_)
)
PRINTS = st.one_of(
    _u(20).map(lambda hash_: b"\1" + hash_), _u(32).map(lambda hash_: b"\2" + hash_)
)
SUMS = st.one_of(
    _u(48).map(lambda digest: b"\1" + digest), _u(64).map(lambda digest: b"\2" + digest)
)
FIELDS: dict[str, tuple[st.SearchStrategy[bytes], ...]] = {
    "A": (_u(4),),
    "AAAA": (_u(16),),
    "NS": (WIRE_NAMES,),
    "CNAME": (WIRE_NAMES,),
    "PTR": (WIRE_NAMES,),
    "DNAME": (WIRE_NAMES,),
    "SOA": (WIRE_NAMES, WIRE_NAMES, _u(20)),
    "MX": (_u(2), WIRE_NAMES),
    "TXT": (st.lists(STRINGS, min_size=1, max_size=4).map(b"".join),),
    "SPF": (st.lists(STRINGS, min_size=1, max_size=4).map(b"".join),),
    "SRV": (_u(6), WIRE_NAMES),
    "NAPTR": (_u(4), STRINGS, STRINGS, STRINGS, WIRE_NAMES),
    "DS": (_u(2), st.sampled_from([b"\5", b"\x08", b"\x0d"]), DIGESTS),
    "CDS": (_u(2), st.sampled_from([b"\5", b"\x08", b"\x0d"]), DIGESTS),
    "SSHFP": (_u(1), PRINTS),
    "TLSA": (_u(2), MATCHES),
    "SMIMEA": (_u(2), MATCHES),
    "OPENPGPKEY": (REST,),
    "SVCB": (st.just(b"\0\1"), WIRE_NAMES, PARAMETERS),
    "HTTPS": (st.just(b"\0\1"), WIRE_NAMES, PARAMETERS),
    "URI": (_u(4), REST),
    "CAA": (_u(1), TAGS, REST),
    "ZONEMD": (_u(4), st.just(b"\1"), SUMS),
}
RDATAS = st.sampled_from(sorted(FIELDS)).flatmap(
    lambda rtype: st.tuples(st.just(rtype), st.tuples(*FIELDS[rtype]).map(b"".join))
)


def test_every_class_has_its_rdata() -> None:
    """No type with a class is left out of the property."""
    assert {rtypes.mnemonic(rtype) for rtype in TYPED} == set(FIELDS)


@given(RDATAS)
@settings(max_examples=examples(2500))
def test_rdata_to_text_and_back(case: tuple[str, bytes]) -> None:
    """Octets to a value to octets; its text is read by dnspython as the same octets."""
    mnemonic, octets = case
    rtype = rtypes.find_rtype(mnemonic)
    assert rtype is not None
    rdata = decode_rdata(rtype, octets)
    assert octets == rdata.wire
    assert octets == dns.rdata.from_text("IN", mnemonic, rdata.text).to_wire()
    # A word such as alpn="h2" is one token, which only dnspython can take apart.
    binding = mnemonic in {"SVCB", "HTTPS"}
    tokens = list(map(Token, rdata.text.split(" "))) if binding else _tokens(rdata.text)
    assert octets == parse_rdata(rtype, tokens, ROOT).wire
    generic = [Token(r"\#"), Token(str(len(octets))), Token(octets.hex())]
    assert rdata == parse_rdata(rtype, generic, None)


def _tokens(text: str) -> list[Token]:
    """The words of rdata text, by dnspython's lexer; escapes are left for ours."""
    tokenizer = dns.tokenizer.Tokenizer(text)
    tokens = []
    while not (token := tokenizer.get()).is_eol_or_eof():
        assert isinstance(token.value, str)
        tokens.append(Token(token.value, quoted=token.is_quoted_string()))
    return tokens


@given(st.sampled_from(sorted(TYPED)), st.binary(max_size=60))
@settings(max_examples=examples(2500))
def test_rdata_of_any_octets(rtype: int, octets: bytes) -> None:
    """Octets are the rdata of a type, and stay what they are, or an RdataError."""
    try:
        rdata = decode_rdata(rtype, octets)
    except RdataError:
        return
    assert octets == rdata.wire
    assert rdata.text.isprintable()
    assert rdata == decode_rdata(rtype, rdata.wire)


@given(
    st.sampled_from([*sorted(TYPED), 29, 17, 65280]), st.lists(st.text(max_size=20), max_size=8)
)
@settings(max_examples=examples(2500))
def test_rdata_of_any_tokens(rtype: int, words: list[str]) -> None:
    """Words are rdata of a type, within 65,535 octets, or an RdataError."""
    found = _rdata(rtype, words)
    if isinstance(found, Rdata):
        assert len(found.wire) <= 65535
    else:
        assert found.position is None or 0 <= found.position <= len(words)


def _rdata(rtype: int, words: list[str]) -> Rdata | RdataError:
    try:
        return parse_rdata(rtype, [Token(word) for word in words], ROOT)
    except RdataError as error:
        return error


@given(st.binary(max_size=300))
@settings(max_examples=examples(500))
def test_quoted_strings(octets: bytes) -> None:
    """A quoted text has no octet that a line of a file cannot hold."""
    text = quote(octets)
    assert text.isascii()
    assert text.isprintable()
    assert octets == dns.tokenizer.Tokenizer(text).get().unescape_to_bytes().value
