"""A large zone compiled by several processes: the same answers as by one."""

import os
import signal
from functools import partial

import pytest

from tests.images import Both, image_file
from tests.zones_text import query, zone
from zoneserver.errors import StartError
from zoneserver.image.compile import compile_part
from zoneserver.image.images import Images
from zoneserver.names import Name
from zoneserver.service.keeping import compiling
from zoneserver.service.keeping.compiling import compile_by
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import ZoneSet

NAMES = 300
TEXT = "\n".join(
    [
        "ns1 A 192.0.2.1",
        "*.wild MX 10 mail.test.",
        "sub NS ns1.sub",
        "ns1.sub A 192.0.2.2",
        *(f"h{n} A 192.0.2.{n % 250}\nh{n} MX 10 h{n // 2}" for n in range(NAMES)),
    ]
)
OWNERS = ["@", "ns1", "h0", "h7", "h299", "x", "x.h299", "a.wild", "x.sub", "wild"]


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Zone:
    """A zone that counts as large."""
    monkeypatch.setattr(compiling, "FEWEST_NAMES", 50)
    return zone(TEXT)


@pytest.mark.parametrize("hands", [1, 2, 3, 100])
def test_answers_are_those_of_the_zone(large: Zone, hands: int) -> None:
    """Whatever part a name is in, and whatever parts it points to."""
    octets = memoryview(image_file(large, compiled=partial(compile_by, hands)))
    both = Both(ZoneSet([large]), Images.gather([octets], [], []))
    for owner in OWNERS:
        for qtype in ("A", "MX", "TXT", "ANY", "NS"):
            message = query(f"{owner} {qtype}", use_edns=0).to_wire()
            reply = both.looked_up(message)
            assert reply is not None
            assert reply.octets == both.responded(message)


@pytest.mark.parametrize("hands", [2, 5])
def test_zone_in_it_is_the_zone(large: Zone, hands: int) -> None:
    """Every node with its records, its marks and its flags."""
    octets = memoryview(image_file(large, compiled=partial(compile_by, hands)))
    read = Images.gather([octets], [], []).find(large.origin)
    assert isinstance(read, Zone)

    assert dict(read.nodes) == dict(large.nodes)
    assert [node.owner for node in read.nodes.values()] == sorted(
        (node.owner for node in large.nodes.values()), key=Name.canonical
    )


def test_process_that_fails(large: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is half made."""

    def compile_or_die(*arguments: object) -> object:
        if os.getpid() != ours:
            os.kill(os.getpid(), signal.SIGKILL)
        return compile_part(*arguments)  # type: ignore[arg-type]

    ours = os.getpid()
    monkeypatch.setattr(compiling, "compile_part", compile_or_die)
    with pytest.raises(StartError, match="ended too early"):
        compile_by(2, large)
