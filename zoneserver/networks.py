"""Networks: sets of IP addresses, as limits and access rules name them.

An address is its octets, 4 or 16 of them. Imports nothing of ours but the errors.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from zoneserver.errors import ConfigurationError

# The octets of a network's first address, and how many bits all its addresses share.
Prefix = tuple[bytes, int]


@dataclass(frozen=True, slots=True)
class Networks:
    """All addresses of some networks."""

    prefixes: tuple[Prefix, ...] = ()
    # What an address of so many octets is shifted by, and what is left of it then.
    _rows: tuple[tuple[int, int, int], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rows = []
        for octets, bits in self.prefixes:
            shift = 8 * len(octets) - bits
            rows.append((len(octets), shift, int.from_bytes(octets, "big") >> shift))
        object.__setattr__(self, "_rows", tuple(rows))

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Self:
        """Read `192.0.2.0/24`, `2001:db8::/32`, or single addresses.

        Raises ConfigurationError.
        """
        return cls(tuple(map(_parse, texts)))

    def texts(self) -> list[str]:
        """The written forms."""
        return [f"{ipaddress.ip_address(octets)}/{bits}" for octets, bits in self.prefixes]

    def __contains__(self, address: object) -> bool:
        assert isinstance(address, bytes)
        octets, number = len(address), int.from_bytes(address, "big")
        return any(
            octets == its_octets and number >> shift == prefix
            for its_octets, shift, prefix in self._rows
        )


def _parse(text: str) -> Prefix:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise ConfigurationError(
            f"{text!r} is no network: write ADDRESS/BITS, as in 192.0.2.0/24 or 2001:db8::/32"
        ) from error
    # A mask written as an address, or bits beyond the mask, are more often slips than not.
    address, _, bits = text.partition("/")
    if bits and (not bits.isdecimal() or ipaddress.ip_address(address) != network[0]):
        raise ConfigurationError(f"{text!r} is no network: did you mean {network}?")
    return network.network_address.packed, network.prefixlen


LOOPBACK = Networks.parse(("127.0.0.0/8", "::1"))
EVERYBODY = Networks.parse(("0.0.0.0/0", "::/0"))
