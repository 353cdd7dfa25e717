"""What the native engine says to a message, without a zone and without a socket."""

import struct

import dns.edns
import dns.message
import dns.rcode
import pytest

from tests.unit.fastpath.engines import make_engine

ADDRESS = bytes((198, 51, 100, 100))
# RFC 9018 A.1 to A.4: secrets, askers and times; each cookie as it is asked and answered with.
SECRET = bytes.fromhex("e5e973e5a6b2a43f48e7dc849e37bfcf")
OLD_SECRET = bytes.fromhex("dd3bdf9344b678b185a6f5cb60fca715")
NEW_SECRET = bytes.fromhex("445536bcd2513298075a5d379663c962")
IPV6_ADDRESS = bytes.fromhex("20010db80220000159ded0f4876982b8")
CLIENT = "2464c4abcf10c957"
LEARNT = CLIENT + "010000005cf79f111f8130c3eee29480"
RENEWED = CLIENT + "010000005cf7a871d4a564a1442aca77"
OTHER = "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5"
OTHER_RENEWED = "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e"
ROLLED = "22681ab97d52c298010000005cf7c57926556bd0934c72f8"
ROLLED_OVER = "22681ab97d52c298010000005cf7c609a6bb79d16625507a"


def query(qname: str = "example.", qtype: str = "MX", **options: object) -> bytes:
    """The octets of a query."""
    return dns.message.make_query(qname, qtype, **options).to_wire()  # type: ignore[arg-type]


def option(code: int, octets: bytes) -> dns.edns.Option:
    """An option of a query's OPT."""
    return dns.edns.GenericOption(dns.edns.OptionType(code), octets)


def ask(message: bytes, *, now: int = 0, **settings: object) -> bytes | None:
    """What an engine without zones answers."""
    answer: bytes | None = make_engine(**settings).answer(message, False, ADDRESS, now)
    return answer


def test_without_zones_all_is_refused() -> None:
    """A name of nobody's gets REFUSED, with who we are and why only where there is an OPT."""
    plain, with_opt = query(), query(use_edns=0, options=[option(3, b"")])
    answers = [dns.message.from_wire(ask(message) or b"") for message in (plain, with_opt)]
    assert [dns.rcode.REFUSED] * 2 == [answer.rcode() for answer in answers]
    assert [-1, 0] == [answer.edns for answer in answers]
    assert ["NSID ns1", "EDE 20 (Not Authoritative)"] == [
        str(found) for found in answers[1].options
    ]


@pytest.mark.parametrize("message", [b"", bytes(11), b"\0\0\x80" + query()[3:]])
def test_silence(message: bytes) -> None:
    """Less than a header, and answers, are not answered."""
    assert b"" == ask(message)


@pytest.mark.parametrize(
    "message",
    [
        query(qtype="AXFR"),
        query(rdclass="CH"),
        query(use_edns=1),
        query()[:-1],
        dns.message.make_query("example.", "SOA").to_wire()[:2] + b"\x20" + query()[3:],
    ],
    ids=["transfer", "class", "version", "cut", "notify"],
)
def test_the_rare_is_handed_over(message: bytes) -> None:
    """What is no plain question is for Python."""
    assert ask(message) is None


@pytest.mark.parametrize(
    ("secrets", "address", "now", "asked", "answered"),
    [
        ([SECRET], ADDRESS, 1559731985, CLIENT, LEARNT),
        ([SECRET], ADDRESS, 1559734385, LEARNT, RENEWED),
        ([SECRET], bytes((203, 0, 113, 203)), 1559734700, OTHER, OTHER_RENEWED),
        ([NEW_SECRET, OLD_SECRET], IPV6_ADDRESS, 1559741961, ROLLED, ROLLED_OVER),
        # One that is young, and made with the current secret, goes back as it came.
        ([SECRET], ADDRESS, 1559731985 + 1800, LEARNT, LEARNT),
    ],
    ids=["A.1", "A.2", "A.3", "A.4", "young"],
)
def test_cookies(
    secrets: list[bytes], address: bytes, now: int, asked: str, answered: str
) -> None:
    """RFC 9018 A, and 4.3."""
    message = query(use_edns=0, options=[option(10, bytes.fromhex(asked))])
    octets = make_engine(secrets=secrets).answer(message, False, address, now)
    cookie = struct.pack("!HH", 10, 24) + bytes.fromhex(answered)
    assert cookie == octets[-len(cookie) - 6 : -6]  # before the reason of REFUSED


def test_no_secrets_no_cookies() -> None:
    """Without a secret the option is passed over."""
    message = query(use_edns=0, options=[option(10, bytes(8))])
    answer = dns.message.from_wire(ask(message) or b"")
    assert ["EDE 20 (Not Authoritative)"] == [str(found) for found in answer.options]


def test_secrets_do_not_show() -> None:
    """Nothing of a secret is in what is printed of an engine."""
    assert "Engine object" in repr(make_engine(secrets=[b"sixteen octets.."]))
    assert "sixteen" not in repr(make_engine(secrets=[b"sixteen octets.."]))


@pytest.mark.parametrize(
    "settings", [{"secrets": [b"short"]}, {"nsid": bytes(400)}, {"max_payload": -1}]
)
def test_settings_that_cannot_be(settings: dict[str, object]) -> None:
    """What no answer could be made with is refused at once."""
    with pytest.raises((ValueError, OverflowError)):
        make_engine(**settings)


def test_address_has_the_length_of_one() -> None:
    """An asker has an IPv4 or an IPv6 address."""
    with pytest.raises(ValueError, match="4 or 16 octets"):
        make_engine().answer(query(), False, b"", 0)


@pytest.mark.parametrize(
    ("ways", "told"),
    [((False, False), {}), ((True, False), {11}), ((True, True), {11, 12})],
    ids=["UDP", "TCP", "TLS"],
)
def test_options_of_streams(ways: tuple[bool, bool], told: set[int]) -> None:
    """Who asks is told the idle limit over a stream (RFC 7828); only TLS is padded."""
    asked = [option(12, bytes(9)), option(11, b""), option(11, b"\0\1")]
    message = query(use_edns=0, options=asked)
    stream, encrypted = ways
    answer = make_engine(keepalive=300).answer(message, stream, ADDRESS, 0, encrypted)
    options = {int(each.otype): each for each in dns.message.from_wire(answer).options}
    assert {15, *told} == options.keys()
    assert 11 not in told or options[11].to_wire() == b"\x01\x2c"
    assert 12 not in told or len(answer) == 468


def test_value_of_a_keepalive_in_a_query_is_ignored() -> None:
    """RFC 7828 3.2.1: clients send none."""
    message = query(use_edns=0, options=[option(11, b"abc")])
    answer = make_engine(keepalive=300).answer(message, True, ADDRESS, 0)
    assert [15] == [each.otype for each in dns.message.from_wire(answer).options]
