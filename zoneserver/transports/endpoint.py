"""Where to listen: an address and a port, and their octets."""

import ipaddress
import socket
from typing import NamedTuple, Self

from zoneserver.errors import ConfigurationError


class Endpoint(NamedTuple):
    """An address and a port, written `192.0.2.1:53` or `[2001:db8::1]:53`."""

    address: str
    port: int

    def __str__(self) -> str:
        address = f"[{self.address}]" if self.is_ipv6 else self.address
        return f"{address}:{self.port}"

    @property
    def is_ipv6(self) -> bool:
        """Whether the address is of IPv6."""
        return ":" in self.address

    @property
    def is_wildcard(self) -> bool:
        """Whether it stands for every address of this host."""
        return ipaddress.ip_address(self.address).is_unspecified

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form. Raises ConfigurationError."""
        address, _, port = text.rpartition(":")
        bracketed = address.startswith("[") and address.endswith("]")
        address = address[1:-1] if bracketed else address
        try:
            is_ipv6 = ipaddress.ip_address(address).version == 6
        except ValueError:
            is_ipv6 = not bracketed  # neither form: refused below
        if is_ipv6 is not bracketed or not (port.isascii() and port.isdecimal()):
            raise ConfigurationError(
                f"cannot listen on {text!r}: write ADDRESS:PORT, as in 127.0.0.1:53 or [::1]:53"
            )
        if len(port) > 5 or int(port) > 65535:
            raise ConfigurationError(f"cannot listen on {text}: 65535 is the last port")
        return cls(address, int(port))


def pack_address(address: str) -> bytes:
    """The octets of an address, without the scope of a link-local one."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.inet_pton(family, address.partition("%")[0])
