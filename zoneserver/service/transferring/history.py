"""What became of a version of a zone, for whoever has it and asks for the difference."""

from collections.abc import Sequence
from pathlib import Path

from zoneserver.image.reader import ZoneImage
from zoneserver.names import Name
from zoneserver.service.answering.responder import Throttle
from zoneserver.service.disk.files import reason
from zoneserver.service.keeping.versions import read_stamp
from zoneserver.service.logs import log
from zoneserver.service.transferring.journals import Journals
from zoneserver.transfer.journal import Difference


class History:
    """The journals in a state directory, as they are read; without one nothing is known."""

    def __init__(self, state: Path | None) -> None:
        self._journals = Journals(state) if state else None
        self._throttle = Throttle()

    def find(self, origin: Name, image: ZoneImage, serial: int) -> Sequence[Difference]:
        """The differences from a serial of a zone to the version in an image.

        None: they are not known. There are never more than the zone is worth: a journal has no
        room for them. Raises ImageError.
        """
        version = read_stamp(image)
        if self._journals is None:
            return ()
        try:
            journal = self._journals.read(origin)
        except OSError as error:
            self._complain(f"the journal of {origin} cannot be read: {reason(error)}")
            return ()
        found = journal.since(serial, version)
        if not found and journal.damage:
            self._complain(f"the journal of {origin} is damaged: {journal.damage}")
        return found

    def _complain(self, text: str) -> None:
        if (more := self._throttle.take()) is not None:
            log.warning(
                "journal-unusable", f"{text}; secondaries are sent the whole zone{more}"
            )
