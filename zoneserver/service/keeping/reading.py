"""Zones that were read, on their way to being served: judged, and written as images."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

from zoneserver.errors import SigningKeyError
from zoneserver.findings import Finding, Level
from zoneserver.names import Name
from zoneserver.service.checking.words import describe_route
from zoneserver.service.disk.files import Signature
from zoneserver.service.disk.folder import ZoneFiles
from zoneserver.service.disk.loading import load
from zoneserver.service.keeping.admission import judge_versions
from zoneserver.service.keeping.compiling import compile_by
from zoneserver.service.keeping.refusing import refuse, refuse_unsigned
from zoneserver.service.keeping.serials import Serials, digest
from zoneserver.service.keeping.signing import Signing, add_digest, add_signatures
from zoneserver.service.keeping.standing import InMemory, Standing, Version
from zoneserver.service.keeping.store import Store
from zoneserver.service.keeping.versions import Description, fingerprint, pack_texts
from zoneserver.validator.judge import Judgement
from zoneserver.validator.references import Pointers
from zoneserver.validator.world import Zones
from zoneserver.zonefile.source import Defaults, ZoneSource


@dataclass(frozen=True, slots=True)
class Means:
    """What zones are read with, and where their images go. `now` is in UNIX seconds.

    Where a zone stands, and has secondaries, its serial `must_rise` with what it holds. A large
    zone may be signed and compiled by as many processes as there are `hands`. Whoever `forces`
    a zone has it served without signatures, though its parent may vouch for it.
    """

    defaults: Defaults
    serials: Serials
    store: Store
    standing: Standing
    now: float
    must_rise: Callable[[Name], bool] = lambda _: False
    signing: Signing = field(default_factory=Signing)
    hands: int = 1
    forces: Callable[[Name], bool] = lambda _: False

    def number(self, source: ZoneSource) -> ZoneSource:
        """The source with its serial, and with signatures if it asks for them."""
        dnssec, stands = source.dnssec, self.standing.get(source.origin)
        if dnssec is None or not source.auto_serial:
            if not self.forces(source.origin) and self.signing.is_missed(source, stands):
                return refuse_unsigned(self._number(source))
            return add_digest(self._number(source))
        try:
            plan, source = self.signing.plan(source, dnssec, stands, int(self.now))
        except SigningKeyError as error:
            return refuse(self._number(source), dnssec, error)
        return add_signatures(self._number(source), dnssec, plan, stands, self.hands)

    def _number(self, source: ZoneSource) -> ZoneSource:
        must_rise = source.origin in self.standing and self.must_rise(source.origin)
        return self.serials.number(source, self.now, must_rise=must_rise)


# The signatures of the files that a zone's files name, from before they were read.
Included = Mapping[str, Signature | None]


class Reading(Protocol):
    """What was read in one go."""

    @property
    def versions(self) -> Sequence[Version]:
        """The zones, as far as they could be read."""

    @property
    def unread(self) -> frozenset[Name]:
        """The zones whose files could not be read at all."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Why that is so."""

    @property
    def included(self) -> Mapping[Name, Included]:
        """What they include."""

    def judge(
        self, versions: Sequence[Version], zones: Zones, pointers: Pointers, today: date
    ) -> Iterable[Judgement]:
        """A judgement of each version as one among `zones`."""

    def write(self, judgements: Mapping[Name, Judgement]) -> Sequence[str]:
        """Write images of the versions that were judged so; the files. Raises StoreError."""

    def close(self) -> None:
        """Keep nothing of it."""


class InProcess:
    """A few zones, read and judged right here."""

    def __init__(self, files: Sequence[ZoneFiles], means: Means) -> None:
        self._files = {each.origin: each for each in files}
        self._means = means
        loaded = load(files, means.defaults, means.number)
        self.versions = tuple(map(InMemory.of, loaded.candidates))
        self.unread = loaded.unread
        self.findings = loaded.findings
        self.included: Mapping[Name, Included] = {
            version.origin: self._files[version.origin].include.signatures
            for version in self.versions
        }

    def judge(
        self, versions: Sequence[Version], zones: Zones, pointers: Pointers, today: date
    ) -> Iterable[Judgement]:
        """A judgement of each version as one among `zones`."""
        return judge_versions(versions, zones, pointers, today)

    def write(self, judgements: Mapping[Name, Judgement]) -> Sequence[str]:
        """Write images of the versions that were judged so; the files. Raises StoreError."""
        chosen = [version for version in self.versions if version.origin in judgements]
        return (
            [self._means.store.write(lambda: self._images(chosen, judgements))]
            if chosen
            else []
        )

    def close(self) -> None:
        """There is nothing to be let go of."""

    def _images(
        self, versions: Iterable[InMemory], judgements: Mapping[Name, Judgement]
    ) -> Iterator[tuple[bytes, bytes]]:
        for version in versions:
            origin = version.origin
            files = self._files[origin]
            description = describe(files, self._means, version, judgements[origin])
            texts = pack_texts(files.texts())
            yield (
                origin.key,
                compile_by(self._means.hands, version.zone, description.pack(), texts),
            )


def describe(
    files: ZoneFiles, means: Means, version: Version, judgement: Judgement
) -> Description:
    """What is kept of a version beside its image."""
    return Description(
        version.references,
        keep_grave(judgement),
        str(files.include.folder),
        tuple(files.files),
        tuple(files.include.files),
        fingerprint(files.texts(), means.defaults),
        int(means.now),
        "" if files.kind.is_catalog else describe_route(version.zone.apex),
        _content(version, means.serials),
        files.kind,
        version.candidate().source.signed,
        version.candidate().source.outlook,
    )


def _content(version: Version, serials: Serials) -> str:
    """The digest of its records, which mostly is known since it was numbered."""
    numbered = serials.offered(version.origin)
    return numbered.digest if numbered else digest(version.candidate().source)


def keep_grave(judgement: Judgement) -> Judgement:
    """The judgement without the hints, which `check` alone shows."""
    findings = tuple(each for each in judgement.findings if each.level > Level.HINT)
    return replace(judgement, findings=findings)
