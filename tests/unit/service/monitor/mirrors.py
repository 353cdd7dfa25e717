"""Mirrors for tests: what the main process would have told."""

from dataclasses import asdict
from typing import Any

from zoneserver.service.monitor.mirror import Mirror
from zoneserver.service.observing.overview import Reload, ZoneState, tell
from zoneserver.service.observing.transfers import CopyState, SecondaryState
from zoneserver.transports.latency import MICROSECONDS

NOW = 1_700_000_000.0
EVIL = 'evil"><script>alert(1)</script>\\000.example.'

FINDING = {
    "code": "MX001", "level": "error", "file": "zones/<shop>.yaml", "line": 4, "column": 9,
    "zone": "shop.example.", "owner": "shop.example.", "reason": "an <alias> & more.",
    "fix": "write \x1b[31mMX", "rfc": "", "waived": None, "related": [], "other_zones": [],
}  # fmt: skip
ZONES = [
    ZoneState("example.com.", 7, 12, "mail.example.com. (10)", int(NOW) - 7200),
    ZoneState("shop.example.", findings=(FINDING,), refused=True),
    ZoneState(EVIL, 1, 3, "<b>", 9, findings=(FINDING | {"level": "warning"},), stale=True),
    ZoneState("waived.example.", 2, 3, "-", 5, findings=(FINDING | {"waived": "known"},)),
]  # fmt: skip


SECONDARIES = [
    SecondaryState("example.com.", "192.0.2.53", 7, NOW - 90, NOW - 5, 7),
    SecondaryState(
        "example.com.", "192.0.2.54", 6, NOW - 7200, NOW - 60, 6, "<does> not answer"
    ),
    SecondaryState("waived.example.", "192.0.2.53", problem="answers with REFUSED"),
]
COPIES = [
    CopyState("waived.example.", "192.0.2.1", 2, NOW - 300, NOW - 30, NOW + 7200, NOW + 60),
    CopyState("lost.example.", problem="192.0.2.1 <does> not answer"),
]


def server(**changes: Any) -> dict[str, Any]:
    """What the main process says of itself."""
    said: dict[str, Any] = {
        "version": "1.2.3",
        "engine": "native",
        "started": NOW - 3 * 86_400,
        "reloads": [5, 2],
        "ready": True,
        "counters": {"received": 9, "limited": 3, "overflows": 4},
        "workers": [{"starts": 1, "published": 1}, {"starts": 3, "published": 1}],
        "builders": 2,
        "certificate_end": NOW + 86400,
    }
    return {"server": said | changes}


def make_mirror(zones: list[ZoneState] = ZONES, **changes: Any) -> Mirror:
    """A mirror that has been told of these zones, some queries and the server."""
    mirror = Mirror()
    for document in tell(zones, (), Reload(NOW - 60, 0.5, "kept"), anew=True):
        mirror.update({"overview": document})
    rows: dict[str, list[Any]] = {"secondaries": SECONDARIES, "copies": COPIES}
    document = {name: [asdict(each) for each in some] for name, some in rows.items()}
    mirror.update({"overview": {"transfers": {"anew": True, **document}}})
    buckets = [0] * (len(MICROSECONDS) + 1)
    report = {
        "queries": [("udp", "MX", "NOERROR", 6), ("tcp", "TXT", "NXDOMAIN", 1)],
        "mail": [
            ("example.com.", "mx", "answer", 5),
            ("example.com.", "mx", "nxdomain", 1),
            (EVIL, "dkim", "nodata", 2),
        ],
        "latency": {"udp": ([4, 2, *buckets[2:]], 90_000)},
    }
    mirror.update({"statistics": report})
    mirror.update(server(**changes))
    return mirror
