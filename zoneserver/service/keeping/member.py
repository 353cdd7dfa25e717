"""A member of the crew: reads, judges and compiles its share of the zones, then ends."""

import gc
import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from zoneserver.image.compile import redescribe
from zoneserver.image.images import Place, open_image
from zoneserver.names import ROOT, Name
from zoneserver.service.disk.folder import ZoneFiles
from zoneserver.service.disk.loading import load
from zoneserver.service.keeping.compiling import compile_by
from zoneserver.service.keeping.exchange import (
    read_judgement,
    read_name,
    read_names,
    read_references,
    write_finding,
    write_judgement,
    write_name,
    write_references,
)
from zoneserver.service.keeping.reading import Means, describe, keep_grave
from zoneserver.service.keeping.standing import InMemory, Standing
from zoneserver.service.keeping.store import read_places
from zoneserver.service.keeping.versions import pack_texts
from zoneserver.service.running.channel import Channel
from zoneserver.validator.judge import Judgement, judge
from zoneserver.validator.references import Pointers
from zoneserver.zone.zone import Zone

ZONES_AT_ONCE = 100  # read from one word of how far it is to the next
JUDGEMENTS_AT_ONCE = 1_000  # in one message: a larger one takes much memory to be read

Document = dict[str, Any]


class Member:
    """The life of one member. It answers each message with one of the same name."""

    def __init__(self, files: Sequence[ZoneFiles], means: Means, channel: Channel) -> None:
        self._files = files
        self._means = means
        self._channel = channel
        self._versions: dict[bytes, InMemory] = {}
        self._judgements: dict[Name, Judgement] = {}
        self._images: dict[bytes, Place] = {}

    def run(self) -> int:
        """Read at once, then do what is asked for. Returns the exit status."""
        gc.disable()  # millions of objects, which live until the process ends
        self._channel.send({"read": self._read()})
        while (message := self._channel.receive()) is not None:
            if "judge" in message:
                self._judge(message["judge"])
            else:
                self._channel.send({"write": self._write(message["write"])})
        return 0

    def _read(self) -> Document:
        """Read the share: what is known of each zone, and where its image is for now."""
        unread, findings = [], []
        for start in range(0, len(self._files), ZONES_AT_ONCE):
            part = self._files[start : start + ZONES_AT_ONCE]
            loaded = load(part, self._means.defaults, self._means.number)
            for read in loaded.candidates:
                self._versions[read.zone.origin.key] = InMemory.of(read)
            unread += [write_name(origin) for origin in loaded.unread]
            findings += [write_finding(finding) for finding in loaded.findings]
            self._tell(part)
        path = ""
        if self._versions:
            versions, hands = self._versions.items(), self._means.hands
            path = self._means.store.write(
                lambda: ((key, compile_by(hands, version.zone)) for key, version in versions)
            )
            self._images = read_places(path)
        zones = [self._summarise(files) for files in self._files if self._has(files)]
        return {"path": path, "zones": zones, "unread": unread, "findings": findings}

    def _tell(self, files: Sequence[ZoneFiles]) -> None:
        """Say how far it is."""
        records = sum(
            len(self._versions[each.origin.key].read.source.records)
            for each in files
            if each.origin and self._has(each)
        )
        octets = sum(each.octets for each in files)
        self._channel.send({"progress": [len(files), records, octets]})

    def _has(self, files: ZoneFiles) -> bool:
        return files.origin is not None and files.origin.key in self._versions

    def _summarise(self, files: ZoneFiles) -> Document:
        assert files.origin is not None
        version = self._versions[files.origin.key]
        return {
            "origin": write_name(files.origin),
            "references": write_references(version.references),
            "numbered": self._means.serials.offered(files.origin),
            "included": files.include.signatures,
        }

    def _judge(self, task: Document) -> None:
        """Judge zones of the share, as some among all that are named in a file, and tell."""
        zones, pointers = self._all_zones(task["others"])
        candidates = (self._versions[read_name(text).key].read for text in task["origins"])
        today = date.fromisoformat(task["today"])
        judged = list(map(keep_grave, judge(candidates, zones, pointers, today)))
        self._judgements = {each.origin: each for each in judged}
        for start in range(0, len(judged), JUDGEMENTS_AT_ONCE):
            part = judged[start : start + JUDGEMENTS_AT_ONCE]
            self._channel.send({"judge": list(map(write_judgement, part)), "more": True})
        self._channel.send({"judge": []})

    def _all_zones(self, path: str) -> tuple["_Zones", Pointers]:
        """Every zone of every member, and of those that stand."""
        standing = self._means.standing
        zones, pointers = _Zones(standing), Pointers(standing.pointers)
        others = json.loads(Path(path).read_text("utf-8"))
        for text in others["gone"]:
            origin = read_name(text)
            zones.put(origin.key, None)
            pointers.put(origin, None)
        for file, rows in others["files"].items():
            places = read_places(file)
            for text, references in rows:
                origin = read_name(text)
                own = self._versions.get(origin.key)
                zones.put(origin.key, own.zone if own else places[origin.key])
                pointers.put(origin, own.references if own else read_references(references))
        return zones, pointers

    def _write(self, task: Document) -> str:
        """Write the zones that were admitted, with what is to be kept of them; the file.

        Their judgements are those that were made here, but for what was judged again.
        """
        again = {each.origin: each for each in map(read_judgement, task["again"])}
        judged = {
            each: self._judgements[each] for each in read_names(task["as_judged"])
        } | again

        def images() -> Iterator[tuple[bytes, bytes]]:
            for files in self._files:
                if files.origin is None or files.origin not in judged:
                    continue
                key = files.origin.key
                description = describe(
                    files, self._means, self._versions[key], judged[files.origin]
                )
                image = open_image(self._images[key])
                texts = pack_texts(files.texts())
                yield key, redescribe(image.octets, description.pack(), texts)

        return self._means.store.write(images)


class _Zones:
    """Zones in memory, in image files, and those that stand."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._put: dict[bytes, Zone | Place | None] = {}

    def put(self, key: bytes, zone: Zone | Place | None) -> None:
        """Let a zone be found, or none, in place of the one that stands."""
        self._put[key] = zone

    def find(self, name: Name) -> Zone | None:
        """The zone whose origin is the longest at or above a name."""
        key = name.key
        while True:
            if (zone := self._get(key)) is not None:
                return zone
            if key == ROOT.key:
                return None
            key = key[1 + key[0] :]

    def _get(self, key: bytes) -> Zone | None:
        if key not in self._put:
            version = self._standing.find_version(key)
            return version.zone if version else None
        zone = self._put[key]
        if isinstance(zone, Place):
            zone = self._put[key] = open_image(zone).zone()
        return zone
