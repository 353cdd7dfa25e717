"""What counts as an address, and what is said of a text that is none."""

import ipaddress

import pytest

from zoneserver.errors import NameSyntaxError
from zoneserver.mail.address import parse_address

DOMAINS = [
    ("info@example.com", "info", "example.com."),
    ("example.com", "", "example.com."),
    ("example.com.", "", "example.com."),
    (" info@example.com\n", "info", "example.com."),
    ("info@EXAMPLE.com", "info", "EXAMPLE.com."),
    ("first.last+tag@mail.example.com", "first.last+tag", "mail.example.com."),
    ('"a@b c"@example.com', '"a@b c"', "example.com."),
    ("info@münchen.example", "info", "xn--mnchen-3ya.example."),
    ("jörg@example.com", "jörg", "example.com."),
    ("postmaster@com", "postmaster", "com."),
    ("x@67.example.com", "x", "67.example.com."),
]

LITERALS = [
    ("user@[192.0.2.1]", "192.0.2.1"),
    ("user@[IPv6:2001:db8::1]", "2001:db8::1"),
    ("user@[ipv6:2001:DB8::1]", "2001:db8::1"),
    ("[192.0.2.1]", "192.0.2.1"),
]

# the text, words that must be in the answer
MISTAKES = [
    ("", "the domain is missing"),
    ("info@", "the domain is missing"),
    ("info@.", "the domain is missing"),
    ("@example.com", "nothing before the @"),
    ("Jane <jane@example.com>", "write the address alone"),
    ("mailto:jane@example.com", "write the address alone"),
    ("jane@doe@example.com", "write the address alone"),
    ("jane..doe@example.com", "write the address alone"),
    ("x" * 65 + "@example.com", "over 64 octets"),
    ("ö" * 33 + "@example.com", "over 64 octets"),
    ("info@192.0.2.1", "user@[192.0.2.1]"),
    ("info@2001:db8::1", "user@[IPv6:2001:db8::1]"),
    ("info@[192.0.2.1", "[192.0.2.1]"),
    ("info@[192.0.2.300]", "[192.0.2.1]"),
    ("info@[2001:db8::1]", "[IPv6:2001:db8::1]"),
    ("info@[IPv6:192.0.2.1]", "[192.0.2.1]"),
    ("info@[mail.example.com]", "[192.0.2.1]"),
    ("info@example.com:25", "port"),
    ("info@exa_mple.com", "underscore"),
    ("info@-example.com", "hyphen"),
    ("info@*.example.com", "asterisk"),
    ("info@exam ple.com", "blank"),
    ("http://example.com", "URL"),
    ("info@example..com", "label is empty"),
    ("info@" + "x" * 64 + ".com", "63"),
    ("info@☃☃.example", "internationalised"),
    ("info@\udcff.example", "internationalised"),
]


@pytest.mark.parametrize(("text", "local", "domain"), DOMAINS)
def test_domain(text: str, local: str, domain: str) -> None:
    """An address with a domain is split at its last @, the domain in A-labels."""
    address = parse_address(text)

    assert (address.local, str(address.domain), address.literal) == (local, domain, None)


@pytest.mark.parametrize(("text", "literal"), LITERALS)
def test_literal(text: str, literal: str) -> None:
    """RFC 5321 4.1.3: an address in brackets is no domain."""
    address = parse_address(text)

    assert (address.domain, address.literal) == (None, ipaddress.ip_address(literal))


@pytest.mark.parametrize(("text", "words"), MISTAKES)
def test_mistake(text: str, words: str) -> None:
    """What is no address is refused, and the message says what to write."""
    with pytest.raises(NameSyntaxError) as caught:
        parse_address(text)

    assert words in str(caught.value)
