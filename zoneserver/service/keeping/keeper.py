"""Keeps the versions of the zones that are served, and renews them from their files."""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from zoneserver.findings import Finding, Mark, make_finding
from zoneserver.image.compile import redescribe
from zoneserver.image.images import Place, open_image
from zoneserver.names import Name
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.disk.files import Signature, read_file, sign
from zoneserver.service.disk.folder import ZoneFiles
from zoneserver.service.keeping.admission import Admission, Changes, admit
from zoneserver.service.keeping.chronicle import Chronicle
from zoneserver.service.keeping.crew import Crew
from zoneserver.service.keeping.reading import InProcess, Means, Reading, keep_grave
from zoneserver.service.keeping.serials import Serials, StateError
from zoneserver.service.keeping.shelf import Shelf
from zoneserver.service.keeping.signed import SignedZones
from zoneserver.service.keeping.sources import Look, Sources
from zoneserver.service.keeping.standing import Standing
from zoneserver.service.keeping.store import Served, Store
from zoneserver.service.keeping.versions import Description, Imaged, fingerprint
from zoneserver.service.running.reloads import Order
from zoneserver.transfer.settings import TransferSettings
from zoneserver.validator.judge import Judgement
from zoneserver.zone.zone import Zone
from zoneserver.zonefile.source import Defaults, Kind

# More than this is read by a process for each core, and forgotten with them.
MOST_OCTETS, MOST_ZONES = 1 << 21, 200


@dataclass(frozen=True, slots=True)
class Renewal:
    """One look at the zones: what may be served, what was found, and in what text.

    `before` are the zones that stood in place of those that changed or went. `complaint` says
    why the state directory was of no use, if it was not. `refusals` say why what somebody
    wanted to be done with keys was not, by zone.
    """

    admission: Admission
    served: Served
    before: Mapping[Name, Zone]
    texts: Mapping[str, bytes]
    complaint: str = ""
    refusals: Mapping[Name, str] = field(default_factory=dict)


class Keeper:
    """Holds the last good version of every zone, each in an image file."""

    def __init__(
        self, store: Store, serials: Serials, chronicle: Chronicle | None = None
    ) -> None:
        self.standing = Standing()
        self.signed = SignedZones(self.standing)
        self.refused: dict[Name, Kind] = {}
        self.awaited: frozenset[Name] = frozenset()  # of those: there is no copy of them yet
        self.settle_seconds = 0.0  # that files must have stayed as they are
        self._store = store
        self._serials = serials
        self._chronicle = chronicle or Chronicle(None, TransferSettings())
        self._sources = Sources()
        self._shelf = Shelf(store)
        self._read_as: object = None  # what decides, beside the files, what is read

    def restore(self, served: Served, defaults: Defaults) -> None:
        """Let the zones of the last run stand. Raises OSError or ImageError."""
        places: dict[bytes, Place] = {}
        for path in served.files:
            places |= self._shelf.open(path)
        absent = (*served.gone, *served.refused)
        self._shelf.remove(absent)
        for origin in absent:
            places.pop(origin.key, None)
        versions = [open_version(key, place, defaults) for key, place in places.items()]
        self.standing.update(versions, [each.description.judgement for each in versions])
        self.signed.note(versions)
        self.refused = dict.fromkeys(served.refused, Kind.PRIMARY)

    def renew(self, settings: Settings, order: Order | None = None) -> Renewal:
        """Read what has changed, judge what that touches, and keep what is good from now on.

        Raises StartError, and leaves everything as it was, where the folder cannot be read or
        holds no zone: it is more likely to be missing than meant. Raises StoreError where
        images cannot be written.
        """
        try:
            return self._renew(settings, order or Order())
        except BaseException:
            self._sources = Sources()  # what it has seen by then was not taken up
            raise

    def _renew(self, settings: Settings, order: Order) -> Renewal:
        now = time.time()
        today = datetime.fromtimestamp(now, tz=UTC).date()
        tended = self.signed.tend(settings, order, now)
        self._sources.forget(tended.changed)
        look = self._look(settings, order)
        files = [
            each
            for each in look.files
            if each.origin in tended.changed or not self._stands(each, settings)
        ]
        reading = self._read(files, settings, order, now)
        with closing(reading):
            admission, before = self._admit(reading, look, settings, order, today)
        self._sources.note(reading.included)
        self._sources.forget(admission.kept | admission.refused)
        self._refuse(admission, look)
        texts = {name: octets for each in files for name, octets in each.texts().items()}
        complaint = self._keep_serials(admission)
        left = tended.changed - {each.origin for each in admission.versions}
        self._sign_again(left, self._means(settings, order, now))
        self.signed.settle()
        return Renewal(admission, self._served(), before, texts, complaint, tended.refusals)

    def _look(self, settings: Settings, order: Order) -> Look:
        """What there is to be read."""
        if self._read_as != (settings.zones, settings.defaults):
            self._sources = Sources()
            self._read_as = (settings.zones, settings.defaults)
        return self._sources.look(settings, self.standing, order, self.settle_seconds)

    def _admit(
        self, reading: Reading, look: Look, settings: Settings, order: Order, today: date
    ) -> tuple[Admission, dict[Name, Zone]]:
        """Judge what was read, let what is good stand, and what stood in its place."""
        changes = Changes(
            tuple(reading.versions),
            reading.unread | look.missing | look.awaited,
            look.gone,
            (
                *reading.findings,
                *look.findings,
                *map(self._miss, sorted(look.missing, key=Name.canonical)),
            ),
        )
        admission = admit(changes, today, self.standing, reading.judge, order.forces)
        before = self._stood([*(each.origin for each in admission.versions), *admission.gone])
        self._settle(admission, reading, settings.defaults)
        return admission, before

    def _miss(self, origin: Name) -> Finding:
        """A zone whose files are gone is served all the same: it would lose all its mail."""
        version = self.standing.get(origin)
        files = version.description.files if isinstance(version, Imaged) else ()
        return make_finding(
            "SY009",
            Mark(next(iter(files), str(origin)), 1, 1),
            f"the file is gone; the zone {origin} is served as it was",
            f"put it back, or take the zone out of service: zoneserver reload --force {origin}",
            origin=origin,
            owner=origin,
        )

    def _stands(self, files: ZoneFiles, settings: Settings) -> bool:
        """Whether what is served was made from the same octets and keys."""
        defaults, signing = settings.defaults, self.signed.signing(settings)
        version = self.standing.get(files.origin) if files.origin else None
        if not isinstance(version, Imaged) or version.kind is not files.kind or files.findings:
            return False
        texts, signatures = dict(files.files), dict[str, Signature | None]()
        for name in version.description.included:
            signatures[name] = sign(name)
            try:
                texts[name] = read_file(
                    Path(name), files.include.root, also=defaults.certificates
                )
            except OSError:
                return False
        description = version.description
        if fingerprint(texts, defaults) != description.fingerprint:
            return False
        if description.signed and not signing.stands(version.origin, description.outlook):
            return False
        self._sources.note({version.origin: signatures})
        return True

    def _sign_again(self, origins: Iterable[Name], means: Means) -> None:
        """Have zones go on as they stand, with what is due of signatures and keys.

        Something was wrong with what is in their files by now; signatures run out all the same.
        Nobody judges these zones: they are served already.
        """
        stood = [each for each in map(self.standing.get, origins) if isinstance(each, Imaged)]
        if not stood:
            return
        reading = InProcess([each.files() for each in stood], means)
        signed = [each for each in reading.versions if each.candidate().source.signed]
        judgements = tuple(each.description.judgement for each in stood)
        admission = Admission(tuple(signed), judgements)
        self._settle(admission, reading, means.defaults)
        self._keep_serials(admission)

    def _means(self, settings: Settings, order: Order, now: float) -> Means:
        def must_rise(origin: Name) -> bool:
            return self._chronicle.covers(origin) and not order.forces(origin)

        known = self._serials, self._store, self.standing
        hands = len(os.sched_getaffinity(0))
        signing = self.signed.signing(settings)
        return Means(settings.defaults, *known, now, must_rise, signing, hands, order.forces)

    def _read(
        self, files: Sequence[ZoneFiles], settings: Settings, order: Order, now: float
    ) -> Reading:
        means = self._means(settings, order, now)
        octets = sum(each.octets for each in files)
        if octets > MOST_OCTETS or len(files) > MOST_ZONES:
            return Crew(files, means)
        return InProcess(files, means)

    def _stood(self, origins: Iterable[Name]) -> dict[Name, Zone]:
        versions = (self.standing.get(origin) for origin in origins)
        return {version.origin: version.zone for version in versions if version}

    def _settle(self, admission: Admission, reading: Reading, defaults: Defaults) -> None:
        """Write the images of what was admitted, and let that stand."""
        judgements = {each.origin: each for each in admission.judgements}
        chosen = {each.origin: judgements[each.origin] for each in admission.versions}
        paths = [*reading.write(chosen), *self._write_judged_again(admission, chosen)]
        versions: list[Imaged] = []
        for path in paths:
            for key, place in self._shelf.open(path).items():
                versions.append(open_version(key, place, defaults))
        self._shelf.remove(admission.gone)
        self._chronicle.note(*self._replaced(versions, admission.gone))
        self.standing.update(versions, admission.judgements, admission.gone)
        self.signed.note(versions, admission.gone)
        standing = self.standing.keys
        for key, place in (*self._shelf.bring_home(standing), *self._shelf.tidy(standing)):
            version = self.standing.find_version(key)
            assert isinstance(version, Imaged)
            self.standing.update([replace(version, place=place)])

    def _replaced(
        self, versions: Iterable[Imaged], gone: Iterable[Name]
    ) -> tuple[list[tuple[Imaged, Imaged]], list[Imaged]]:
        """Versions that stood, each with the one in its place; and those of zones that go."""
        stood = ((self.standing.get(each.origin), each) for each in versions)
        going = map(self.standing.get, gone)
        return (
            [(old, new) for old, new in stood if isinstance(old, Imaged)],
            [old for old in going if isinstance(old, Imaged)],
        )

    def _write_judged_again(
        self, admission: Admission, chosen: Mapping[Name, Judgement]
    ) -> list[str]:
        """Write what is known now of zones that stood, and were judged again."""
        images = []
        for judgement in map(keep_grave, admission.judgements):
            version = self.standing.get(judgement.origin)
            if judgement.origin in chosen or not isinstance(version, Imaged):
                continue
            if judgement != version.description.judgement:
                description = replace(version.description, judgement=judgement)
                image = version.image
                octets = redescribe(image.octets, description.pack(), image.texts)
                images.append((version.origin.key, octets))
        return [self._store.write(lambda: images)] if images else []

    def _refuse(self, admission: Admission, look: Look) -> None:
        """Note the zones that are there, and of which no version may be served."""
        self.awaited = look.awaited
        refused = {**self.refused, **dict.fromkeys(sorted(admission.refused, key=str))}
        self.refused = {
            origin: look.kinds[origin]
            for origin in refused
            if origin in look.kinds and origin not in self.standing
        }

    def _served(self) -> Served:
        return self._shelf.served(self.refused)

    def _keep_serials(self, admission: Admission) -> str:
        try:
            self._serials.keep(version.origin for version in admission.versions)
        except StateError as error:
            return str(error)
        return ""


def open_version(key: bytes, place: Place, defaults: Defaults) -> Imaged:
    """The version in an image. Raises ImageError."""
    description = Description.unpack(open_image(place).description)
    return Imaged(Name(key), place, description, defaults)
