"""The portable engine: answers in Python alone, one event loop for all sockets."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from zoneserver.image.images import Images
from zoneserver.image.lookup import Identity, Reply, look_up
from zoneserver.image.template import ERROR_KIND
from zoneserver.service.fallback import Fallback
from zoneserver.service.store import Served
from zoneserver.transports.limiter import LimiterCounters, RateLimiter, RateLimits, Verdict
from zoneserver.transports.listen import Sockets
from zoneserver.transports.udp import UdpCounters, UdpServer
from zoneserver.wire import message as m
from zoneserver.wire.shorten import shorten

CACHED_ANSWERS = 16_384
CACHED_OCTETS = 512  # longest message, and longest answer, that is kept
_NO_ERROR = frozenset({m.NOERROR, m.NXDOMAIN, m.YXDOMAIN})


class PortableEngine:
    """Looks answers up, and keeps those that are the same for every asker."""

    def __init__(self, identity: Identity, limits: RateLimits) -> None:
        self._identity = identity
        self._fallback = Fallback(identity)
        self._images = Images({})
        self._udp_counters = UdpCounters()
        self._limiter_counters = LimiterCounters()
        self._limiter = RateLimiter(limits, self._limiter_counters)
        self._udp: list[UdpServer] = []
        # Whole messages behind their id, and what follows the id in their answers.
        self._cache: dict[bytes, Reply] = {}
        self._answered = 0

    def publish(self, served: Served) -> None:
        """Answer from these zones from now on. Raises OSError or ImageError."""
        self._fallback.publish(served)
        self._images = self._fallback.images
        self._cache.clear()

    def start(self, bound: Sequence[Sockets]) -> None:
        """Answer over UDP from now on, in the running event loop."""
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
            "failures": self._fallback.failures,
        }

    def answer_stream(self, message: bytes, address: bytes) -> bytes | None:
        """The answer to a query over TCP, or None for silence."""
        now = int(time.time())
        reply = look_up(
            self._images, message, self._identity, stream=True, address=address, now=now
        )
        if reply is not None:
            return reply.octets
        return self._fallback.answer(message, address, now, stream=True)

    def _answer_datagram(self, message: bytes, address: bytes) -> bytes | None:
        known = self._cache.get(message[2:])
        if known is not None:
            reply = known._replace(octets=message[:2] + known.octets)
        elif (found := self._find(message, address)) is not None:
            reply = found
        else:
            return None
        self._answered += 1
        if self._limiter.is_exempt(address):
            return reply.octets
        return self._limit(address, reply)

    def _find(self, message: bytes, address: bytes) -> Reply | None:
        """The answer to a datagram, which is kept if it is the same for every asker."""
        now = int(time.time())
        reply = look_up(
            self._images, message, self._identity, stream=False, address=address, now=now
        )
        if reply is None:
            answer = self._fallback.answer(message, address, now, stream=False)
            if answer is None:
                return None
            return Reply(answer, 0 if answer[3] & 0x0F in _NO_ERROR else ERROR_KIND, 0)
        if reply.cookie is None and max(len(message), len(reply.octets)) <= CACHED_OCTETS:
            if len(self._cache) == CACHED_ANSWERS:
                self._cache.clear()
            self._cache[message[2:]] = reply._replace(octets=reply.octets[2:])
        return reply

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
