"""What answers in a worker: one interface, and which engine stands behind it.

Both engines look answers up in zone images and leave what is rare to the `Fallback`, so the
zones that are served decide every answer, whichever engine runs.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from zoneserver.engine.respond import MAX_UDP_PAYLOAD
from zoneserver.errors import StartError
from zoneserver.image.lookup import Identity
from zoneserver.image.reader import ZoneImage
from zoneserver.service.answering import native
from zoneserver.service.answering.access import Access
from zoneserver.service.answering.hearing import Pass
from zoneserver.service.answering.native import NativeEngine
from zoneserver.service.answering.portable import PortableEngine
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.keeping.store import Served
from zoneserver.service.logs import log
from zoneserver.service.logs.observations import Observer
from zoneserver.service.observing.statistics import Document
from zoneserver.transfer import outgoing
from zoneserver.transfer.outgoing import Section
from zoneserver.transfer.requests import Wanted
from zoneserver.transfer.settings import TransferSettings
from zoneserver.transports.ledger import Ledger
from zoneserver.transports.limiter import RateLimits
from zoneserver.transports.listen import Sockets
from zoneserver.wire.cookies import SECRET_OCTETS, Cookies


class Engine(Protocol):
    """Answers from the zones that were published last."""

    def publish(self, served: Served) -> None:
        """Answer from these zones from now on. Raises OSError or ImageError."""

    def answer_stream(
        self, message: bytes, address: bytes, *, encrypted: bool = False
    ) -> bytes | Wanted | None:
        """The answer to a query over TCP or TLS, None for silence, or the zone it gets."""

    def take_statistics(self) -> Document:
        """What was asked and answered since this was taken last."""

    def observe(self, observer: Observer) -> None:
        """Show it what is answered over UDP; before `start`."""

    def hear(self, pass_on: Pass) -> None:
        """Heed NOTIFYs of primaries, and pass them on; before `start`."""

    def start(self, bound: Sequence[Sockets]) -> None:
        """Answer over UDP from now on, in the running event loop."""

    def stop(self) -> None:
        """Answer what has come over UDP, then no more."""

    def beats(self) -> int:
        """A number that grows as long as queries are being answered."""

    def counters(self) -> Mapping[str, int]:
        """What has been counted since the start, by name."""


# The sections of a zone. Raises ImageError, also later.
WriteWhole = Callable[[ZoneImage], Iterator[Section]]


class EngineKind(NamedTuple):
    """Which engine workers run, and what it is made of."""

    name: str
    make: Callable[[Identity, RateLimits, Ledger, Access, TransferSettings], Engine]
    identity: Identity
    limits: RateLimits
    ledger: Ledger
    access: Access
    transfers: TransferSettings

    def __call__(self) -> Engine:
        """An engine of a worker's own."""
        means = self.identity, self.limits, self.ledger
        return self.make(*means, self.access, self.transfers)


def choose_engine(settings: Settings) -> EngineKind:
    """The engine that the settings ask for. Raises StartError where that is of no use."""
    fault = native.find_fault()
    if settings.engine == "native" and fault:
        raise StartError(f"the native engine {fault}")
    proxies = settings.proxies if settings.proxies.prefixes else None
    if settings.engine == "native" and proxies:
        raise StartError("the native engine knows no PROXY headers: write `engine: portable`")
    # Made once, so that every worker takes the cookies of every other (RFC 9018 5).
    cookies = Cookies((secrets.token_bytes(SECRET_OCTETS),))
    keepalive = min(int(settings.tcp_limits.idle * 10), 0xFFFF)  # RFC 7828 3.1: of 100 ms
    identity = Identity(MAX_UDP_PAYLOAD, settings.nsid, cookies, keepalive)
    rights = settings.access, settings.transfers
    means = identity, settings.rate_limits, Ledger(), *rights
    if not fault and settings.engine != "portable" and not proxies:
        return EngineKind("native", NativeEngine, *means)
    if fault and settings.engine == "auto" and native.is_installed():
        text = f"the native engine {fault}; Python alone answers, which takes more time"
        log.warning("native-unusable", text, reason=fault)
    return EngineKind("portable", partial(PortableEngine, proxies=proxies), *means)


def choose_writer(settings: Settings) -> WriteWhole:
    """What writes zones for transfers: the compiled engine, where that is to be used."""
    is_wanted = settings.engine != "portable" and not settings.proxies.prefixes
    is_usable = is_wanted and not native.find_fault()
    return native.write_whole if is_usable else outgoing.write_whole
