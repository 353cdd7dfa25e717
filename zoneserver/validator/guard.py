"""The guard: what a zone had, and would have no longer.

Each rule here holds a new version of a zone against the one that is served. A file that was cut
short, or emptied by a script, is a zone without a mistake.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from zoneserver.engine.answer import Outcome
from zoneserver.engine.solve import solve
from zoneserver.findings import Finding, Mark, make_finding
from zoneserver.image.owners import list_owners
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.validator.judge import lift
from zoneserver.validator.world import Zones
from zoneserver.zone.zone import Zone
from zoneserver.zonefile.source import ZoneSource

MOST_NAMES = 20  # that lose their mail, and are told one by one
MOST_LISTED = 5  # of names that go, in one sentence


@dataclass(frozen=True, slots=True)
class Losses:
    """What a new version takes away: the names that lose their MX, and the names that go."""

    mail: tuple[Name, ...]
    gone: tuple[Name, ...]
    before: int

    def __bool__(self) -> bool:
        return bool(self.mail) or self.is_shrunk

    @property
    def is_shrunk(self) -> bool:
        """Whether more than half of the names go."""
        return 2 * len(self.gone) > self.before


def find_losses(old: Zone, new: Zone, zones: Zones) -> Losses:
    """What is lost when `new` is served in place of `old`, beside the other `zones`."""
    before, after = list_owners(old), list_owners(new)
    still = {*after.mail, *after.null}
    silent = (Name(key) for key in before.mail if key not in still)
    mail = [name for name in silent if not _is_answered(name, zones)]
    gone = (Name(key) for key in before.names if key not in after.names)
    # What another zone has taken over has not gone.
    lost = [
        name for name in gone if (zone := zones.find(name)) is None or zone.origin == new.origin
    ]
    return Losses(_sorted(mail), _sorted(lost), len(before.names))


def _is_answered(owner: Name, zones: Zones) -> bool:
    """Whether senders who ask for the MX of a name are told something."""
    zone = zones.find(owner)
    if not isinstance(zone, Zone):
        return False
    answer = solve(zone, owner, rtypes.MX)
    return bool(answer.answer) or answer.outcome is Outcome.REFERRAL


def guard(losses: Losses, source: ZoneSource, today: date) -> Iterator[Finding]:
    """What is said of losses; waivers in the new version apply."""
    mark = Mark(source.records[0].mark.file, 1, 1) if source.records else Mark("", 1, 1)
    for finding in _findings(losses, source.origin, mark):
        yield lift(finding, source, today)


def _findings(losses: Losses, origin: Name, mark: Mark) -> Iterator[Finding]:
    fix = f"put it back, or let it go: zoneserver reload --force {origin}"
    for owner in losses.mail[:MOST_NAMES]:
        more = len(losses.mail) - MOST_NAMES
        others = f"; so would {more} further names" if more > 0 else ""
        yield make_finding(
            "GU001",
            mark,
            f"{owner} has an MX in the version that is served, and would have none:"
            f" its mail would be lost{others}",
            fix,
            origin=origin,
            owner=owner,
        )
    if losses.is_shrunk:
        yield make_finding(
            "GU002",
            mark,
            f"{len(losses.gone)} of the {losses.before} names that are served would go:"
            f" {_list(losses.gone)}",
            fix.replace("it", "them"),
            origin=origin,
            owner=origin,
        )


def _list(names: Collection[Name]) -> str:
    shown = [str(name) for name in list(names)[:MOST_LISTED]]
    return ", ".join(shown + ["..."] * (len(names) > MOST_LISTED))


def _sorted(names: Collection[Name]) -> tuple[Name, ...]:
    return tuple(sorted(names, key=Name.canonical))
