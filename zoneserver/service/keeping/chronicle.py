"""What becomes of versions that are replaced: noted for secondaries, before they hear of it."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from zoneserver.errors import ImageError, JournalError
from zoneserver.image.images import open_image
from zoneserver.names import Name
from zoneserver.service.answering.responder import Throttle
from zoneserver.service.disk.files import reason
from zoneserver.service.keeping.versions import Imaged
from zoneserver.service.logs import log
from zoneserver.service.transferring.journals import Journals, worth_of
from zoneserver.transfer.difference import find_difference
from zoneserver.transfer.journal import Stamp
from zoneserver.transfer.serial import is_newer
from zoneserver.transfer.settings import TransferSettings

MOST_SECONDS = 2.0  # for journals of many zones; all that is new waits for them


class _Change(NamedTuple):
    """A version, the one in its place, and what tells them apart."""

    old: Imaged
    new: Imaged
    before: Stamp
    after: Stamp


class Chronicle:
    """Keeps the journals of the zones that some rule lets anybody take.

    What cannot be noted costs secondaries a transfer of the whole zone, and nobody an answer.
    """

    def __init__(self, journals: Journals | None, settings: TransferSettings) -> None:
        """Without journals nothing is noted."""
        self._journals = journals
        self._settings = settings
        self._ending: dict[Name, int] = {}  # the last serials of what is to be forgotten
        self._throttle = Throttle()

    def covers(self, origin: Name) -> bool:
        """Whether a zone may have secondaries."""
        return self._settings.may_send(origin)

    def note(
        self, replaced: Iterable[tuple[Imaged, Imaged]], gone: Iterable[Imaged] = ()
    ) -> None:
        """Note what became of versions, each beside the one in its place, and what goes."""
        if self._journals is None:
            return
        rising: list[_Change] = []
        for change in self._changes(replaced):
            if is_newer(change.after.serial, change.before.serial):
                rising.append(change)
            else:
                self._ending[change.old.origin] = change.before.serial
        for old in filter(lambda old: self.covers(old.origin), gone):
            with self._complaining(old.origin):
                self._ending[old.origin] = open_image(old.place).serial
        deadline = time.monotonic() + MOST_SECONDS
        for origin in list(self._ending):  # what is left of it when time is up, comes next time
            with self._complaining(origin):
                self._end(self._journals, origin)
            if time.monotonic() > deadline:
                return
        # A large zone gains the most. Of what is not noted any more, all is sent.
        for each in sorted(rising, key=lambda each: each.new.place.length, reverse=True):
            with self._complaining(each.new.origin):
                self._add(self._journals, each)
            if time.monotonic() > deadline:
                return

    def _changes(self, replaced: Iterable[tuple[Imaged, Imaged]]) -> list[_Change]:
        """Those that secondaries have to hear of."""
        changes: list[_Change] = []
        for old, new in filter(lambda pair: self.covers(pair[1].origin), replaced):
            with self._complaining(new.origin):
                before, after = old.stamp, new.stamp
                if before != after:
                    changes.append(_Change(old, new, before, after))
        return changes

    def _end(self, journals: Journals, origin: Name) -> None:
        journals.end(origin, self._ending[origin])
        del self._ending[origin]

    def _add(self, journals: Journals, change: _Change) -> None:
        origin = change.new.origin
        if origin in self._ending:
            return  # that could not be written: nothing may follow on it
        old, new = open_image(change.old.place), open_image(change.new.place)
        most = min(self._settings.journal_octets, worth_of(new))
        found = find_difference(old, new, (change.before, change.after), most)
        if found and (damage := journals.add(found, origin, most)):
            self._say("journal-damaged", f"the journal of {origin} begins anew: {damage}")

    @contextmanager
    def _complaining(self, origin: Name) -> Iterator[None]:
        """Whatever cannot be done for a zone, is said and not done."""
        try:
            yield
        except OSError as error:
            text = f"the journal of {origin} cannot be written: {reason(error)}"
        except (ImageError, JournalError) as error:
            text = f"the journal of {origin} cannot be continued: {error}"
        else:
            return
        self._say("journal-unwritable", f"{text}; secondaries are sent the whole zone")

    def _say(self, event: str, text: str) -> None:
        if (more := self._throttle.take()) is not None:
            log.warning(event, f"{text}{more}")
