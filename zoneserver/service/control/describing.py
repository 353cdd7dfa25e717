"""What is told of zones: how they are here, and who else has them."""

from dataclasses import asdict

from zoneserver.service.control.control_socket import Document
from zoneserver.service.observing.overview import Overview, ZoneState
from zoneserver.service.observing.transfers import is_behind


def describe_zone(overview: Overview, zone: ZoneState) -> Document:
    """A zone, the servers that it is sent to, and where it is from, if that is elsewhere."""
    copy = overview.transfers.copy(zone.origin)
    secondaries = [
        {**asdict(each), "behind": is_behind(each, zone.serial)}
        for each in overview.transfers.servers(zone.origin)
    ]
    copied = asdict(copy) if copy else None
    return {**zone.document(), "secondaries": secondaries, "copy": copied}


def count_transfers(overview: Overview) -> Document:
    """How many pairs of a zone and a server there are, and copies; and what of them lags."""
    transfers = overview.transfers
    # There may be very many zones, and mostly none of them goes anywhere.
    zones = overview.zones.values() if transfers.secondaries else ()
    pairs = [(each, zone) for zone in zones for each in transfers.servers(zone.origin)]
    return {
        "secondaries": len(pairs),
        "behind": sum(is_behind(each, zone.serial) for each, zone in pairs),
        "copies": len(transfers.copies),
        "failing": sum(bool(each.problem) for each in transfers.copies.values()),
    }
