"""RRSIG, NSEC and NSEC3 as copies have them: most of a signed zone, so read without dnspython.

What is spelled in another way than `write_line` does is left to the reader of master files.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from struct import Struct

from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.bitmap import encode_bitmap
from zoneserver.records.rdata import Opaque

# Reads a name that is spelled plainly. Raises what the caller expects where it is not.
ReadName = Callable[[str], Name]

_NUMBER = r"(0|[1-9][0-9]{0,9})"
_RRSIG = re.compile(
    rf"([A-Z0-9]+) {_NUMBER} {_NUMBER} {_NUMBER} ([0-9]{{14}}) ([0-9]{{14}}) {_NUMBER} (\S+)"
    r" ([A-Za-z0-9+/ ]+={0,2})"
)
_NSEC3 = re.compile(
    rf"1 ([01]) {_NUMBER} (-|(?:[0-9a-f][0-9a-f]){{1,40}}) ([0-9a-vA-V]{{32}})((?: [A-Z0-9]+)*)"
)
_HEAD = Struct(">HBBIIIH")  # of an RRSIG, up to the signer's name (RFC 4034 3.1)
_MOST = (1 << 8, 1 << 8, 1 << 31, 1 << 16)  # its algorithm, labels, TTL and tag are below


class LineReader:
    """Reads the rdata of such records; `read_name` reads the names in it."""

    def __init__(self, read_name: ReadName) -> None:
        self._read_name = read_name
        self._types: dict[str, int | None] = {}
        self._times: dict[str, int | None] = {}
        self.kinds: dict[str, Callable[[str], Opaque | None]] = {
            "RRSIG": self._read_rrsig,
            "NSEC": self._read_nsec,
            "NSEC3": self._read_nsec3,
        }

    def _read_rrsig(self, text: str) -> Opaque | None:
        """The record, or None; so are the others."""
        found = _RRSIG.fullmatch(text)
        if found is None:
            return None
        numbers = [int(found[at]) for at in (2, 3, 4, 7)]
        rtype, times = self._type(found[1]), [self._time(found[at]) for at in (5, 6)]
        is_wrong = any(number >= most for number, most in zip(numbers, _MOST, strict=True))
        octets = _decode(found[9])
        if is_wrong or rtype is None or None in times or octets is None:
            return None
        algorithm, labels, ttl, tag = numbers
        head = _HEAD.pack(rtype, algorithm, labels, ttl, *times, tag)
        return Opaque(rtypes.RRSIG, head + self._read_name(found[8]).wire + octets)

    def _read_nsec(self, text: str) -> Opaque | None:
        following, *words = text.split(" ")
        types = self._read_types(words)
        if types is None:
            return None
        return Opaque(rtypes.NSEC, self._read_name(following).wire + types)

    def _read_nsec3(self, text: str) -> Opaque | None:
        found = _NSEC3.fullmatch(text)
        types = self._read_types(found[5].split()) if found else None
        if found is None or types is None or int(found[2]) >= 1 << 16:
            return None
        salt = bytes.fromhex("" if found[3] == "-" else found[3])
        digest = base64.b32hexdecode(found[4].upper())
        head = bytes((1, int(found[1]))) + int(found[2]).to_bytes(2, "big")
        fields = head + bytes((len(salt),)) + salt + bytes((len(digest),)) + digest
        return Opaque(rtypes.NSEC3, fields + types)

    def _read_types(self, words: Iterable[str]) -> bytes | None:
        """The types of a name, as octets."""
        types = [self._type(word) for word in words]
        return None if None in types else encode_bitmap(filter(None, types))

    def _type(self, word: str) -> int | None:
        """The number of a type that has one name only."""
        if word not in self._types:
            is_plain = word.isalnum() and word.isascii() and word.isupper()
            self._types[word] = (rtypes.find_rtype(word) or None) if is_plain else None
        return self._types[word]

    def _time(self, text: str) -> int | None:
        """Seconds since 1970, as far as they fit into a record."""
        if text not in self._times:
            if len(self._times) > 1000:
                self._times.clear()
            self._times[text] = _read_time(text)
        return self._times[text]


def _read_time(text: str) -> int | None:
    parts = [int(text[:4]), *(int(text[at : at + 2]) for at in range(4, 14, 2))]
    try:
        seconds = int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]
    except ValueError:
        return None
    return seconds if 0 <= seconds < 1 << 32 else None


def _decode(text: str) -> bytes | None:
    """The octets of base64 in groups."""
    try:
        return base64.b64decode(text.replace(" ", ""), validate=True)
    except binascii.Error:
        return None
