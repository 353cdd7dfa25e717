"""What answers in a worker: one interface, and the portable engine behind it.

Both engines look answers up in zone images and leave what is rare to the `Responder`, so the
zones that are served decide every answer, whichever engine runs.
"""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import NamedTuple, Protocol

from zoneserver.engine.respond import MAX_UDP_PAYLOAD, Transport
from zoneserver.image.images import Images
from zoneserver.image.lookup import Identity, Reply, look_up
from zoneserver.image.template import ERROR_KIND
from zoneserver.service.responder import Responder
from zoneserver.service.settings import Settings
from zoneserver.service.store import Served, open_image_file
from zoneserver.transports.limiter import LimiterCounters, RateLimiter, RateLimits, Verdict
from zoneserver.transports.listen import Sockets
from zoneserver.transports.udp import UdpCounters, UdpServer
from zoneserver.wire import message as m
from zoneserver.wire.cookies import SECRET_OCTETS, Cookies
from zoneserver.wire.shorten import shorten

CACHED_ANSWERS = 16_384
CACHED_OCTETS = 512  # longest message, and longest answer, that is kept
_NO_ERROR = frozenset({m.NOERROR, m.NXDOMAIN, m.YXDOMAIN})


class Engine(Protocol):
    """Answers from the zones that were published last."""

    name: str

    def publish(self, served: Served) -> None:
        """Answer from these zones from now on. Raises OSError or ImageError."""

    def answer_stream(self, message: bytes, address: bytes) -> bytes | None:
        """The answer to a query over TCP, or None for silence."""

    def start(self, bound: Sequence[Sockets]) -> None:
        """Answer over UDP from now on, in the running event loop."""

    def stop(self) -> None:
        """Answer what has come over UDP, then no more."""

    def beats(self) -> int:
        """A number that grows as long as queries are being answered."""

    def counters(self) -> Mapping[str, int]:
        """What has been counted since the start, by name."""


class MakeEngine(NamedTuple):
    """The kind of engine that workers run, and how one is made."""

    name: str
    make: Callable[[Identity, RateLimits], Engine]
    identity: Identity
    limits: RateLimits

    def __call__(self) -> Engine:
        """An engine of a worker's own."""
        return self.make(self.identity, self.limits)


def choose_engine(settings: Settings) -> MakeEngine:
    """The engine that the settings ask for. Raises StartError where it is not installed."""
    cookies = Cookies((secrets.token_bytes(SECRET_OCTETS),))
    identity = Identity(MAX_UDP_PAYLOAD, settings.nsid, cookies)
    return MakeEngine("portable", PortableEngine, identity, RateLimits())


class PortableEngine:
    """Answers in Python alone, one event loop for all sockets."""

    name = "portable"

    def __init__(self, identity: Identity, limits: RateLimits) -> None:
        self._identity = identity
        self._images = Images({})
        self._responder = Responder()
        self._udp_counters = UdpCounters()
        self._limiter_counters = LimiterCounters()
        self._limiter = RateLimiter(limits, self._limiter_counters)
        self._udp: list[UdpServer] = []
        # Whole messages behind their id, and what followed the id in their answers.
        self._cache: dict[bytes, Reply] = {}
        self._answered = 0

    def publish(self, served: Served) -> None:
        """Answer from these zones from now on. Raises OSError or ImageError."""
        self._images = open_images(served)
        self._cache.clear()

    def start(self, bound: Sequence[Sockets]) -> None:
        """Answer over UDP from now on."""
        for sockets in bound:
            udp = UdpServer(sockets.udp, self._answer_datagram, self._udp_counters)
            udp.start()
            self._udp.append(udp)

    def stop(self) -> None:
        """Answer what has come over UDP, then no more."""
        for udp in self._udp:
            udp.stop()

    def beats(self) -> int:
        """The event loop that beats for the worker is the one that answers."""
        return time.monotonic_ns()

    def counters(self) -> Mapping[str, int]:
        """What has been counted since the start, by name."""
        return {
            **asdict(self._udp_counters),
            **asdict(self._limiter_counters),
            "answered": self._answered,
            "failures": self._responder.failures,
        }

    def answer_stream(self, message: bytes, address: bytes) -> bytes | None:
        """The answer to a query over TCP, or None for silence."""
        reply = self._find(message, address, stream=True)
        return None if reply is None else reply.octets

    def _answer_datagram(self, message: bytes, address: bytes) -> bytes | None:
        known = self._cache.get(message[2:])
        if known is not None:
            reply = known._replace(octets=message[:2] + known.octets)
        elif (found := self._find(message, address, stream=False)) is not None:
            reply = found
        else:
            return None
        self._answered += 1
        if self._limiter.is_exempt(address):
            return reply.octets
        return self._limit(address, reply)

    def _find(self, message: bytes, address: bytes, *, stream: bool) -> Reply | None:
        """The answer to a message; it is kept if it is the same for every asker."""
        now = int(time.time())
        reply = look_up(
            self._images, message, self._identity, stream=stream, address=address, now=now
        )
        if reply is None:
            return self._respond(message, address, now, stream=stream)
        if not (stream or reply.cookie or len(message) > CACHED_OCTETS):
            if len(self._cache) == CACHED_ANSWERS:
                self._cache.clear()
            if len(reply.octets) <= CACHED_OCTETS:
                self._cache[message[2:]] = reply._replace(octets=reply.octets[2:])
        return reply

    def _respond(
        self, message: bytes, address: bytes, now: int, *, stream: bool
    ) -> Reply | None:
        """The answer that no template has."""
        cookies = self._identity.cookies
        cookie = (lambda asked: cookies.reply(asked, address, now)) if cookies else None
        transport = Transport(stream, self._identity.max_payload, self._identity.nsid, cookie)
        answer = self._responder.answer(self._images, message, transport)
        if answer is None:
            return None
        return Reply(answer, 0 if answer[3] & 0x0F in _NO_ERROR else ERROR_KIND, 0)

    def _limit(self, address: bytes, reply: Reply) -> bytes | None:
        """The answer as rate limiting lets it go out, or None."""
        second = int(time.monotonic())
        octets, cookies = reply.octets, self._identity.cookies
        if reply.kind == ERROR_KIND and self._limiter.judge_error(second) is Verdict.DROP:
            return None
        if (
            reply.cookie
            and cookies
            and cookies.is_valid(reply.cookie, address, int(time.time()))
        ):
            return octets
        verdict = self._limiter.judge(address, reply.kind, reply.account, second)
        if verdict is Verdict.SLIP and reply.kind != ERROR_KIND:
            return shorten(octets, reply.opt, bad_cookie=reply.cookie is not None)
        return octets if verdict is Verdict.SEND else None


def open_images(served: Served) -> Images:
    """The images of what is served, mapped. Raises OSError or ImageError."""
    return Images.gather(
        [open_image_file(path) for path in served.files],
        [origin.key for origin in served.gone],
        [origin.key for origin in served.refused],
    )
