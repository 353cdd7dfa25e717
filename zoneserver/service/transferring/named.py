"""The servers that zones name themselves: where the targets of their NS are."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

from zoneserver.errors import ZoneserverError
from zoneserver.image.images import Images
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import NS, SOA
from zoneserver.transfer.settings import DNS_PORT
from zoneserver.transports.endpoint import Endpoint
from zoneserver.zone.zone import Zone

AT_ONCE = 8  # zones whose servers are looked up
LOOKUP_SECONDS = 10.0
KEPT_SECONDS = 600.0  # addresses that the system's resolver has found

Found = Callable[[Name, list[Endpoint]], None]


class NamedServers:
    """Looks up the servers of zones, as long as `run` runs."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._sought: dict[Name, Images] = {}
        self._has_more = asyncio.Event()
        self._known: dict[Name, tuple[float, list[str]]] = {}  # until when, and what

    def seek(self, origin: Name, images: Images) -> None:
        """Have the servers found of a zone as it is in these images."""
        self._sought[origin] = images
        self._has_more.set()

    async def run(self) -> None:
        """Go on until this is cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._look_up())

    async def _look_up(self) -> None:
        while True:
            while not self._sought:
                self._has_more.clear()
                await self._has_more.wait()
            origin = next(iter(self._sought))
            images = self._sought.pop(origin)
            addresses: dict[str, None] = {}
            for name in list_named(images, origin):
                addresses.update(dict.fromkeys(await self._find(images, name)))
            servers = [Endpoint(each, DNS_PORT) for each in addresses if not is_own(each)]
            self._found(origin, servers)

    async def _find(self, images: Images, name: Name) -> list[str]:
        """The addresses of a server: from our zones, else from the system's resolver."""
        if ours := find_ours(images, name):
            return ours
        loop = asyncio.get_running_loop()
        until, addresses = self._known.get(name, (0.0, []))
        if loop.time() < until:
            return addresses
        # Where there is no answer, what was known before is better than nothing.
        with suppress(OSError, TimeoutError, UnicodeError):
            async with asyncio.timeout(LOOKUP_SECONDS):
                found = await loop.getaddrinfo(str(name), None, type=socket.SOCK_DGRAM)
            addresses = [str(each[4][0]) for each in found]
        self._known[name] = loop.time() + KEPT_SECONDS, addresses
        return addresses


def list_named(images: Images, origin: Name) -> list[Name]:
    """The servers that a zone names, but for its primary (RFC 1996 2.1)."""
    zone = _find_zone(images, origin)
    ns = zone.apex.find(rtypes.NS) if zone else None
    soa = zone.soa if zone else None
    primaries = {each.mname for each in soa.rdatas if isinstance(each, SOA)} if soa else set()
    targets = [each.target for each in ns.rdatas if isinstance(each, NS)] if ns else []
    return [target for target in targets if target not in primaries]


def find_ours(images: Images, name: Name) -> list[str]:
    """The addresses that a zone of ours has for a name, glue included."""
    zone = _find_zone(images, name)
    node = zone.find(name) if zone else None
    rrsets = (node.find(rtypes.A), node.find(rtypes.AAAA)) if node else ()
    return [str(ip_address(rdata.wire)) for rrset in rrsets if rrset for rdata in rrset.rdatas]


def is_own(address: str) -> bool:
    """Whether it is an address of this host: from there it would be reached from itself."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((address, DNS_PORT))  # over UDP, nothing is sent
        return bool(probe.getsockname()[0] == address)
    return False


def _find_zone(images: Images, name: Name) -> Zone | None:
    with suppress(ZoneserverError):
        zone = images.find(name)
        return zone if isinstance(zone, Zone) else None
    return None
