"""All that zones are read from: the zones folder, and the copies of what other servers have."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from zoneserver.errors import StartError
from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.names import Name
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.disk.copies import (
    Copies,
    CopyScanner,
    copies_folder,
    copy_path,
    is_copy,
)
from zoneserver.service.disk.folder import YAML_SUFFIX, ZoneFiles
from zoneserver.service.disk.members import MemberFiles
from zoneserver.service.disk.scan import Scanner, Signatures
from zoneserver.service.keeping.producing import Producer
from zoneserver.service.keeping.standing import Standing
from zoneserver.service.running.reloads import Order
from zoneserver.transfer.settings import TransferSettings
from zoneserver.zonefile.source import Kind

MOST_AWAITED = 20  # zones without a copy that are told one by one


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to be read, and what there is no longer.

    `files` have changed. `kinds` are those of all zones that we are to serve. Of these some are
    `awaited`: there is no copy of them that may be served. Of the zones that stand, `missing`
    ones have lost their files, which may be a mistake, and `gone` ones are not to be served
    any more. `findings` say what of all this somebody should know.
    """

    files: tuple[ZoneFiles, ...]
    kinds: Mapping[Name, Kind]
    awaited: frozenset[Name]
    missing: frozenset[Name]
    gone: frozenset[Name]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Roll:
    """Which zones are whose, and what that was found from.

    Of the zones that are `listed` as others' those are `wanted` that are not `ours`, which are
    those of the zones folder. `strangers` are zones that stand and are not ours.
    """

    ours: frozenset[Name]
    listed: Mapping[Name, Kind]
    turns: int
    wanted: Mapping[Name, Kind]
    strangers: Mapping[Name, Kind]
    kinds: Mapping[Name, Kind]


class Sources:
    """Remembers what was read of them."""

    def __init__(self) -> None:
        self._scanner = Scanner()
        self._copies = CopyScanner()
        self._members: MemberFiles | None = None
        self._producer = Producer()
        self._roll: _Roll | None = None

    def look(
        self,
        settings: Settings,
        standing: Standing,
        order: Order,
        settle: float,
    ) -> Look:
        """Read what has changed, if only files that the order names, no others.

        Zone files that went are missed until the order forces their zone out. Raises
        StartError where the folder cannot be read, or there is nothing to be served.
        """
        paths, copied = _divide(settings.state, order.paths)
        scan = self._scanner.scan(settings.zones, settle, paths)
        ours, listed = scan.origins, self._list_foreign(settings)
        if not ours and not scan.read and not listed:
            raise StartError(
                f"no zones in {settings.zones}: zone files are named ORIGIN{YAML_SUFFIX}"
            )
        roll = self._call_roll(ours, listed, standing)
        copies = self._look_for_copies(settings.state, roll.wanted, copied)
        # Until there is a copy of a zone that was ours, it is served as it was.
        lost = {
            origin: kind
            for origin, kind in roll.strangers.items()
            if origin not in roll.wanted or origin in copies.missing
        }
        missing, gone = _divide_lost(lost, order)
        kinds = roll.kinds
        catalog, produced = settings.transfers.catalog, list[ZoneFiles]()
        if catalog is not None and catalog not in kinds and catalog not in missing:
            produced = self._producer.produce(catalog, ours, missing, settings.transfers)
            kinds = {**kinds, catalog: Kind.PRODUCED}
        awaited = copies.missing - missing
        twins = ours & (listed.keys() | {catalog})
        findings = (
            *(self._refuse_twin(each) for each in _sorted(twins)),
            *_await(awaited & set(_configured(settings.transfers)), settings.state),
        )
        files = (*scan.read, *copies.read, *produced)
        # The catalog that we make stays.
        gone = frozenset(each for each in gone if each not in kinds or each in awaited)
        return Look(files, kinds, awaited, missing, gone, findings)

    def _call_roll(
        self, ours: frozenset[Name], listed: Mapping[Name, Kind], standing: Standing
    ) -> _Roll:
        """Which zones are whose: what it was, if there is none more and none less."""
        roll = self._roll
        if roll is None or not (
            roll.ours is ours and roll.listed == listed and roll.turns == standing.turns
        ):
            wanted = {origin: kind for origin, kind in listed.items() if origin not in ours}
            strangers = {each.origin: each.kind for each in standing if each.origin not in ours}
            kinds = dict.fromkeys(ours, Kind.PRIMARY) | wanted
            roll = _Roll(ours, dict(listed), standing.turns, wanted, strangers, kinds)
        self._roll = roll
        return roll

    def note(self, signatures: Mapping[Name, Signatures]) -> None:
        """Remember what zones include, too, as it was before it was read."""
        self._scanner.note(signatures)

    def forget(self, origins: Iterable[Name]) -> None:
        """Have zones read again next time, whether or not they change."""
        forgotten = frozenset(origins)
        self._scanner.forget(forgotten)
        self._copies.forget(forgotten)
        self._producer.forget(forgotten)

    def _look_for_copies(
        self, state: Path | None, wanted: Mapping[Name, Kind], paths: frozenset[str] | None
    ) -> Copies:
        if state is None:
            return Copies(missing=frozenset(wanted))
        return self._copies.scan(copies_folder(state), wanted, paths)

    def _list_foreign(self, settings: Settings) -> dict[Name, Kind]:
        """The zones that come from other servers."""
        transfers, state = settings.transfers, settings.state
        catalogs = [each.origin for each in transfers.catalogs]
        found: dict[Name, Kind] = {}
        if state is not None and catalogs:
            self._members = self._members or MemberFiles.below(state)
            found = dict.fromkeys(self._members.read(catalogs), Kind.SECONDARY)
        found |= {each.origin: Kind.SECONDARY for each in transfers.secondaries}
        return found | dict.fromkeys(catalogs, Kind.CONSUMED)

    def _refuse_twin(self, origin: Name) -> Finding:
        return make_finding(
            "SY009",
            Mark(self._scanner.find(origin) or str(origin), 1, 1),
            f"{origin} is written here, and is a secondary zone or a catalog, too: this file is"
            " what is served",
            "delete the file; or take the zone out of the configuration, or of the catalog that"
            " lists it",
            origin=origin,
            owner=origin,
        )


def _divide(
    state: Path | None, paths: frozenset[str] | None
) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """Which of the files that have changed are no copies, and which are."""
    if paths is None:
        return None, None
    copied = frozenset(each for each in paths if state and is_copy(state, each))
    return paths - copied, copied


def _divide_lost(
    lost: Mapping[Name, Kind], order: Order
) -> tuple[frozenset[Name], frozenset[Name]]:
    """Which of the zones that have lost their files are missing; which nobody wants back."""
    ours = {origin for origin, kind in lost.items() if kind is Kind.PRIMARY}
    missing = frozenset(origin for origin in ours if not order.forces(origin))
    return missing, frozenset(lost.keys() - missing)


def _configured(transfers: TransferSettings) -> Iterator[Name]:
    """The zones from elsewhere that somebody here has written down, members apart.

    It is them that somebody here waits for.
    """
    yield from (each.origin for each in transfers.secondaries)
    yield from (each.origin for each in transfers.catalogs)


def _await(origins: Iterable[Name], state: Path | None) -> Iterator[Finding]:
    """What is said of zones that there is no copy of; not of each where there are many."""
    ordered = _sorted(origins)
    more = len(ordered) - MOST_AWAITED
    for origin in ordered[:MOST_AWAITED]:
        place = str(copy_path(copies_folder(state), origin)) if state else str(origin)
        others = f"; so are {more} further zones" if more > 0 else ""
        yield make_finding(
            "SY009",
            Mark(place, 1, 1),
            f"there is no copy of {origin} that may be served: it is answered SERVFAIL until"
            f" one has been fetched{others}",
            "see in the log what its primaries say",
            level=Level.WARNING,
            origin=origin,
            owner=origin,
        )


def _sorted(origins: Iterable[Name]) -> list[Name]:
    return sorted(origins, key=Name.canonical)
