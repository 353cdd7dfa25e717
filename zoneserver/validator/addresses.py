"""Addresses that are not what they should be, and their reverse names."""

import ipaddress
from collections.abc import Iterator

from zoneserver.engine.solve import solve
from zoneserver.findings import Finding, Level, make_finding
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.validator.world import Candidate, World, visible_rrsets


def check_ipv6(candidate: Candidate, world: World) -> Iterator[Finding]:
    """AD002: an AAAA that no host outside can use."""
    for rrset in visible_rrsets(candidate.zone, rtypes.AAAA):
        for rdata, mark in zip(rrset.rdatas, rrset.marks, strict=True):
            address = ipaddress.IPv6Address(rdata.wire)
            if what := _not_global(address):
                yield make_finding(
                    "AD002",
                    mark,
                    f"{rrset.owner} AAAA {address} is {what}; nobody outside reaches it.",
                    "write the host's global address",
                    owner=rrset.owner,
                )


def check_pointers(candidate: Candidate, world: World) -> Iterator[Finding]:
    """AD003: an MX host's address names the host, where we serve the reverse zone.

    The finding belongs to the zone that holds the address, whoever sends mail there.
    """
    if not world.pointers.has_reverse_zone:
        return
    for host, users in world.exchangers(candidate.zone).items():
        target = world.look_up(host)
        for addresses in target.addresses:
            for rdata, mark in zip(addresses.rdatas, addresses.marks, strict=True):
                pointer = ipaddress.ip_address(rdata.wire).reverse_pointer
                reverse = Name.parse(f"{pointer}.")
                zone = world.zone_of(reverse)
                if zone is None:
                    continue
                ptr = solve(zone, reverse, rtypes.PTR).answer
                named = [each.points_to for rrset in ptr for each in rrset.rdatas]
                if host in named:
                    continue
                says = f"names {named[-1]}" if named else "is missing"
                yield make_finding(
                    "AD003",
                    mark,
                    f"the PTR of {ipaddress.ip_address(rdata.wire)} {says}; many receivers"
                    f" refuse mail from {host} without it.",
                    f"write {reverse} PTR {host}",
                    level=Level.WARNING if named else Level.HINT,
                    owner=host,
                    also=frozenset(users | {zone.origin}) - {candidate.zone.origin},
                )


def _not_global(address: ipaddress.IPv6Address) -> str:
    """What keeps an address from being used outside, or an empty text (RFC 4291 2.5)."""
    if address.ipv4_mapped:
        return "an IPv4 address in disguise (::ffff:0:0/96)"
    if address.sixtofour:
        return "a 6to4 address, which is no longer routed (RFC 7526)"
    if address in ipaddress.ip_network("fc00::/7"):
        return "unique local"
    if address.is_link_local:
        return "link-local"
    return ""
