"""Zones in presentation format, as the tables of this folder need them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.unit.validator.judging import BASE, TODAY, no_include
from zoneserver.findings import Finding
from zoneserver.mail.path import DeliveryPath, explain
from zoneserver.names import Name
from zoneserver.validator.judge import judge_all
from zoneserver.validator.world import Candidate, World, world_of
from zoneserver.zone.build import build_zone
from zoneserver.zonefile.master import read_master_zone
from zoneserver.zonefile.source import Waiver

# A second zone of ours; {lines} may be anything.
OTHER = """\
$ORIGIN example.net.
$TTL 3600
@ SOA ns1.example.com. hostmaster.example.com. 1 7200 1800 1209600 3600
@ NS ns1.example.com.
@ NS ns2.example.com.
"""

REVERSE = """\
$ORIGIN 2.0.192.in-addr.arpa.
$TTL 3600
@ SOA ns1.example.com. hostmaster.example.com. 1 7200 1800 1209600 3600
@ NS ns1.example.com.
@ NS ns2.example.com.
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """Zones that were read and judged together."""

    world: World
    findings: tuple[Finding, ...]

    def explain(self, address: str) -> DeliveryPath:
        """The path of mail to an address."""
        return explain(self.world, self.findings, address)


def read(text: str, waivers: Sequence[Waiver] = ()) -> Candidate:
    """The zone of a master file that names its $ORIGIN first."""
    origin = Name.parse(text.split()[1])
    source = read_master_zone(f"{origin}zone", text.encode(), origin, no_include)
    return Candidate(replace(source, waivers=tuple(waivers)), build_zone(source))


def judge_zones(*candidates: Candidate, refused: str = "") -> Judged:
    """The zones of one server; `refused` is an origin of which nothing could be read."""
    unread = [Name.parse(refused)] if refused else []
    return Judged(world_of(candidates, unread), judge_all(candidates, TODAY))


def explain_in(lines: str, address: str, *others: str) -> DeliveryPath:
    """The path of mail where `lines` stand beside the base zone, and `others` are served."""
    return judge_zones(read(f"{BASE}{lines}\n"), *map(read, others)).explain(address)
