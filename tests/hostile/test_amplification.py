"""What a forged address could be sent for each octet of a query: every name, every type."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import octets as o
from tests.figures import Figures
from tests.hostile.corpus import ZONES as HOSTILE
from tests.zones_text import UDP
from zoneserver.engine.respond import respond
from zoneserver.names import Name
from zoneserver.service.disk.folder import read_folder
from zoneserver.service.disk.loading import load
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import ZoneSet
from zoneserver.zonefile.source import Defaults

EXAMPLES = Path(__file__).parents[2] / "zones"
READ = load(read_folder(EXAMPLES), Defaults())
ZONES = ZoneSet([*(each.zone for each in READ.candidates), *HOSTILE])
TYPES = [1, 2, 5, 6, 12, 15, 16, 28, 33, 35, 43, 48, 52, 64, 65, 99, 257]
ANY = 255
OPT = o.opt(payload=65535)
MOST = {b"": 512, OPT: 1232}


def names() -> Iterator[Name]:
    """Every name of every zone, and one below it that does not exist."""
    for served in ZONES:
        if isinstance(served, Zone):
            for node in served.nodes.values():
                yield node.owner
                if len(node.owner.key) < 200:
                    yield node.owner.prefixed(b"x")


def told(name: Name, qtype: int, opt: bytes) -> tuple[int, int]:
    """The octets of a query, and of what answers it."""
    asked = o.message(*[opt] * bool(opt), asked=o.question(name.wire, qtype))
    answer = respond(ZONES, asked, UDP)
    assert answer is not None
    return len(asked), len(answer)


@pytest.mark.parametrize("opt", MOST, ids=["without EDNS", "with EDNS"])
def test_amplification(figures: Figures, opt: bytes) -> None:
    """Acceptance 40: no answer is larger than agreed, to whatever is asked."""
    worst, any_worst, asked = 0.0, 0.0, 0
    for name in names():
        sizes = [told(name, qtype, opt) for qtype in TYPES]
        octets, any_octets = told(name, ANY, opt)
        worst = max(worst, *(answer / query for query, answer in sizes))
        any_worst = max(any_worst, any_octets / octets)
        asked += len(sizes) + 1
        assert max(any_octets, *(answer for _, answer in sizes)) <= MOST[opt]
    over = "with EDNS" if opt else "without EDNS"
    figures.add(
        f"40 most octets for one, {over}",
        f"{worst:.1f} of {asked} answers, ANY {any_worst:.1f}",
    )


SECRETS = ["version.bind", "version.server", "hostname.bind", "id.server", "authors.bind"]


@pytest.mark.parametrize("qclass", [o.CH, 255], ids=["CH", "ANY"])
def test_who_runs_this(figures: Figures, qclass: int) -> None:
    """Acceptance 44: nobody is told, in hardly more octets than were sent."""
    worst = 0.0
    for qname in SECRETS:
        asked = o.message(o.opt(), asked=o.question(qname, o.TXT, qclass))
        answer = respond(ZONES, asked, UDP)
        assert answer is not None
        worst = max(worst, len(answer) / len(asked))
        assert answer[3] & 0x0F == 5
        assert answer[6:12] == b"\0\0\0\0\0\1"  # no record but the OPT
    figures.add(f"44 who runs this, class {qclass}", f"REFUSED, {worst:.1f} octets for one")

    assert worst < 2
