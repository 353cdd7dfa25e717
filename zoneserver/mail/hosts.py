"""What our zones know of a host that mail is sent to: addresses, reverse names, TLSA."""

import ipaddress
from dataclasses import dataclass
from enum import Enum

from zoneserver.errors import NameSyntaxError
from zoneserver.mail.resolve import Ending, resolve
from zoneserver.mail.route import Exchanger
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.validator.ranges import IPAddress, judge_address
from zoneserver.validator.world import World
from zoneserver.zone.zone import Zone

_SILENT = frozenset({Ending.FOREIGN, Ending.DELEGATED, Ending.UNREADABLE})


class Pointer(Enum):
    """Whether the reverse name of an address leads back to its host."""

    MATCHES = "matches"
    DIFFERS = "differs"
    MISSING = "missing"
    UNKNOWN = "not-ours"


@dataclass(frozen=True, slots=True)
class HostAddress:
    """One address of a host.

    `remark` says what keeps senders from reaching it, where something does. `named` are the
    hosts that its PTR records name.
    """

    address: IPAddress
    ttl: int
    remark: str
    pointer: Pointer
    named: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """The TLSA records for SMTP at a host (RFC 7672).

    Senders heed them only if `signed`: both the zone of the MX and that of the host.
    """

    owner: Name
    texts: tuple[str, ...]
    signed: bool


def find_addresses(world: World, exchanger: Exchanger) -> tuple[HostAddress, ...]:
    """Every address of a host, IPv4 first."""
    host = exchanger.target
    return tuple(
        _describe(world, host.name, ipaddress.ip_address(rdata.wire), rrset.ttl)
        for rrset in host.addresses
        for rdata in rrset.rdatas
    )


def _describe(world: World, host: Name, address: IPAddress, ttl: int) -> HostAddress:
    judged = judge_address(address.packed)
    reply = resolve(world, Name.parse(f"{address.reverse_pointer}."), rtypes.PTR)
    named = tuple(
        rdata.points_to
        for rdata in (reply.rrset.rdatas if reply.rrset else ())
        if rdata.points_to is not None
    )
    if reply.ending in _SILENT:
        pointer = Pointer.UNKNOWN
    elif not named:
        pointer = Pointer.MISSING
    else:
        pointer = Pointer.MATCHES if host in named else Pointer.DIFFERS
    return HostAddress(address, ttl, judged[1] if judged else "", pointer, named)


def find_certificate(world: World, host: Name, zones: list[Zone]) -> Certificate | None:
    """The TLSA records of a host; None where there are none, or where they are not ours."""
    try:
        owner = host.prefixed(b"_25", b"_tcp")  # RFC 7672 3.1: the port is always 25
    except NameSyntaxError:  # the name is too long to have any
        return None
    reply = resolve(world, owner, rtypes.TLSA)
    if reply.rrset is None:
        return None
    texts = tuple(rdata.text for rdata in reply.rrset.rdatas)
    return Certificate(owner, texts, all(_is_signed(world, each) for each in zones))


def _is_signed(world: World, zone: Zone) -> bool:
    return zone.origin in world.to_sign or zone.apex.find(rtypes.RRSIG) is not None
