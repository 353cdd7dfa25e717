"""The portable engine: answers in Python alone, one event loop for all sockets."""

import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict
from functools import partial

from zoneserver.image.answers import Answers, Found
from zoneserver.image.images import Images
from zoneserver.image.lookup import Charge, Identity, look_up
from zoneserver.image.statistics import Cell, Statistics
from zoneserver.image.template import ERROR_KIND
from zoneserver.service.answering.access import ANYBODY, Access, AdmittedPlaces
from zoneserver.service.answering.fallback import Fallback
from zoneserver.service.answering.hearing import Pass
from zoneserver.service.keeping.store import Served
from zoneserver.service.logs.observations import Observer, Party
from zoneserver.service.logs.observations import Verdict as Seen
from zoneserver.service.logs.witness import Witness
from zoneserver.service.observing.statistics import Document, write_statistics
from zoneserver.transfer.requests import Wanted
from zoneserver.transfer.settings import NO_TRANSFERS, TransferSettings
from zoneserver.transports.endpoint import pack_address
from zoneserver.transports.latency import Latency
from zoneserver.transports.ledger import Ledger
from zoneserver.transports.limiter import LimiterCounters, RateLimiter, RateLimits, Verdict
from zoneserver.transports.listen import Sockets
from zoneserver.transports.udp import UdpCounters, UdpServer
from zoneserver.wire import message as m
from zoneserver.wire.shorten import shorten

ANSWERS_PER_TURN = 16  # over streams, before UDP gets a turn
_NO_ID = bytes(2)  # stands for the id of a query where we do not have it
_NO_ERROR = frozenset({m.NOERROR, m.NXDOMAIN, m.YXDOMAIN})


class PortableEngine:
    """Has `Answers` find what is common, `look_up` the rest, and `Fallback` what is rare."""

    def __init__(
        self,
        identity: Identity,
        limits: RateLimits,
        ledger: Ledger,
        access: Access = ANYBODY,
        transfers: TransferSettings = NO_TRANSFERS,
        *,
        proxies: Container[bytes] | None = None,
    ) -> None:
        """Datagrams from `proxies` begin with a PROXY header."""
        self._identity = identity
        self._access = access
        self._proxies = proxies
        self._fallback = Fallback(identity, access, transfers)
        self._images = Images({})
        self._statistics, self._latency = Statistics(), Latency()
        self._answers = Answers(self._images, identity, self._statistics)
        self._stream_answers = Answers(self._images, identity, self._statistics, stream=True)
        self._udp_counters = UdpCounters()
        self._limiter_counters = LimiterCounters()
        self._limiter = RateLimiter(limits, self._limiter_counters, ledger)
        self._udp: list[UdpServer] = []
        self._streamed = 0
        self._witness: Witness | None = None

    def publish(self, served: Served) -> None:
        """Answer from these zones from now on. Raises OSError or ImageError."""
        self._fallback.publish(served)
        self._images = self._fallback.images
        open_to_all = self._access.leave_out(self._images)
        means = open_to_all, self._identity, self._statistics
        self._answers, self._stream_answers = Answers(*means), Answers(*means, stream=True)

    def observe(self, observer: Observer) -> None:
        """Show it what is answered over UDP; before `start`."""
        self._witness = Witness(observer, self._identity.cookies, self._answer_datagram)

    def hear(self, pass_on: Pass) -> None:
        """Heed NOTIFYs of primaries, and pass them on; before `start`."""
        self._fallback.hear(pass_on)

    def start(self, bound: Sequence[Sockets]) -> None:
        """Answer over UDP from now on, in the running event loop."""
        witness = self._witness
        for sockets in bound:
            endpoint = sockets.endpoint
            server = Party(pack_address(endpoint.address), endpoint.port)
            udp = UdpServer(
                sockets.udp,
                witness.answer if witness else self._answer_datagram,
                self._udp_counters,
                self._latency,
                proxies=self._proxies,
                show=partial(witness.show, server) if witness else None,
            )
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
            **self._fallback.counters(),
        }

    def take_statistics(self) -> Document:
        """What was asked and answered since this was taken last."""
        return write_statistics(self._statistics.take(), self._latency)

    def answer_stream(
        self, message: bytes, address: bytes, *, encrypted: bool = False
    ) -> bytes | Wanted | None:
        """The answer to a query over TCP or TLS, None for silence, or the zone it gets."""
        self._streamed += 1
        if self._streamed % ANSWERS_PER_TURN == 0:  # however busy connections are
            for udp in self._udp:
                udp.take_turn()
        found = None if encrypted else self._stream_answers.find(message[len(_NO_ID) :])
        if found is not None:
            octets, _, cell = found
            cell[0] += 1
            return message[: len(_NO_ID)] + octets
        answer = self._answer_stream(message, address, encrypted=encrypted)
        if isinstance(answer, bytes):
            transport = "tls" if encrypted else "tcp"
            self._statistics.cell(self._images, message, answer, transport)[0] += 1
        return answer

    def _answer_stream(
        self, message: bytes, address: bytes, *, encrypted: bool
    ) -> bytes | Wanted | None:
        now = int(time.time())
        reply = look_up(
            Images(self._admit(address)) if self._access else self._images,
            message,
            self._identity,
            stream=True,
            address=address,
            now=now,
            encrypted=encrypted,
        )
        if reply is not None:
            return reply.octets
        return self._fallback.answer_stream(message, address, now, encrypted=encrypted)

    def _answer_datagram(self, message: bytes, address: bytes) -> bytes | None:
        """What follows the id in the answer to what follows the id of a message.

        Of all that is called for a query over UDP only this, `Answers.find` and
        `RateLimiter.is_exempt` are called for each one.
        """
        found = self._answers.find(message) or self._look_up(message, address)
        if found is None:
            return None
        octets, charge, cell = found
        if not self._limiter.is_exempt(address):
            limited = self._limit(address, octets, charge)
            if limited is None:
                return None
            if limited is not octets:
                octets, cell = limited, self._find_cell(_NO_ID + message, _NO_ID + limited)
        cell[0] += 1
        return octets

    def _look_up(self, message: bytes, address: bytes) -> Found | None:
        """An answer that is not remembered; it will be if it is the same for every asker."""
        now, message = int(time.time()), _NO_ID + message
        images, admitted = self._images, None
        if self._access:
            admitted = self._admit(address)
            images = Images(admitted)
        reply = look_up(images, message, self._identity, stream=False, address=address, now=now)
        if reply is None:
            answer = self._fallback.answer(message, address, now, stream=False)
            if answer is None:
                return None
            is_error = answer[3] & 0x0F not in _NO_ERROR
            charge = (ERROR_KIND if is_error else 0, 0, 0, None)
            return answer[len(_NO_ID) :], charge, self._find_cell(message, answer)
        found = (
            reply.octets[len(_NO_ID) :],
            reply.charge,
            self._find_cell(message, reply.octets),
        )
        *_, cookie = reply.charge
        if cookie is None and not (admitted and admitted.has_guarded):
            self._answers.keep(message[len(_NO_ID) :], found)
        return found

    def _admit(self, address: bytes) -> AdmittedPlaces:
        return AdmittedPlaces(self._images, self._access, address)

    def _find_cell(self, message: bytes, answer: bytes) -> Cell:
        return self._statistics.cell(self._images, message, answer, "udp")

    def _limit(self, address: bytes, octets: bytes, charge: Charge) -> bytes | None:
        """The answer as rate limiting lets it go out, or None."""
        second = int(time.monotonic())
        kind, account, opt, cookie = charge
        if kind == ERROR_KIND and self._limiter.judge_error(second) is Verdict.DROP:
            self._note(Seen.CAPPED, octets)
            return None
        cookies = self._identity.cookies
        if cookie and cookies and cookies.is_valid(cookie, address, int(time.time())):
            return octets
        verdict = self._limiter.judge(address, kind, account, second)
        if verdict is Verdict.SEND:
            return octets
        if verdict is Verdict.DROP or kind == ERROR_KIND:
            self._note(Seen.DROPPED, octets)
            return None
        self._note(Seen.SLIPPED, octets)
        return shorten(_NO_ID + octets, opt, bad_cookie=cookie is not None)[len(_NO_ID) :]

    def _note(self, verdict: Seen, octets: bytes) -> None:
        """Tell the witness, if there is one, what rate limiting does to an answer."""
        if self._witness is not None:
            self._witness.note(verdict, octets)
