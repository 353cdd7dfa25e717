"""Addresses that nobody outside can reach (the registry of RFC 6890)."""

import ipaddress

from zoneserver.findings import Level

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NEVER = Level.ERROR
_INSIDE_ONLY = Level.WARNING
_EXAMPLES = Level.HINT

# The first network that an address is in decides.
_RANGES: tuple[tuple[str, Level, str], ...] = (
    ("127.0.0.0/8", _NEVER, "the sender's own machine"),
    ("::1/128", _NEVER, "the sender's own machine"),
    ("0.0.0.0/8", _NEVER, "no address of any host"),
    ("::/128", _NEVER, "no address of any host"),
    ("224.0.0.0/4", _NEVER, "a multicast address"),
    ("ff00::/8", _NEVER, "a multicast address"),
    ("240.0.0.0/4", _NEVER, "a reserved address"),
    ("10.0.0.0/8", _INSIDE_ONLY, "a private address that is not reachable from outside"),
    ("172.16.0.0/12", _INSIDE_ONLY, "a private address that is not reachable from outside"),
    ("192.168.0.0/16", _INSIDE_ONLY, "a private address that is not reachable from outside"),
    ("fc00::/7", _INSIDE_ONLY, "a unique local address that is not reachable from outside"),
    ("169.254.0.0/16", _INSIDE_ONLY, "a link-local address"),
    ("fe80::/10", _INSIDE_ONLY, "a link-local address"),
    ("100.64.0.0/10", _INSIDE_ONLY, "an address of a carrier's NAT"),
    ("192.0.2.0/24", _EXAMPLES, "an address for documentation"),
    ("198.51.100.0/24", _EXAMPLES, "an address for documentation"),
    ("203.0.113.0/24", _EXAMPLES, "an address for documentation"),
    ("2001:db8::/32", _EXAMPLES, "an address for documentation"),
    ("3fff::/20", _EXAMPLES, "an address for documentation"),
)
# By the octets of an address: first and last of each range, as numbers.
_NUMBERS = {
    octets: tuple(
        (int(network[0]), int(network[-1]), level, what)
        for network, level, what in (
            (ipaddress.ip_network(text), level, what) for text, level, what in _RANGES
        )
        if network.max_prefixlen == octets * 8
    )
    for octets in (4, 16)
}


def judge_address(octets: bytes) -> tuple[Level, str] | None:
    """How bad it is to send mail to an address, and what it is; None for a public one."""
    number = int.from_bytes(octets, "big")
    for first, last, level, what in _NUMBERS[len(octets)]:
        if first <= number <= last:
            return level, what
    return None
