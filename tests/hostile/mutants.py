"""Good queries gone wrong: a million of them from one seed, each answered and timed."""

import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import dns.message
import dns.rcode

from tests import octets as o
from tests.hostile.corpus import ZONES
from tests.zones_text import TCP, UDP
from zoneserver.engine.respond import Transport, respond

CHUNK = 25_000  # mutants from one seed of their own, so that a run can be shared out
SLOW = 0.005  # seconds of CPU that no message may take
RETRIES = 3

QNAMES = ["www.example", "WWW.eXample", "mail.example", "x.wild.example", "no.example",
          "example", "c0.example", "a.dloop.example", "ns.sub.example", "big.example", "test",
          "www.broken", "ping.example", ""]  # fmt: skip
QTYPES = [o.A, o.AAAA, 15, o.TXT, o.NS, o.SOA, o.ANY, o.AXFR, 43, 65535]
OPTS = [
    (),
    (o.opt(),),
    (o.opt(o.option(o.NSID), payload=4096, flags=0x8000),),
    (o.opt(o.option(o.COOKIE, b"8 octets"), o.option(o.ECS, b"\0\1\x18\0\xc0\0\2")),),
    (o.opt(), o.tsig()),
    (o.record(o.A, bytes(4), owner=o.POINTER_TO_QNAME), o.opt(version=1)),
]
GOOD = [
    o.message(*additional, asked=o.question(qname, qtype), flags=flags, opcode=opcode)
    for number, qname in enumerate(QNAMES)
    for qtype in QTYPES
    for additional in OPTS
    for flags, opcode in [(o.RD if number % 2 else 0, o.QUERY if number % 7 else o.NOTIFY)]
]
# What a number in a message turns into: its limits, and the values next to them.
NUMBERS = [b"\0\0", b"\0\1", b"\0\2", b"\0\x0a", b"\0\x29", b"\0\xfa", b"\0\xff", b"\x7f\xff",
           b"\x80\0", b"\xc0\x0c", b"\xc0\0", b"\xff\xff", b"\x40\0", b"\xff\0"]  # fmt: skip


@dataclass
class Tally:
    """How a number of mutants fared."""

    verdicts: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    slowest_octets: bytes = b""
    faults: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Take in another tally."""
        self.verdicts += other.verdicts
        self.faults += other.faults
        if other.slowest > self.slowest:
            self.slowest, self.slowest_octets = other.slowest, other.slowest_octets


def run_chunk(number: int) -> Tally:
    """Answer the mutants of one seed."""
    random, tally, parsed = Random(number), Tally(), set[bytes]()
    for at in range(CHUNK):
        octets = mutate(random)
        transport = TCP if at % 2 else UDP
        begin = time.perf_counter()
        try:
            answer = respond(ZONES, octets, transport)
        except Exception as error:  # noqa: BLE001 - any exception is what is looked for
            tally.faults.append(f"{error!r}: {octets.hex()}")
            continue
        elapsed = time.perf_counter() - begin
        if elapsed > tally.slowest:
            elapsed = min(elapsed, *(_cpu(octets, transport) for _ in range(RETRIES)))
            if elapsed > tally.slowest:
                tally.slowest, tally.slowest_octets = elapsed, octets
        _judge(tally, octets, answer, parsed)
    return tally


def _cpu(octets: bytes, transport: Transport) -> float:
    """The CPU time of one answer: what else the machine does is not counted."""
    begin = time.thread_time()
    respond(ZONES, octets, transport)
    return time.thread_time() - begin


def _judge(tally: Tally, octets: bytes, answer: bytes | None, parsed: set[bytes]) -> None:
    deaf = len(octets) < 12 or bool(octets[2] & 0x80)
    if answer is None or deaf:
        tally.verdicts["drop"] += 1
        if not (answer is None and deaf):
            tally.faults.append(f"answered or dropped wrongly: {octets.hex()}")
        return
    tally.verdicts[dns.rcode.to_text(dns.rcode.Rcode(answer[3] & 0x0F))] += 1
    if answer[:2] != octets[:2] or not answer[2] & 0x80:
        tally.faults.append(f"not its answer: {octets.hex()}")
    # Equal answers are parsed once; but for their IDs most of them are.
    if (rest := answer[2:]) not in parsed:
        parsed.add(rest)
        try:
            dns.message.from_wire(answer, keyring=False, continue_on_error=False)
        except dns.message.UnknownTSIGKey:
            pass
        except Exception as error:  # noqa: BLE001 - as above
            tally.faults.append(f"answer does not parse, {error!r}: {octets.hex()}")


def mutate(random: Random) -> bytes:
    """A good query with one to four changes, mostly one, so that many get far."""
    octets = bytearray(_choose(GOOD, random))
    for _ in range(1 + int(random.random() ** 3 * 4)):
        _change(octets, random)
    return bytes(octets)


def _change(octets: bytearray, random: Random) -> None:
    """One change. The header's ID is left alone: nothing is read of it."""
    at = 2 + _below(max(len(octets) - 2, 1), random)
    match _below(10, random):
        case 0 | 1:
            octets[at : at + 1] = random.randbytes(1)
        case 2:
            octets[at : at + 1] = bytes(
                bit ^ 1 << _below(8, random) for bit in octets[at : at + 1]
            )
        case 3:
            octets[at : at + 2] = _choose(NUMBERS, random)
        case 4:  # one of the counts
            count = 4 + 2 * _below(4, random)
            octets[count : count + 2] = _choose(NUMBERS, random)
        case 5:
            del octets[at:]
        case 6:
            del octets[at : at + 1 + _below(8, random)]
        case 7:
            octets[at:at] = random.randbytes(1 + _below(8, random))
        case 8:  # a part of another query, or of this one again
            other = _choose(GOOD, random)
            start = _below(len(other), random)
            octets[at:at] = other[start : start + _below(60, random)]
        case 9:
            octets[at:at] = octets[12:at] * _below(6, random)


def _below(limit: int, random: Random) -> int:
    """As randrange, at a fifth of its price."""
    return int(random.random() * limit)


def _choose(of: list[bytes], random: Random) -> bytes:
    return of[_below(len(of), random)]
