"""Serials that we choose: they rise when, and only when, the content of a zone changes.

What was served last is kept in the state directory, so that a serial never goes back over
a restart. A state that cannot be read or written costs that memory, not the service.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from zoneserver.errors import ZoneserverError
from zoneserver.findings import Finding, Level, make_finding
from zoneserver.names import Name
from zoneserver.records.rdata import SOA
from zoneserver.records.rrset import Record
from zoneserver.service.disk.files import replace_file
from zoneserver.transfer.serial import SERIALS, is_newer
from zoneserver.zonefile.source import ZoneSource

FILE = "serials"
MOST_LINES = 1000  # beside one for each zone, after which the file is written anew
_TOO_MANY = 1 << 62


class StateError(ZoneserverError):
    """The state directory could not be read or written; the text says why."""


class Served(NamedTuple):
    """The version of a zone that was served last: its serial and what it held."""

    serial: int
    digest: str


def next_serial(last: int, now: int) -> int:
    """The serial after `last`: the time in seconds, or one more where that is no rise."""
    return now % SERIALS if is_newer(now % SERIALS, last) else (last + 1) % SERIALS


def digest(source: ZoneSource) -> str:
    """What tells two contents of a zone apart, whatever their serials and their order."""
    lines = sorted(
        b"%b %d %d %b" % (record.owner.wire, record.rtype, record.ttl, _octets(record))
        for record in source.records
    )
    lines.append(source.signed.encode())
    lines += [b"ZONEMD"] * (source.zonemd is not None)
    return hashlib.sha256(b"".join(b"%d %b" % (len(line), line) for line in lines)).hexdigest()


def _octets(record: Record) -> bytes:
    rdata = record.rdata
    return replace(rdata, serial=0).wire if isinstance(rdata, SOA) else rdata.wire


class Serials:
    """The versions served last, by origin; in memory alone where `folder` is None."""

    def __init__(self, folder: Path | None, served: Mapping[str, Served] | None = None) -> None:
        self._folder = folder
        self._served = dict(served or {})
        self._offered: dict[str, Served] = {}
        self._unwritten: dict[str, Served] = {}
        self._lines = 0  # in the file

    @classmethod
    def anew(cls, folder: Path) -> "Serials":
        """None are remembered; a file that is there is replaced."""
        serials = cls(folder)
        serials._lines = _TOO_MANY
        return serials

    @classmethod
    def load(cls, folder: Path) -> "Serials":
        """Read the state directory; an absent file is an empty one. Raises StateError."""
        try:
            text = (folder / FILE).read_text("ascii")
        except FileNotFoundError:
            return cls(folder)
        except OSError as error:
            raise StateError(f"{folder / FILE} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise StateError(f"{folder / FILE} is damaged: {error}") from error
        # A line without its end is one that a crash has kept from being written.
        lines = text.split("\n")[:-1]
        try:
            serials = cls(folder, dict(map(_read_line, lines)))
        except ValueError as error:
            raise StateError(f"{folder / FILE} is damaged: {error}") from error
        serials._lines = len(lines) if text.endswith("\n") else _TOO_MANY
        return serials

    def number(self, source: ZoneSource, now: float, *, must_rise: bool = False) -> ZoneSource:
        """The source with a serial that is chosen here, if it leaves that to us.

        A serial of its author's stays. If it did not rise although the content changed,
        there is a finding, which blocks the zone where the serial `must_rise`.
        """
        soa = next((each for each in source.records if isinstance(each.rdata, SOA)), None)
        if soa is None or not isinstance(soa.rdata, SOA):
            return source
        key, content = _key(source.origin), digest(source)
        serial, last = soa.rdata.serial, self._served.get(key)
        is_changed = last is not None and last.digest != content
        if source.auto_serial:
            if last is None:
                serial = int(now) % SERIALS
            else:
                serial = next_serial(last.serial, int(now)) if is_changed else last.serial
            source = source.with_serial(serial)
        elif source.kind.is_foreign:
            pass  # as its owner has it; should the zone become ours, it rises from there
        elif last is not None and is_changed and not is_newer(serial, last.serial):
            finding = _stale_serial(source, soa, last.serial, must_rise=must_rise)
            source = replace(source, findings=(*source.findings, finding))
        self.offer(source.origin, Served(serial, content))
        return source

    def offer(self, origin: Name, version: Served) -> None:
        """Note a version that was numbered, and may come to be served."""
        self._offered[_key(origin)] = version

    def offered(self, origin: Name) -> Served | None:
        """The version of a zone that was numbered last, and is not served yet."""
        return self._offered.get(_key(origin))

    def keep(self, origins: Iterable[Name]) -> None:
        """Remember the versions numbered last of these zones: they are to be served now.

        Raises StateError when they could not be written; they are kept in memory then, and
        written with the next ones.
        """
        offered, self._offered = self._offered, {}
        keys = {_key(origin) for origin in origins}
        news = {
            key: each
            for key, each in offered.items()
            if key in keys and each != self._served.get(key)
        }
        self._served.update(news)
        self._unwritten |= news
        if self._folder is None or not self._unwritten:
            return
        try:
            self._write(self._unwritten)
            self._unwritten = {}
        except OSError as error:
            self._lines = _TOO_MANY  # there may be half a line at its end
            path = self._folder / FILE
            raise StateError(f"{path} cannot be written: {error.strerror}") from error

    def _write(self, news: Mapping[str, Served]) -> None:
        """Append what is new; where the file has got long, write what counts of it anew."""
        assert self._folder is not None
        path = self._folder / FILE
        lines = self._lines + len(news)
        if path.exists() and lines <= len(self._served) + MOST_LINES:
            with path.open("a", encoding="ascii") as file:
                file.writelines(_lines(news))
                file.flush()
                os.fsync(file.fileno())
        else:
            replace_file(path, "".join(_lines(self._served)))
            lines = len(self._served)
        self._lines = lines


def _key(origin: Name) -> str:
    return str(Name(origin.key))


def _lines(served: Mapping[str, Served]) -> Iterator[str]:
    """One line for each zone: its origin, its serial, and the digest of its content."""
    return (f"{key} {each.serial} {each.digest}\n" for key, each in served.items())


def _read_line(line: str) -> tuple[str, Served]:
    key, serial, content = line.split(" ")
    if not (serial.isdecimal() and int(serial) < SERIALS and content.isalnum()):
        raise ValueError(f"{line[:80]!r} is no origin, serial and digest")
    return key, Served(int(serial), content)


def _stale_serial(source: ZoneSource, soa: Record, last: int, *, must_rise: bool) -> Finding:
    force = f"; to serve it all the same: zoneserver reload --force {source.origin}"
    return make_finding(
        "NS016",
        soa.mark,
        f"the content changed, but the serial did not rise above {last}: secondary servers"
        " keep what they have",
        f"write {(last + 1) % SERIALS}, or leave the serial out: it then rises by itself"
        + force * must_rise,
        level=Level.ERROR if must_rise else None,
        origin=source.origin,
        owner=source.origin,
    )
