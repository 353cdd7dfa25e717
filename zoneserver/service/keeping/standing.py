"""The versions of zones that are served, who looked what up where, and changes on trial.

What a zone is judged by lies in other zones, too. Two indexes say which judgements a change
may touch, so that nobody walks all zones: who consulted a name, and who points to it.
"""

from collections.abc import Collection, Iterable, Iterator, KeysView, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol, TypeVar

from zoneserver.engine.answer import Outcome
from zoneserver.engine.solve import solve
from zoneserver.findings import Finding
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.validator.answers import Answers
from zoneserver.validator.judge import Judgement
from zoneserver.validator.references import Mentions, Pointers, References, references_of
from zoneserver.validator.world import Candidate
from zoneserver.zone.zone import Zone
from zoneserver.zonefile.source import Kind

_Kept = TypeVar("_Kept")


class Version(Protocol):
    """One version of one zone.

    `zone` is looked up in when others are judged: its nodes may be decoded one by one.
    """

    @property
    def origin(self) -> Name:
        """The origin of the zone."""

    @property
    def zone(self) -> Zone:
        """The zone, to look names up in."""

    @property
    def kind(self) -> Kind:
        """Where the zone comes from."""

    @property
    def references(self) -> References:
        """What it says of names outside itself."""

    def candidate(self) -> Candidate:
        """All of it, to be judged; it may have to be read again for that."""


@dataclass(frozen=True, slots=True)
class InMemory:
    """A version that was read, and is kept whole."""

    read: Candidate
    references: References

    @classmethod
    def of(cls, read: Candidate) -> "InMemory":
        """The version that was read."""
        return cls(read, references_of(read.zone, read.source.unreadable))

    @property
    def origin(self) -> Name:
        """The origin of the zone."""
        return self.read.zone.origin

    @property
    def zone(self) -> Zone:
        """The zone."""
        return self.read.zone

    @property
    def kind(self) -> Kind:
        """Where the zone comes from."""
        return self.read.source.kind

    def candidate(self) -> Candidate:
        """What was read."""
        return self.read


class Standing:
    """The versions that are served. Only `update` changes it."""

    def __init__(self) -> None:
        self._versions: dict[bytes, Version] = {}  # by the key of the origin
        self.turns = 0  # how often there was another zone, or one less
        self._errors: dict[Name, tuple[Finding, ...]] = {}
        self._until: dict[Name, date] = {}
        self.pointers = Pointers()
        self.consulted = Mentions()

    def update(
        self,
        versions: Iterable[Version] = (),
        judgements: Iterable[Judgement] = (),
        gone: Iterable[Name] = (),
    ) -> None:
        """Serve these versions from now on, and remember what was found of those that stand.

        Of a judgement no finding is kept that does not block.
        """
        before = len(self._versions)
        for origin in gone:
            self._versions.pop(origin.key, None)
            self.pointers.put(origin, None)
            self._remember(Judgement(origin, ()))
        self.turns += len(self._versions) != before
        before = len(self._versions)
        for version in versions:
            self._versions[version.origin.key] = version
            self.pointers.put(version.origin, version.references)
        self.turns += len(self._versions) != before
        for judgement in judgements:
            self._remember(judgement)

    def get(self, origin: Name) -> Version | None:
        """The version of a zone that is served."""
        return self._versions.get(origin.key)

    def find_version(self, key: bytes) -> Version | None:
        """The same, by the key of the origin."""
        return self._versions.get(key)

    @property
    def keys(self) -> KeysView[bytes]:
        """The keys of all origins."""
        return self._versions.keys()

    def overdue(self, today: date) -> set[Name]:
        """The zones whose judgement does not hold today, as waivers have run out since."""
        return {origin for origin, until in self._until.items() if until < today}

    @property
    def errors(self) -> Mapping[Name, tuple[Finding, ...]]:
        """Findings of versions that are served, and would block them if they were new."""
        return self._errors

    def __contains__(self, origin: Name) -> bool:
        return origin.key in self._versions

    def __iter__(self) -> Iterator[Version]:
        return iter(self._versions.values())

    def __len__(self) -> int:
        return len(self._versions)

    def _remember(self, judgement: Judgement) -> None:
        origin = judgement.origin
        self.consulted.put(origin, judgement.consulted)
        errors = tuple(finding for finding in judgement.findings if finding.blocks)
        _put(self._errors, origin, errors)
        _put(self._until, origin, judgement.until)


class _View(NamedTuple):
    """What judgements go by, at one moment, as far as a change may touch it.

    `said` is what zones answer for a name, `marked` whether others say something of it,
    `users` whose MX it is: that is told with the names of addresses only.
    """

    said: dict[Name, object]
    marked: dict[Name, object]
    users: dict[Name, object]
    has_reverse_zone: bool


class Trial:
    """The versions that stand, some of them exchanged for others to see what comes of it.

    It finds zones as a set of zones does. What stands is left as it is.
    """

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._put: dict[bytes, Version | None] = {}
        self.pointers = Pointers(standing.pointers)
        self.consulted = Mentions(standing.consulted)

    def get(self, origin: Name) -> Version | None:
        """The version of a zone that is on trial, or stands."""
        return self._get(origin.key)

    def is_new(self, origin: Name) -> bool:
        """Whether there is a version of a zone that does not stand."""
        version = self._put.get(origin.key)
        return version is not None and version is not self._standing.get(origin)

    def find(self, name: Name) -> Zone | None:
        """The zone whose origin is the longest at or above a name."""
        key = name.key
        while True:
            version = self._get(key)
            if version is not None:
                return version.zone
            if key == ROOT.key:
                return None
            key = key[1 + key[0] :]

    def note(self, judgements: Iterable[Judgement]) -> None:
        """What was consulted by judging zones of the trial."""
        for judgement in judgements:
            self.consulted.put(judgement.origin, judgement.consulted)

    def put(self, changes: Mapping[Name, Version | None]) -> set[Name]:
        """Exchange versions; None: there is none. The zones that are to be judged for that.

        They are the changed ones, and all those of which one of these differs: what is said
        of a name they consulted, whether others point to their names, which zones there
        are directly below them.
        """
        names, mentioned = self._touched(changes)
        before = self._view(names, mentioned)
        moved = [o for o, v in changes.items() if (self.get(o) is None) != (v is None)]
        for origin, version in changes.items():
            self._put[origin.key] = version
            self.pointers.put(origin, version.references if version else None)
            if version is None:
                self.consulted.put(origin, frozenset())
        after = self._view(names, mentioned)
        todo = {origin for origin, version in changes.items() if version}
        said = _differing(before.said, after.said)
        marked = _differing(before.marked, after.marked)
        users = _differing(before.users, after.users)
        todo = todo.union(*(self.consulted.origins(name) for name in said | marked))
        todo |= {zone.origin for name in marked | users if (zone := self.find(name))}
        todo |= self._parents(moved)
        if before.has_reverse_zone != after.has_reverse_zone:
            # Nobody has looked for the names of addresses so far.
            versions = (*self._standing, *self._put.values())
            todo |= {each.origin for each in versions if each and self.get(each.origin)}
        return todo

    def _get(self, key: bytes) -> Version | None:
        put = self._put
        return put[key] if key in put else self._standing.find_version(key)

    def _touched(self, changes: Mapping[Name, Version | None]) -> tuple[set[Name], set[Name]]:
        """The names of which something else may be said, and those that are mentioned."""
        names = {name for origin in changes for name in self.consulted.below(origin)}
        mentioned: set[Name] = set()
        for origin, version in changes.items():
            old = self.pointers.get(origin)
            new = version.references if version else References()
            mentioned |= old.exchanges ^ new.exchanges
            mentioned |= old.aliases ^ new.aliases
            mentioned |= old.unreadable ^ new.unreadable
        # Where all who consulted a name are judged anyway, it need not be looked at.
        asked = self.consulted.origins
        names = {name for name in names if any(each not in changes for each in asked(name))}
        return names, mentioned

    def _view(self, names: Iterable[Name], mentioned: Iterable[Name]) -> "_View":
        answers, pointers = Answers(self), self.pointers
        is_reverse = pointers.has_reverse_zone
        exchanges = pointers.exchanges
        return _View(
            {name: answers.of(name) for name in names},
            {name: pointers.marks(name) for name in mentioned},
            {name: set(exchanges.origins(name)) if is_reverse else None for name in mentioned},
            is_reverse,
        )

    def _parents(self, origins: Collection[Name]) -> set[Name]:
        """The zones that have gained or lost names to a zone below.

        Where they delegate it, they have consulted the names, and need not be told.
        """
        found: set[Name] = set()
        for origin in origins:
            zone = self.find(origin.parent) if origin != ROOT else None
            if zone is not None:
                reply = solve(zone, origin, rtypes.SOA)
                if reply.outcome is not Outcome.REFERRAL:
                    found.add(zone.origin)
        return found


def _differing(before: Mapping[Name, object], after: Mapping[Name, object]) -> set[Name]:
    return {name for name in before if before[name] != after[name]}


def _put(values: dict[Name, _Kept], origin: Name, value: _Kept | None) -> None:
    """Set an entry, or delete it where there is nothing to keep."""
    if value:
        values[origin] = value
    else:
        values.pop(origin, None)
