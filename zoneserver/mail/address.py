"""Mail addresses as people type them: a mailbox, a bare domain, an address literal."""

import ipaddress
import re
from dataclasses import dataclass

from zoneserver.errors import NameSyntaxError
from zoneserver.names import ROOT, Name
from zoneserver.validator.hostnames import find_address, find_fault
from zoneserver.validator.ranges import IPAddress

MAX_LOCAL_OCTETS = 64  # RFC 5321 4.5.3.1.1

# RFC 5321 4.1.2; beyond ASCII as RFC 6531 3.3 adds it.
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LOCAL = re.compile(rf'{_ATOM}(\.{_ATOM})*|"([^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class MailAddress:
    """An address that mail is sent to.

    Without `local` it is a domain, whatever the mailbox. A `literal` is an address such as
    `user@[192.0.2.1]`, which has no `domain`.
    """

    text: str
    local: str
    domain: Name | None = None
    literal: IPAddress | None = None


def parse_address(text: str) -> MailAddress:
    """Read `user@domain`, `user@[address]` or `domain`; the final dot may be left out.

    U-labels become A-labels. Raises NameSyntaxError with the reason and what to write.
    """
    text = text.strip()
    local, at, domain = text.rpartition("@")
    if at:
        _check_local(text, local)
    if domain.startswith("["):
        return MailAddress(text, local, literal=_parse_literal(domain))
    return MailAddress(text, local, _parse_domain(domain))


def _check_local(text: str, local: str) -> None:
    if not local:
        raise NameSyntaxError(f"{text!r} has nothing before the @; write the domain alone")
    if not _LOCAL.fullmatch(local):
        raise NameSyntaxError(
            f"{local!r} is no mailbox; write the address alone, such as info@example.com"
        )
    if len(local.encode(errors="surrogatepass")) > MAX_LOCAL_OCTETS:
        raise NameSyntaxError(f"the part before the @ is over {MAX_LOCAL_OCTETS} octets long")


def _parse_literal(text: str) -> IPAddress:
    """The address between the brackets; IPv6 has a tag in front (RFC 5321 4.1.3)."""
    inner = text[1:-1] if text.endswith("]") else ""
    try:
        if inner[:5].lower() == "ipv6:":
            return ipaddress.IPv6Address(inner[5:])
        return ipaddress.IPv4Address(inner)
    except ValueError:
        raise NameSyntaxError(
            f"{text!r} is no address literal; write [192.0.2.1] or [IPv6:2001:db8::1]"
        ) from None


def _parse_domain(text: str) -> Name:
    if not text.strip("."):
        raise NameSyntaxError(
            "the domain is missing; write an address such as info@example.com"
        )
    domain = Name.parse(text if text.endswith(".") else f"{text}.")
    if address := find_address(domain, ROOT):
        literal = f"IPv6:{address}" if ":" in address else address
        raise NameSyntaxError(
            f"{text} is an IP address, no domain; mail to a machine goes to user@[{literal}]"
        )
    if fault := find_fault(domain, ROOT):
        raise NameSyntaxError(f"{text} is no mail domain: {fault[0]}")
    return domain
