"""All that zones are read from: the zones folder, and the copies of what other servers have."""

from collections.abc import Iterable, Mapping
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
from zoneserver.service.disk.scan import Scanner, Signatures
from zoneserver.service.keeping.standing import Standing
from zoneserver.service.running.reloads import Order
from zoneserver.transfer.settings import TransferSettings
from zoneserver.zonefile.source import Kind


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


class Sources:
    """Remembers what was read of them."""

    def __init__(self) -> None:
        self._scanner = Scanner()
        self._copies = CopyScanner()

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
        ours = {*scan.unchanged, *(each.origin for each in scan.read if each.origin)}
        listed = list_foreign(settings.transfers)
        if not ours and not scan.read and not listed:
            raise StartError(
                f"no zones in {settings.zones}: zone files are named ORIGIN{YAML_SUFFIX}"
            )
        wanted = {origin: kind for origin, kind in listed.items() if origin not in ours}
        copies = self._look_for_copies(settings.state, wanted, copied)
        left = {each.origin for each in standing if not each.kind.is_foreign} - ours
        lost = {each.origin for each in standing if each.kind.is_foreign} - ours
        # Until there is a copy of a zone that was ours, it is served as it was.
        left -= wanted.keys() - copies.missing
        gone = frozenset(filter(order.forces, left)) | (lost - (wanted.keys() - copies.missing))
        missing = frozenset(left) - gone
        awaited = copies.missing - missing
        return Look(
            (*scan.read, *copies.read),
            dict.fromkeys(ours, Kind.PRIMARY) | wanted,
            awaited,
            missing,
            gone,
            (
                *(self._refuse_twin(each) for each in _sorted(ours & listed.keys())),
                *(_await(each, settings.state) for each in _sorted(awaited)),
            ),
        )

    def note(self, signatures: Mapping[Name, Signatures]) -> None:
        """Remember what zones include, too, as it was before it was read."""
        self._scanner.note(signatures)

    def forget(self, origins: Iterable[Name]) -> None:
        """Have zones read again next time, whether or not they change."""
        forgotten = frozenset(origins)
        self._scanner.forget(forgotten)
        self._copies.forget(forgotten)

    def _look_for_copies(
        self, state: Path | None, wanted: Mapping[Name, Kind], paths: frozenset[str] | None
    ) -> Copies:
        if state is None:
            return Copies(missing=frozenset(wanted))
        return self._copies.scan(copies_folder(state), wanted, paths)

    def _refuse_twin(self, origin: Name) -> Finding:
        return make_finding(
            "SY009",
            Mark(self._scanner.find(origin) or str(origin), 1, 1),
            f"{origin} is written here, and comes from another server, too: this file is what"
            " is served",
            "delete the file, or take the zone out of `secondary` in the configuration",
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


def list_foreign(transfers: TransferSettings) -> dict[Name, Kind]:
    """The zones that come from other servers."""
    found = {each.origin: Kind.SECONDARY for each in transfers.secondaries}
    return found | {each.origin: Kind.CONSUMED for each in transfers.catalogs}


def _await(origin: Name, state: Path | None) -> Finding:
    place = str(copy_path(copies_folder(state), origin)) if state else str(origin)
    return make_finding(
        "SY009",
        Mark(place, 1, 1),
        f"there is no copy of {origin} that may be served: it is answered SERVFAIL until one"
        " has been fetched",
        "see in the log what its primaries say",
        level=Level.WARNING,
        origin=origin,
        owner=origin,
    )


def _sorted(origins: Iterable[Name]) -> list[Name]:
    return sorted(origins, key=Name.canonical)
