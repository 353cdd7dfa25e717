"""Many zones, read, judged and compiled by a process for each core.

Each member of the crew has its share of the zones, and hears of all others what it needs to
judge its own. What it reads is gone from memory with it, so the builder stays small.
"""

import heapq
import json
import os
import selectors
import socket
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any

from zoneserver.errors import StartError
from zoneserver.findings import Finding
from zoneserver.image.images import Place, open_image
from zoneserver.names import Name
from zoneserver.service.disk.files import Signature
from zoneserver.service.disk.folder import ZoneFiles
from zoneserver.service.disk.loading import load
from zoneserver.service.keeping.admission import judge_versions
from zoneserver.service.keeping.exchange import (
    read_finding,
    read_judgement,
    read_name,
    read_names,
    read_references,
    write_judgement,
    write_names,
)
from zoneserver.service.keeping.member import Member
from zoneserver.service.keeping.progress import Progress
from zoneserver.service.keeping.reading import Included, Means
from zoneserver.service.keeping.serials import Served as Numbered
from zoneserver.service.keeping.standing import Version
from zoneserver.service.keeping.store import find_memory, read_places
from zoneserver.service.running.channel import Channel, Message
from zoneserver.service.running.processes import fork
from zoneserver.validator.judge import Judgement
from zoneserver.validator.references import Pointers, References
from zoneserver.validator.world import Candidate, Zones
from zoneserver.zone.zone import Zone
from zoneserver.zonefile.source import Kind


@dataclass(frozen=True)
class Pending:
    """A version that a member has read, and whose image is not complete yet."""

    origin: Name
    references: References
    place: Place
    files: ZoneFiles
    means: Means

    @property
    def kind(self) -> Kind:
        """Where the zone comes from."""
        return self.files.kind

    @cached_property
    def zone(self) -> Zone:
        """The zone, whose nodes are read one by one."""
        return open_image(self.place).zone()

    def candidate(self) -> Candidate:
        """All of it, read once more."""
        (read,) = load([self.files], self.means.defaults, self.means.number).candidates
        return read


class Crew:
    """What the members have read, and the members, until `write` has been done."""

    def __init__(self, files: Sequence[ZoneFiles], means: Means) -> None:
        """Raises StartError where a member fails."""
        self.versions: list[Pending] = []
        self.unread: frozenset[Name] = frozenset()
        self.findings: tuple[Finding, ...] = ()
        self.included: dict[Name, Included] = {}
        self._means = means
        self._files = {each.origin: each for each in files}
        self._members: list[Channel] = []
        self._pids: list[int] = []
        self._shares: list[set[Name]] = []  # the zones that each member has read
        self._documents: dict[str, list[tuple[str, Any]]] = {}  # by temporary image file
        self._made: dict[Name, Judgement] = {}  # by the members
        self._progress = Progress(len(files), sum(each.octets for each in files))
        shares = share_out(files, means.hands)
        for share in shares:
            member, pid = _start(
                share, replace(means, hands=max(1, means.hands // len(shares)))
            )
            self._members.append(member)
            self._pids.append(pid)
        for _, read in sorted(self._gather("read"), key=itemgetter(0)):
            self._take(read)
        order = {each.origin: place for place, each in enumerate(files)}
        self.versions.sort(key=lambda version: order[version.origin])

    def judge(
        self, versions: Sequence[Version], zones: Zones, pointers: Pointers, today: date
    ) -> Iterable[Judgement]:
        """A judgement of each version as one among `zones`."""
        if self._made:  # what little has to be judged twice, is judged here
            return judge_versions(versions, zones, pointers, today)
        self._progress.say("judging")
        asked = {version.origin for version in versions}
        others = self._write_others(zones)
        for member, share in zip(self._members, self._shares, strict=True):
            task = {
                "today": today.isoformat(),
                "others": others,
                "origins": write_names(share & asked),
            }
            member.send({"judge": task})
        self._made = {
            judgement.origin: judgement
            for _, judgements in self._gather("judge")
            for judgement in map(read_judgement, judgements)
        }
        Path(others).unlink()
        rest = [version for version in versions if version.origin not in self._made]
        here = judge_versions(rest, zones, pointers, today)
        made = self._made | {judgement.origin: judgement for judgement in here}
        return [made[version.origin] for version in versions]

    def write(self, judgements: Mapping[Name, Judgement]) -> Sequence[str]:
        """Write images of the versions that were judged so; the files."""
        self._progress.say("writing images")
        for member, share in zip(self._members, self._shares, strict=True):
            chosen = [judgements[origin] for origin in share if origin in judgements]
            again = [each for each in chosen if self._made.get(each.origin) is not each]
            as_judged = {each.origin for each in chosen}.difference(e.origin for e in again)
            task = {
                "as_judged": write_names(as_judged),
                "again": [*map(write_judgement, again)],
            }
            member.send({"write": task})
        paths = sorted(self._gather("write"))
        self.close()
        return [path for _, path in paths if path]

    def close(self) -> None:
        """Send the members home, and clear up behind them."""
        self._progress.end()
        for member in self._members:
            member.close()
        for pid in self._pids:
            os.waitpid(pid, 0)
        self._members, self._pids = [], []
        for path in self._documents:
            Path(path).unlink(missing_ok=True)

    def _take(self, read: Message) -> None:
        """Note what one member has read."""
        places = read_places(read["path"]) if read["path"] else {}
        share: set[Name] = set()
        for document in read["zones"]:
            origin = read_name(document["origin"])
            share.add(origin)
            self._means.serials.offer(origin, Numbered(*document["numbered"]))
            self.included[origin] = {
                name: Signature(*found) if found else None
                for name, found in document["included"].items()
            }
            references = read_references(document["references"])
            self.versions.append(
                Pending(
                    origin, references, places[origin.key], self._files[origin], self._means
                )
            )
        self._shares.append(share)
        self.unread |= read_names(read["unread"])
        self.findings += tuple(map(read_finding, read["findings"]))
        if read["path"]:
            rows = [(each["origin"], each["references"]) for each in read["zones"]]
            self._documents[read["path"]] = rows

    def _write_others(self, zones: Zones) -> str:
        """Write down which zones there are, and where; the file."""
        standing = self._means.standing
        gone = [
            str(each.origin)
            for each in standing
            if (found := zones.find(each.origin)) is None or found.origin != each.origin
        ]
        descriptor, path = tempfile.mkstemp(prefix="zoneserver-", dir=find_memory())
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"gone": gone, "files": self._documents}, file)
        return path

    def _gather(self, word: str) -> Iterator[tuple[int, Any]]:
        """What members answer to a word, with their numbers, as it comes. Raises StartError."""
        with selectors.DefaultSelector() as selector:
            for number, member in enumerate(self._members):
                selector.register(member, selectors.EVENT_READ, number)
            while selector.get_map():
                for key, _ in selector.select():
                    message = self._members[key.data].receive()
                    if message is None:
                        self.close()
                        raise StartError("a process that reads zones has ended too early")
                    if "progress" in message:
                        self._progress.add(*message["progress"])
                        continue
                    if not message.get("more"):
                        selector.unregister(key.fileobj)
                    yield key.data, message[word]


def share_out(files: Sequence[ZoneFiles], shares: int) -> list[list[ZoneFiles]]:
    """The zones in as many parts of about the same size; no part is empty."""
    parts: list[list[ZoneFiles]] = [[] for _ in range(shares)]
    heap = [(0, number) for number in range(shares)]
    for each in sorted(files, key=lambda each: each.octets, reverse=True):
        size, number = heapq.heappop(heap)
        parts[number].append(each)
        heapq.heappush(heap, (size + each.octets, number))
    return [part for part in parts if part]


def _start(share: Sequence[ZoneFiles], means: Means) -> tuple[Channel, int]:
    """Send for a member of the crew: the channel to it, and its process id."""
    ours, theirs = socket.socketpair()
    pid = fork("reader", lambda: Member(share, means, Channel(theirs)).run(), [theirs.fileno()])
    theirs.close()
    return Channel(ours), pid
