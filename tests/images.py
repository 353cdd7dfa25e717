"""Image files in memory, and what both ways of answering say to one message."""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from zoneserver.engine.respond import MAX_UDP_PAYLOAD, Transport, respond
from zoneserver.image import format as f
from zoneserver.image.compile import compile_zone
from zoneserver.image.images import Images
from zoneserver.image.lookup import Identity, Reply, look_up
from zoneserver.wire.cookies import Cookies
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import RefusedZone, ZoneSet

ADDRESS, NOW = bytes((192, 0, 2, 1)), 1_700_000_000
IDENTITY = Identity(MAX_UDP_PAYLOAD, b"ns1.example", Cookies((bytes(range(16)),)))


def image_file(*zones: Zone, compiled: Callable[[Zone], bytes] = compile_zone) -> bytearray:
    """The octets of an image file with these zones."""
    entries: list[f.Entry] = []
    octets = bytearray(f.FILE_HEADER.size)
    for zone in zones:
        image = compiled(zone)
        entries.append(f.Entry(zone.origin.key, len(octets), len(image)))
        octets += image
        octets += bytes(f.align(len(octets)) - len(octets))
    directory = len(octets)
    octets += f.pack_directory(entries)
    octets[: f.FILE_HEADER.size] = f.pack_file_header(
        len(entries), directory, len(octets), bytes(16)
    )
    octets[16:32] = blake2b(octets[32:], digest_size=16).digest()
    return octets


class Both(NamedTuple):
    """The same zones twice: as they were built, and as images."""

    zones: ZoneSet
    images: Images

    @classmethod
    def of(cls, *zones: Zone | RefusedZone) -> "Both":
        """One image file with those of these zones that are served."""
        served = [zone for zone in zones if isinstance(zone, Zone)]
        refused = [zone.origin.key for zone in zones if isinstance(zone, RefusedZone)]
        return cls(
            ZoneSet(zones), Images.gather([memoryview(image_file(*served))], [], refused)
        )

    def looked_up(
        self, message: bytes, identity: Identity = IDENTITY, *, stream: bool = False
    ) -> Reply | None:
        """What the images have for a message; None: it is handed over."""
        return look_up(self.images, message, identity, stream=stream, address=ADDRESS, now=NOW)

    def responded(
        self, message: bytes, identity: Identity = IDENTITY, *, stream: bool = False
    ) -> bytes | None:
        """What `respond` says to a message."""
        return respond(self.zones, message, transport(identity, stream=stream))


def transport(identity: Identity, *, stream: bool) -> Transport:
    """What `respond` is told where `look_up` is told of an identity."""
    cookies = identity.cookies
    cookie = (lambda asked: cookies.reply(asked, ADDRESS, NOW)) if cookies else None
    return Transport(stream, identity.max_payload, identity.nsid, cookie)


def flip(octets: bytearray, places: Sequence[tuple[int, int]]) -> bytearray:
    """The same octets, some of them changed: each at a place, by a mask."""
    damaged = bytearray(octets)
    for at, mask in places:
        damaged[at % len(damaged)] ^= mask
    return damaged
