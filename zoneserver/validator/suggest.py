"""Better targets: the host that holds an address, the host that is spelt alike."""

import difflib
import ipaddress
from collections.abc import Mapping

from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.zone.zone import Zone

# Comparing with every name of a huge zone would cost more than the load.
_MAX_COMPARED = 2000


def holder_of(zone: Zone, address: str) -> Name | None:
    """A host of the zone that has the address, one called mail before all others."""
    wanted = ipaddress.ip_address(address).packed
    rtype = rtypes.A if len(wanted) == 4 else rtypes.AAAA
    holders = []
    for node in zone.nodes.values():
        rrset = node.find(rtype)
        if rrset and not node.owner.is_wildcard and any(r.wire == wanted for r in rrset.rdatas):
            holders.append(node.owner)
    holders.sort(
        key=lambda owner: (not owner.key.startswith((b"\x04mail", b"\x02mx")), owner.key)
    )
    return holders[0] if holders else None


def closest_host(zone: Zone, name: Name) -> Name | None:
    """The host of the zone whose name is spelt most like a missing one."""
    return closest(name, hosts_of(zone))


def hosts_of(zone: Zone) -> dict[str, Name]:
    """The hosts of a zone by what they are called; none of a huge zone."""
    if len(zone.nodes) > _MAX_COMPARED:
        return {}
    return {
        str(node.owner): node.owner
        for node in zone.nodes.values()
        if node.cover is None
        and not node.owner.is_wildcard
        and (node.find(rtypes.A) or node.find(rtypes.AAAA))
    }


def closest(name: Name, hosts: Mapping[str, Name]) -> Name | None:
    """The host whose name is spelt most like that of another."""
    others = [text for text, host in hosts.items() if host != name]
    close = difflib.get_close_matches(str(name), others, n=1, cutoff=0.8)
    return hosts[close[0]] if close else None
