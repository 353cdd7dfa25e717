"""The native engine: a loop of its own for UDP, which leaves the rare to the event loop."""

import asyncio
import importlib
import importlib.util
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import starmap

from zoneserver.engine.respond import NO_SUCH_ZONE
from zoneserver.errors import ImageError
from zoneserver.image import format as f
from zoneserver.image.lookup import Identity
from zoneserver.image.reader import ZoneImage
from zoneserver.service.answering.access import ANYBODY, Access
from zoneserver.service.answering.fallback import Fallback
from zoneserver.service.answering.hearing import Pass
from zoneserver.service.keeping.store import Served
from zoneserver.service.logs.observations import Observer
from zoneserver.service.observing.statistics import Document, make_document
from zoneserver.transfer import outgoing
from zoneserver.transfer.outgoing import COPIED_OCTETS, Section, find_place, read_soa
from zoneserver.transfer.requests import Wanted
from zoneserver.transfer.settings import NO_TRANSFERS, TransferSettings
from zoneserver.transports.ledger import Ledger
from zoneserver.transports.limiter import RateLimits
from zoneserver.transports.listen import Sockets
from zoneserver.wire.encode import encode_extended_error

_EXTENSION = "zoneserver._fastpath"  # need not be installed
PER_TURN = 64  # queries handed over that are answered before TCP gets its turn


def is_installed() -> bool:
    """Whether there is a compiled extension, of use or not."""
    return importlib.util.find_spec(_EXTENSION) is not None


def find_fault() -> str:
    """Why the compiled extension is of no use, behind the words "the native engine"."""
    if not is_installed():
        return "is not installed: it needs Rust when pip installs"
    try:
        extension = importlib.import_module(_EXTENSION)
    except ImportError as error:
        return f"cannot be loaded: {error}"
    if getattr(extension, "IMAGE_VERSION", None) != f.VERSION:
        return "is of another version than the rest: install zoneserver again, with Rust"
    return ""


def write_whole(image: ZoneImage) -> Iterator[Section]:
    """The sections with all records of a zone, as `transfer.outgoing` has them.

    Raises ImageError.
    """
    from zoneserver._fastpath import write_sections  # noqa: PLC0415 - as below

    if image.rrset_octets > COPIED_OCTETS:
        return outgoing.write_whole(image)
    octets = bytes(image.octets[image.rrsets_at :][: image.rrset_octets])
    place = find_place(read_soa(image)[0])
    try:
        return starmap(Section, write_sections(octets, image.names, *place))
    except ValueError as error:
        raise ImageError(str(error)) from error


class NativeEngine:
    """Drives the compiled extension, and answers what that hands over."""

    def __init__(
        self,
        identity: Identity,
        limits: RateLimits,
        ledger: Ledger,
        access: Access = ANYBODY,
        transfers: TransferSettings = NO_TRANSFERS,
    ) -> None:
        from zoneserver._fastpath import Engine  # noqa: PLC0415 - it need not be installed

        self._fallback = Fallback(identity, access, transfers)
        self._engine = Engine(
            max_payload=identity.max_payload,
            nsid=identity.nsid,
            refused_option=encode_extended_error(NO_SUCH_ZONE),
            secrets=identity.cookies.secrets if identity.cookies else (),
            rate=limits.rate,
            slip=limits.slip,
            errors=limits.errors,
            log_only=limits.log_only,
            exempt=limits.exempt.prefixes,
            keepalive=identity.keepalive,
            ledger=ledger.memory,
            allowed_everywhere=access.everywhere.prefixes if access.everywhere else None,
            allowed=list(access.rules()),
        )
        self._wake = -1

    def publish(self, served: Served) -> None:
        """Answer from these zones from now on. Raises OSError or ImageError."""
        try:
            self._engine.publish(
                served.files,
                [origin.key for origin in served.gone],
                [origin.key for origin in served.refused],
            )
        except ValueError as error:
            raise ImageError(str(error)) from error
        self._fallback.publish(served)

    def observe(self, observer: Observer) -> None:
        """Show it what is answered over UDP; before `start`."""
        self._engine.observe(observer.end.fileno(), observer.every)

    def hear(self, pass_on: Pass) -> None:
        """Heed NOTIFYs of primaries, and pass them on; before `start`."""
        self._fallback.hear(pass_on)

    def start(self, bound: Sequence[Sockets]) -> None:
        """Answer over UDP from now on; what is handed over, in the running event loop."""
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        asyncio.get_running_loop().add_reader(self._wake, self._take_turn)
        self._engine.serve([sockets.udp.fileno() for sockets in bound], self._wake)

    def stop(self) -> None:
        """Answer what has come over UDP, then no more."""
        self._engine.stop()
        self._answer_some()
        asyncio.get_running_loop().remove_reader(self._wake)
        os.close(self._wake)

    def beats(self) -> int:
        """A number that grows as long as every loop runs."""
        return self._engine.beats()

    def counters(self) -> Mapping[str, int]:
        """What has been counted since the start, by name."""
        return {**self._engine.counters(), **self._fallback.counters()}

    def take_statistics(self) -> Document:
        """What was asked and answered since this was taken last."""
        engine = self._engine
        return make_document(engine.take_queries(), engine.take_mail(), engine.take_latency())

    def answer_stream(
        self, message: bytes, address: bytes, *, encrypted: bool = False
    ) -> bytes | Wanted | None:
        """The answer to a query over TCP or TLS, None for silence, or the zone it gets."""
        now = int(time.time())
        answer: bytes | Wanted | None = self._engine.answer(
            message, True, address, now, encrypted
        )
        if answer is None:
            answer = self._fallback.answer_stream(message, address, now, encrypted=encrypted)
            if isinstance(answer, bytes) and answer:
                self._engine.count(message, answer, encrypted)
        return answer or None

    def _take_turn(self) -> None:
        os.eventfd_read(self._wake)
        self._go_on()

    def _go_on(self) -> None:
        """Answer what is waiting, a few at a time."""
        if self._answer_some() == PER_TURN:
            asyncio.get_running_loop().call_soon(self._go_on)

    def _answer_some(self) -> int:
        now, handed_over = int(time.time()), self._engine.take(PER_TURN)
        for query in handed_over:
            answer = self._fallback.answer(query.message, query.address, now, stream=False)
            if answer is not None:
                query.send(answer)
        return len(handed_over)
