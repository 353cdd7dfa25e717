"""Answers to what no template answers: the rare, the faulty, and zones that are refused."""

from zoneserver.engine.respond import Transport
from zoneserver.image.images import Images
from zoneserver.image.lookup import Identity
from zoneserver.service.answering.access import ANYBODY, Access, Admitted
from zoneserver.service.answering.responder import Responder
from zoneserver.service.keeping.store import Served, open_image_file
from zoneserver.transfer.requests import Wanted


class Fallback:
    """Has `respond` answer from the zones that were published last."""

    def __init__(self, identity: Identity, access: Access = ANYBODY) -> None:
        self._identity = identity
        self._access = access
        self._prohibited = 0
        self._responder = Responder()
        self._images: Images | None = Images({})
        self._files: dict[str, memoryview] = {}
        self._served = Served()

    def counters(self) -> dict[str, int]:
        """Queries that we failed on, and such as were refused for where they came from."""
        return {"failures": self._responder.failures, "prohibited": self._prohibited}

    def publish(self, served: Served) -> None:
        """Answer from these zones from now on; they are opened when the first query comes."""
        self._served, self._images = served, None

    @property
    def images(self) -> Images:
        """The zones. Raises OSError or ImageError where they have not been opened before."""
        if self._images is None:
            # A file that is served still is the same: nobody writes to it.
            self._files = {
                path: self._files.get(path) or open_image_file(path)
                for path in self._served.files
            }
            self._images = Images.gather(
                list(self._files.values()),
                [origin.key for origin in self._served.gone],
                [origin.key for origin in self._served.refused],
            )
        return self._images

    def answer_stream(
        self, message: bytes, address: bytes, now: int, *, encrypted: bool = False
    ) -> bytes | Wanted | None:
        """The same over TCP or TLS, where the answer may be a zone."""
        return self.answer(message, address, now, stream=True, encrypted=encrypted)

    def answer(
        self, message: bytes, address: bytes, now: int, *, stream: bool, encrypted: bool = False
    ) -> bytes | None:
        """What is said to a message, or None for silence."""
        cookies = self._identity.cookies
        cookie = (lambda asked: cookies.reply(asked, address, now)) if cookies else None
        max_payload, nsid, _, keepalive = self._identity
        transport = Transport(stream, max_payload, nsid, cookie, keepalive, encrypted)
        if not self._access:
            return self._responder.answer(self.images, message, transport)
        zones = Admitted(self.images, self._access, address)
        answer = self._responder.answer(zones, message, transport)
        self._prohibited += zones.has_refused
        return answer
