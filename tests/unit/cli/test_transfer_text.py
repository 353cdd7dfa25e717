"""What `status` and `zones` say of transfers."""

from dataclasses import replace
from typing import Any

import pytest

from zoneserver.cli.control_text import format_status, format_zones
from zoneserver.service.control.describing import count_transfers, describe_zone
from zoneserver.service.observing.overview import Overview, ZoneState

ZONE = ZoneState("example.com.", 7, 3, "mail.example.com. (10)", loaded=1_700_000_000)
SECONDARIES = [
    {"zone": "example.com.", "server": "192.0.2.53", "serial": 7, "since": 1_700_000_060},
    {"zone": "example.com.", "server": "192.0.2.54", "serial": 6, "since": 1_600_000_000,
     "problem": "does not answer NOTIFY"},
    {"zone": "example.com.", "server": "192.0.2.55"},
]  # fmt: skip
COPY = {
    "zone": "example.com.", "primary": "192.0.2.1", "serial": 7, "fetched": 1_700_000_000,
    "checked": 1_700_000_060, "expires": 1_700_600_000,
}  # fmt: skip
COPIED = """\
  from 192.0.2.1, fetched 2023-11-14 22:13:20Z, checked 2023-11-14 22:14:20Z, \
expires 2023-11-21 20:53:20Z"""


def overview(**rows: object) -> Overview:
    """A server with one zone, told of these rows."""
    made = Overview(zones={ZONE.origin: ZONE})
    made.update({"transfers": rows})
    return made


def zone_lines(**rows: object) -> list[str]:
    """What `zones` says below the zone's own line."""
    zone = describe_zone(overview(**rows), ZONE)
    return format_zones({"zones": [zone], "unknown": []}).splitlines()[1:]


def test_each_server_has_a_line() -> None:
    """Which serial it has, since when, and what is wrong."""
    assert [
        "  192.0.2.53 has serial 7 since 2023-11-14 22:14:20Z",
        "  192.0.2.54 BEHIND has serial 6 since 2020-09-13 12:26:40Z: does not answer NOTIFY",
        "  192.0.2.55 BEHIND nobody knows what it has",
    ] == zone_lines(secondaries=SECONDARIES)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, COPIED),
        ({"problem": "192.0.2.1 answers REFUSED"}, f"{COPIED}; 192.0.2.1 answers REFUSED"),
        ({"serial": None}, "  not transferred yet: it is being fetched"),
        ({"serial": None, "problem": "no route"}, "  not transferred yet: no route"),
    ],
)  # fmt: skip
def test_a_copy_has_a_line(changes: dict[str, object], line: str) -> None:
    """From whom, when it was fetched and checked, when it expires, and what is wrong."""
    assert [line] == zone_lines(copies=[COPY | changes])


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ({}, []),
        ({"secondaries": SECONDARIES}, ["secondaries 1 of 3 have what is served"]),
        ({"copies": [COPY]}, ["copies      1 zone from elsewhere"]),
        ({"copies": [COPY, COPY | {"zone": "example.net.", "problem": "no route"}]},
         ["copies      2 zones from elsewhere, 1 of them not refreshed"]),
    ],
)  # fmt: skip
def test_sums(rows: dict[str, object], lines: list[str]) -> None:
    """`status` has them, where there is anything to count."""
    status = {
        "version": "1", "engine": "native", "uptime": 1, "pid": 1, "user": 1,
        "capabilities": "0", "listening": [], "workers": [], "watch": True, "reload": None,
        "zones": {"served": 1, "stale": 0, "refused": 0}, "counters": {}, "waiting": [],
        "transfers": count_transfers(overview(**rows)),
    }  # fmt: skip
    said = format_status(status).splitlines()
    assert lines == [each for each in said if each.startswith(("secondaries", "copies"))]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "a. serial 7, 2 records, loaded 1970-01-01 00:00:09Z, mail to b. (10)"),
        ({"kind": "secondary", "stale": True},
         "a. secondary STALE serial 7, 2 records, loaded 1970-01-01 00:00:09Z, mail to b. (10)",
         ),
        ({"kind": "secondary", "refused": True}, "a. secondary REFUSED: answered SERVFAIL"),
        ({"kind": "catalog", "route": ""},
         "a. catalog serial 7, 2 records, loaded 1970-01-01 00:00:09Z"),
    ],
)  # fmt: skip
def test_kind_of_a_zone_is_told(changes: dict[str, Any], line: str) -> None:
    """Behind its name, unless it is a zone file of ours; a catalog takes no mail."""
    state = replace(ZoneState("a.", 7, 2, "b. (10)", 9), **changes)
    answer = {"zones": [describe_zone(Overview(), state)], "unknown": []}
    assert line == format_zones(answer)
