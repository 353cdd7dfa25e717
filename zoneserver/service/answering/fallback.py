"""Answers to what no template answers: the rare, the faulty, and zones that are refused."""

from dataclasses import replace
from functools import partial

from zoneserver.engine.respond import Transport
from zoneserver.errors import MessageError
from zoneserver.image.images import Images
from zoneserver.image.lookup import Identity
from zoneserver.names import Name
from zoneserver.service.answering.access import ANYBODY, Access, Admitted
from zoneserver.service.answering.hearing import Hearing, Pass
from zoneserver.service.answering.responder import Responder
from zoneserver.service.keeping.store import Served, open_image_file
from zoneserver.transfer.notify import Primaries
from zoneserver.transfer.requests import Wanted, find_wanted
from zoneserver.transfer.settings import NO_TRANSFERS, TransferSettings
from zoneserver.transfer.signing import answer_signed
from zoneserver.transfer.tsig import Request, judge_request


class Fallback:
    """Has `respond` answer from the zones that were published last."""

    def __init__(
        self,
        identity: Identity,
        access: Access = ANYBODY,
        transfers: TransferSettings = NO_TRANSFERS,
    ) -> None:
        self._identity = identity
        self._access = access
        self._transfers = transfers
        self._prohibited = 0
        self._responder = Responder()
        self._hearing = Hearing(Primaries(), lambda *_: False)
        self._images, self._is_gathered = Images({}), True
        self._files: dict[str, memoryview] = {}
        self._served = Served()

    def counters(self) -> dict[str, int]:
        """Queries that we failed on, such as were refused for where they came from, NOTIFYs."""
        counters = {"failures": self._responder.failures, "prohibited": self._prohibited}
        return counters | self._hearing.counters

    def hear(self, pass_on: Pass) -> None:
        """Heed the NOTIFYs of primaries from now on, and pass them on."""
        self._hearing = Hearing(Primaries.of(self._transfers), pass_on)

    def publish(self, served: Served) -> None:
        """Answer from these zones from now on; they are opened when the first query comes."""
        self._served, self._is_gathered = served, False

    @property
    def images(self) -> Images:
        """The zones. Raises OSError or ImageError where they have not been opened before."""
        if not self._is_gathered:
            # A file that is served still is the same: nobody writes to it.
            self._files = {
                path: self._files.get(path) or open_image_file(path)
                for path in self._served.files
            }
            self._images = self._images.replaced(
                list(self._files.values()),
                [origin.key for origin in self._served.gone],
                [origin.key for origin in self._served.refused],
            )
            self._is_gathered = True
        return self._images

    def answer_stream(
        self, message: bytes, address: bytes, now: int, *, encrypted: bool = False
    ) -> bytes | Wanted | None:
        """What is said to a message over TCP or TLS, None for silence, or the zone it gets."""
        if (said := self._hearing.spare(message, address, now)) is not None:
            return said or None
        request = self._judge(message, now)
        plain = request.message if request else message
        wanted = find_wanted(plain, request, address, self._transfers, self.images)
        if wanted is not None:
            return wanted
        transport = self._make_transport(address, now, stream=True, encrypted=encrypted)
        return self._answer(message, request, address, transport, now)

    def answer(
        self, message: bytes, address: bytes, now: int, *, stream: bool, encrypted: bool = False
    ) -> bytes | None:
        """What is said to a message that gets no zone, or None for silence."""
        if (said := self._hearing.spare(message, address, now)) is not None:
            return said or None
        transport = self._make_transport(address, now, stream=stream, encrypted=encrypted)
        return self._answer(message, self._judge(message, now), address, transport, now)

    def _make_transport(
        self, address: bytes, now: int, *, stream: bool, encrypted: bool
    ) -> Transport:
        cookies = self._identity.cookies
        cookie = (lambda asked: cookies.reply(asked, address, now)) if cookies else None
        max_payload, nsid, _, keepalive = self._identity
        return Transport(stream, max_payload, nsid, cookie, keepalive, encrypted)

    def _judge(self, message: bytes, now: int) -> Request | None:
        """What there is to say of a signature; None: there is none."""
        try:
            return judge_request(message, self._transfers.keyring, now)
        except MessageError:
            return None  # it is answered as what it is

    def _answer(
        self,
        message: bytes,
        request: Request | None,
        address: bytes,
        transport: Transport,
        now: int,
    ) -> bytes | None:
        key = request.key.name if request and request.key else None
        permits = partial(self._transfers.permits, address=address, key=key)
        transport = replace(transport, may_transfer=permits)
        respond = partial(self._respond, address=address, key=key)
        if request is None:
            return respond(message, transport)
        return answer_signed(request, transport, now, respond)

    def _respond(
        self, message: bytes, transport: Transport, *, address: bytes, key: Name | None
    ) -> bytes | None:
        """What is said to a message that was signed with a key, or not at all."""
        heard = self._hearing.answer(self.images, message, address, key, transport)
        if heard is not None:
            return heard
        if not self._access:
            return self._responder.answer(self.images, message, transport)
        zones = Admitted(self.images, self._access, address)
        answer = self._responder.answer(zones, message, transport)
        self._prohibited += zones.has_refused
        return answer
