"""The catalogs that we consume: what they list becomes zones that come from elsewhere."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from zoneserver.errors import TransferError
from zoneserver.names import Name
from zoneserver.records.rrset import Record
from zoneserver.service.disk.copies import copies_folder, copy_path
from zoneserver.service.disk.files import Signature, read_file, reason, sign
from zoneserver.service.disk.members import MemberFiles
from zoneserver.service.logs import log
from zoneserver.transfer.catalog import (
    Held,
    Member,
    Members,
    Update,
    read_catalog,
    update_members,
)
from zoneserver.transfer.settings import Peer, Secondary, TransferSettings
from zoneserver.zonefile.lines import read_lines
from zoneserver.zonefile.source import ZoneSource

MAX_OCTETS = 64 << 20  # of a catalog: room for half a million members
MOST_TOLD = 20  # members that are told one by one, where many change at once

# Is given all zones that come from elsewhere, whenever these change.
Keep = Callable[[list[Secondary]], None]


class Catalogs:
    """Keeps to what the catalogs list, from `start` to `stop`."""

    def __init__(
        self, settings: TransferSettings, state: Path, keep: Keep, changed: Callable[[], None]
    ) -> None:
        """`changed` is called when there are other zones than before."""
        self._sources = {each.origin: each for each in settings.catalogs}
        self._secondaries = settings.secondaries
        self._folder = copies_folder(state).resolve()
        self._files = MemberFiles.below(state)
        self._keep, self._changed = keep, changed
        self._seen: dict[Name, Signature] = {}
        self._listed: dict[Name, Members | None] = dict.fromkeys(self._sources)
        self._clashes: tuple[tuple[Name, Name], ...] = ()
        self._held = self._files.read(self._sources)
        self._written = {origin: _members_of(origin, self._held) for origin in self._sources}
        self._looking = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.counters: Counter[str] = Counter()

    def zones(self, without: Collection[Name] = ()) -> list[Secondary]:
        """All zones that come from elsewhere: those that are configured, and the members."""
        own = {each.origin: each for each in self._secondaries}
        for source in self._sources.values():
            own[source.origin] = Secondary(source.origin, source.primaries)
        members = (
            Secondary(origin, self._primaries_of(each))
            for origin, each in self._held.items()
            if origin not in own and origin not in without
        )
        return [*own.values(), *members]

    def start(self) -> None:
        """Look at the catalogs now, in the running event loop, and whenever `look` says so."""
        if not self._sources:
            return
        try:
            self._files.sweep(self._sources)
        except OSError as error:
            log.warning("catalogs-unswept", f"old catalogs cannot be removed: {reason(error)}")
        self._task = asyncio.get_running_loop().create_task(self._run())
        self.look()

    def stop(self) -> None:
        """Let them be; what is kept stays."""
        if self._task is not None:
            self._task.cancel()

    def look(self) -> None:
        """A copy has come or gone: it may be a catalog's."""
        self._looking.set()

    async def _run(self) -> None:
        while True:
            await self._looking.wait()
            self._looking.clear()
            changed = {
                origin: signature
                for origin in self._sources
                if (signature := sign(str(copy_path(self._folder, origin)))) is not None
                and self._seen.get(origin) != signature
            }
            for origin, signature in changed.items():
                self._seen[origin] = signature
                self._listed[origin] = await asyncio.to_thread(self._read, origin)
            if changed:
                self._update()

    def _read(self, catalog: Name) -> Members | None:
        """What a catalog lists; None where it is broken: what it listed before, stays."""
        path = copy_path(self._folder, catalog)
        try:
            source = read_lines(str(path), read_file(path, self._folder, MAX_OCTETS), catalog)
            return read_catalog(catalog, _undamaged(source))
        except (OSError, TransferError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            text = f"the catalog {catalog} is broken, its members stay as they are: {why}"
            log.error("catalog-broken", text, zone=str(catalog), reason=why)
            self.counters["catalogs_broken"] += 1
            return None

    def _update(self) -> None:
        """Take up what the catalogs list now."""
        taken = {each.origin for each in self._secondaries} | self._sources.keys()
        update = update_members(self._held, self._listed, taken)
        self._complain(update.clashes)
        before, self._held = self._held, update.held
        is_written = self._write()
        if before != self._held:
            self._tell(before, update)
            if update.reset:
                self._keep(self.zones(without=update.reset))
            self._keep(self.zones())
        if is_written or before != self._held:
            self._changed()

    def _write(self) -> bool:
        """Have the builder, and the next courier, know the members; whether that is news.

        What cannot be written now is tried again with the next version of a catalog.
        """
        is_written = False
        for catalog in self._sources:
            members = _members_of(catalog, self._held)
            if members == self._written[catalog]:
                continue
            try:
                self._files.write(catalog, members)
                self._written[catalog] = members
                is_written = True
            except OSError as error:
                text = f"the members of {catalog} cannot be written: {reason(error)}"
                log.error("catalog-unwritable", text, zone=str(catalog), reason=reason(error))
        return is_written

    def _primaries_of(self, held: Held) -> tuple[Peer, ...]:
        """Where a member comes from: its first group that we know decides (RFC 9432 4.3.2)."""
        source = self._sources[held.catalog]
        groups = dict(source.groups)
        known = (groups[group] for group in held.member.groups if group in groups)
        return next(known, source.members or source.primaries)

    def _complain(self, clashes: tuple[tuple[Name, Name], ...]) -> None:
        for origin, catalog in set(clashes).difference(self._clashes):
            text = f"{catalog} lists {origin}, which is another's already: that stays as it is"
            log.error("catalog-clash", text, zone=str(origin), catalog=str(catalog))
        self._clashes = clashes

    def _tell(self, before: dict[Name, Held], update: Update) -> None:
        changes = list(_describe(before, update))
        for kind, origin, catalog, text in changes[:MOST_TOLD]:
            log.info(kind, text, zone=str(origin), catalog=str(catalog))
        if len(changes) > MOST_TOLD:
            more = len(changes) - MOST_TOLD
            log.info("members-changed", f"... and {more} further members", members=more)
        self.counters["members_changed"] += len(changes)
        for catalog in self._sources:
            had = {origin for origin, each in before.items() if each.catalog == catalog}
            gone = len(had - update.held.keys())
            if gone > MOST_TOLD and 2 * gone > len(had):  # as a script without its input does
                text = f"{catalog} has removed {gone} of its {len(had)} zones"
                log.warning("members-dropped", text, zone=str(catalog), members=gone)


def _describe(
    before: dict[Name, Held], update: Update
) -> Iterator[tuple[str, Name, Name, str]]:
    """What becomes of members, in words."""
    for origin, held in update.held.items():
        old = before.get(origin)
        if old is None:
            yield "member-added", origin, held.catalog, f"{held.catalog} has added {origin}"
        elif origin in update.reset:
            text = f"{held.catalog} has {origin} begin anew"
            yield "member-reset", origin, held.catalog, text
        elif old.catalog != held.catalog:
            text = f"{origin} has moved from {old.catalog} to {held.catalog}"
            yield "member-moved", origin, held.catalog, text
    for origin in before.keys() - update.held.keys():
        catalog = before[origin].catalog
        yield "member-removed", origin, catalog, f"{catalog} has removed {origin}"


def _undamaged(copy: ZoneSource) -> tuple[Record, ...]:
    """The records of a copy. Raises TransferError where it is not what was written."""
    damage = next((each.reason for each in copy.findings if each.blocks), "")
    if damage:
        raise TransferError(f"its copy is damaged: {damage}")
    return copy.records


def _members_of(catalog: Name, held: dict[Name, Held]) -> dict[Name, Member]:
    return {origin: each.member for origin, each in held.items() if each.catalog == catalog}
