"""The fast path: answers from zone images, over UDP in threads of its own.

Written in Rust, in fastpath/. It is optional: where it was not built, importing it raises
ImportError, and the portable engine answers the same, octet for octet.
"""

import mmap
import os
from collections.abc import Sequence
from typing import final

# The version of the format of images that it reads.
IMAGE_VERSION: int

def write_sections(octets: bytes, names: int, base: int, room: int) -> list[tuple[int, bytes]]:
    """The records of a zone with so many names, for a transfer of it.

    `octets` are the RRsets of its image, as docs/image-format.md has them. What stands behind
    the question of each message: its records, and their octets, at most `room`, which begin at
    offset `base`; the same as `transfer.outgoing` writes. Raises ValueError where the octets
    are damaged.
    """

@final
class Engine:
    """Answers from the zone images that were published last; from none at first.

    `max_payload`: the most octets of an answer over UDP, which our OPT announces.
    `nsid`: who we are, for those who ask. `refused_option`: the octets of the whole EDNS
    option that goes with REFUSED. `secrets`: what cookies are made with (16 octets each),
    the current one first; without any, cookies are not answered. `keepalive`: for how long a
    stream may be idle, in units of 100 ms, for those who ask (RFC 7828).

    Over UDP, `rate` answers of one account go out in a second, and `errors` error answers in
    all; 0: no limit. Every `slip`-th beyond the rate goes out short. `log_only`: all are
    sent, and counted. `exempt`: networks that are not limited, each its first address and how
    many bits count. `ledger`: the words of transports/ledger.py, shared with other workers;
    without it, the engine counts for itself.

    Queries from addresses that are not in `allowed_everywhere`, or for the zone of an origin
    in `allowed` not in its networks, are left to Python, which refuses them.
    """

    def __init__(
        self,
        *,
        max_payload: int,
        nsid: bytes,
        refused_option: bytes,
        secrets: Sequence[bytes],
        rate: int,
        slip: int,
        errors: int,
        log_only: bool,
        exempt: Sequence[tuple[bytes, int]],
        keepalive: int | None = None,
        ledger: mmap.mmap | None,
        allowed_everywhere: Sequence[tuple[bytes, int]] | None,
        allowed: Sequence[tuple[bytes, Sequence[tuple[bytes, int]]]],
    ) -> None:
        """Raises ValueError where `nsid` and `refused_option` do not fit an answer, or where
        a network or the ledger is not what it must be.
        """

    def publish(
        self,
        files: Sequence[str | os.PathLike[str]],
        gone: Sequence[bytes],
        refused: Sequence[bytes],
    ) -> None:
        """Answer from the zones of these image files from now on; a query sees one set.

        A later file's zone replaces an earlier one's of the same origin. `gone` and `refused`
        are origins' keys: those that are left out, and those whose queries Python answers.
        What is mapped already is not mapped again; what is no longer named is unmapped.
        Raises OSError or ValueError for a file that cannot be used; nothing changes then.
        """

    def answer(
        self,
        message: bytes,
        stream: bool,
        address: bytes,
        now: int,
        encrypted: bool = False,
    ) -> bytes | None:
        """The answer to a message, without any limit. None: Python's turn; empty: silence.

        `address` is the asker's, of 4 or 16 octets, `now` in seconds since 1970. The answer is
        counted as one over TLS where the stream is `encrypted`.
        """

    def count(self, message: bytes, answer: bytes, encrypted: bool) -> None:
        """Count an answer over a stream that Python has made."""

    def take_queries(self) -> list[tuple[str, str, str, int]]:
        """Transport, type, RCODE, and how many, of all answers since they were taken last."""

    def take_mail(self) -> list[tuple[bytes, str, str, int]]:
        """An origin's key, what was asked, what was told, and how many, since the last time."""

    def take_latency(self) -> tuple[list[int], int]:
        """How long answers over UDP took, since the last time.

        How many took up to each limit of `transports.latency`, and all their nanoseconds.
        """

    def observe(self, descriptor: int, every: int) -> None:
        """Send copies of one of so many queries, and of their answers, to a socket.

        It is connected, keeps messages apart and does not block; it is duplicated. What it
        does not take is counted as `unobserved`, what it takes as `observed`. The layout of a
        copy is that of zoneserver/service/logs/observations.py. Before `serve`. Raises OSError.
        """

    def serve(self, descriptors: Sequence[int], wake: int) -> None:
        """Answer what comes to these bound UDP sockets, each in a thread of its own.

        `wake` is an eventfd. It is written to when there is something to `take`, once until
        `take` has left nothing. The descriptors are duplicated, the sockets made to block.
        Raises OSError.
        """

    def take(self, most: int) -> list[Pending]:
        """Queries that the threads have handed over, oldest first."""

    def counters(self) -> dict[str, int]:
        """What the threads, and `Pending.send`, have counted since the start, by name."""

    def beats(self) -> int:
        """A number that grows five times a second as long as every thread is alive."""

    def stop(self) -> None:
        """Answer what has come to the sockets, then end the threads, within half a second.

        What was handed over can be answered still.
        """

@final
class Pending:
    """A query that Python answers, or leaves unanswered."""

    @property
    def message(self) -> bytes:
        """Its octets."""

    @property
    def address(self) -> bytes:
        """The asker's address: 4 or 16 octets."""

    @property
    def port(self) -> int:
        """The asker's port."""

    def send(self, octets: bytes) -> None:
        """Send the answer from the address that was asked, unless that goes over a limit."""
