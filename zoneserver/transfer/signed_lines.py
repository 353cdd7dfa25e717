"""RRSIG, NSEC and NSEC3 that come, to text: most of a signed zone.

The text is what `write_line` has of them; whatever is unusual in one is left to that.
"""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from struct import Struct

from zoneserver.records import rtypes

_HEAD = Struct(">HBBIIIH")  # of an RRSIG, up to the signer's name (RFC 4034 3.1)
_GROUP = 32  # signs of base64
_HASH_OCTETS = 20  # SHA-1, the one hash that NSEC3 has
_MOST_TTL = (1 << 31) - 1
_MOST_TIMES = 1000

# The text of a name in wire form; None where it is not just that, or needs escapes.
WriteName = Callable[[bytes], str | None]


class SignedWriter:
    """Writes the rdata of such records; `write_name` writes the names in it."""

    def __init__(self, write_name: WriteName) -> None:
        self._write_name = write_name
        self._types: dict[int, str | None] = {}
        self._times: dict[int, str] = {}

    def write_rrsig(self, rdata: bytes) -> str | None:
        """The text of an RRSIG, or None."""
        end = _find_end(rdata, _HEAD.size)
        if end >= len(rdata):
            return None
        rtype, algorithm, labels, ttl, until, since, tag = _HEAD.unpack_from(rdata)
        covered, signer = self._type(rtype), self._name(rdata[_HEAD.size : end])
        if covered is None or signer is None or ttl > _MOST_TTL:
            return None
        signature = base64.b64encode(rdata[end:]).decode()
        groups = [signature[at : at + _GROUP] for at in range(0, len(signature), _GROUP)]
        times = f"{self._time(until)} {self._time(since)}"
        head = f"{covered} {algorithm} {labels} {ttl} {times} {tag} {signer}"
        return f"{head} {' '.join(groups)}"

    def write_nsec(self, rdata: bytes) -> str | None:
        """The text of an NSEC, or None."""
        end = _find_end(rdata, 0)
        following, types = self._name(rdata[:end]), self._write_types(rdata[end:])
        return following and types and f"{following} {types}"

    def write_nsec3(self, rdata: bytes) -> str | None:
        """The text of an NSEC3, or None."""
        start = 5 + (rdata[4] if len(rdata) > 4 else 0)
        end = start + 1 + _HASH_OCTETS
        is_usual = rdata[:1] == b"\1" and rdata[1:2] in (b"\0", b"\1")
        if not is_usual or rdata[start : start + 1] != bytes((_HASH_OCTETS,)):
            return None
        if len(rdata) < end or (types := self._write_types(rdata[end:])) is None:
            return None
        iterations = int.from_bytes(rdata[2:4], "big")
        digest = base64.b32hexencode(rdata[start + 1 : end]).decode().lower()
        text = f"1 {rdata[1]} {iterations} {rdata[5:start].hex() or '-'} {digest} {types}"
        return text.rstrip()

    def _write_types(self, octets: bytes) -> str | None:
        """The types of a bitmap that is written as it has to be (RFC 4034 4.1.2)."""
        words = []
        for rtype in _list_types(octets):
            word = self._type(rtype)
            if word is None:
                return None
            words.append(word)
        return " ".join(words)

    def _name(self, wire: bytes) -> str | None:
        text = self._write_name(wire) if wire else None
        return None if text is None or "\\" in text else text

    def _type(self, rtype: int) -> str | None:
        """The name of a type, if that is the only one it has."""
        if rtype not in self._types:
            word = rtypes.mnemonic(rtype) if rtype > 0 else ""
            is_plain = word.isalnum() and rtypes.find_rtype(word) == rtype
            self._types[rtype] = word if is_plain else None
        return self._types[rtype]

    def _time(self, seconds: int) -> str:
        """A time as RFC 4034 3.2 has it."""
        if seconds not in self._times:
            if len(self._times) >= _MOST_TIMES:
                self._times.clear()
            time = datetime.fromtimestamp(seconds, tz=UTC)
            self._times[seconds] = time.strftime("%Y%m%d%H%M%S")
        return self._times[seconds]


def _find_end(rdata: bytes, at: int) -> int:
    """Where a name ends, behind its last octet; far behind the end where it does not."""
    while rdata[at : at + 1] > b"\0":
        at += 1 + rdata[at]
    return at + 1


def _list_types(octets: bytes) -> Iterator[int]:
    """The types in a bitmap; -1 where it is not as it has to be."""
    at, last = 0, -1
    while at < len(octets):
        window, size = octets[at], octets[at + 1] if at + 1 < len(octets) else 0
        bits = octets[at + 2 : at + 2 + size]
        if window <= last or not 0 < size <= 32 or len(bits) < size or not bits[-1]:
            yield -1
            return
        for number, octet in enumerate(bits):
            for bit in range(8):
                if octet & (0x80 >> bit):
                    yield window << 8 | number << 3 | bit
        at, last = at + 2 + size, window
