"""DNS cookies as all servers of an anycast set can make them (RFC 9018)."""

import hmac
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

SECRET_OCTETS = 16
CLIENT_OCTETS = 8  # RFC 7873 4.1
SERVER_OCTETS = 16  # RFC 9018 4
# RFC 9018 4.3: how old a cookie may be, how far ahead of our clock, and from when on a new
# one is sent in its place; in seconds.
MAX_AGE, MAX_AHEAD, RENEW_AGE = 3600, 300, 1800

_VERSION = b"\x01\0\0\0"  # RFC 9018 4.1, 4.2: version 1, three reserved octets
_MASK = 0xFFFFFFFFFFFFFFFF
_WRAP = 1 << 32  # RFC 9018 4.3: timestamps are compared as RFC 1982 compares serials


@dataclass(frozen=True, slots=True)
class Cookies:
    """Makes and checks cookies. `secrets` are the current one, then those still accepted."""

    secrets: Sequence[bytes] = field(repr=False)

    def reply(self, cookie: bytes, address: bytes, now: int) -> bytes:
        """The cookie for an asker who sent this one: 24 octets."""
        current = self.secrets[0]
        if self._is_from(current, cookie, address, now) and _age(cookie, now) <= RENEW_AGE:
            return cookie
        stamp = _VERSION + (now % _WRAP).to_bytes(4, "big")
        client = cookie[:CLIENT_OCTETS]
        return client + stamp + siphash24(current, client + stamp + address)

    def is_valid(self, cookie: bytes, address: bytes, now: int) -> bool:
        """Whether a server of ours gave the asker this cookie, not long ago."""
        return any(self._is_from(secret, cookie, address, now) for secret in self.secrets)

    def _is_from(self, secret: bytes, cookie: bytes, address: bytes, now: int) -> bool:
        if len(cookie) != CLIENT_OCTETS + SERVER_OCTETS or cookie[8:9] != _VERSION[:1]:
            return False
        if not -MAX_AHEAD <= _age(cookie, now) <= MAX_AGE:
            return False
        expected = siphash24(secret, cookie[:CLIENT_OCTETS] + cookie[8:16] + address)
        return hmac.compare_digest(expected, cookie[16:])


def _age(cookie: bytes, now: int) -> int:
    """Seconds since the cookie was made; negative where that is to come."""
    age = (now - int.from_bytes(cookie[12:16], "big")) % _WRAP
    return age - _WRAP if age >= _WRAP // 2 else age


def siphash24(key: bytes, octets: bytes) -> bytes:
    """SipHash-2-4 with a key of 16 octets: 8 octets (https://131002.net/siphash)."""
    k0, k1 = struct.unpack("<QQ", key)
    state = (
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    )
    last = len(octets) % 8
    padded = octets + bytes(7 - last) + bytes((len(octets) & 0xFF,))
    for (word,) in struct.iter_unpack("<Q", padded):
        v0, v1, v2, v3 = state
        v0, v1, v2, v3 = _rounds(2, v0, v1, v2, v3 ^ word)
        state = (v0 ^ word, v1, v2, v3)
    v0, v1, v2, v3 = state
    v0, v1, v2, v3 = _rounds(4, v0, v1, v2 ^ 0xFF, v3)
    return struct.pack("<Q", v0 ^ v1 ^ v2 ^ v3)


def _rounds(count: int, v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    for _ in range(count):
        v0 = (v0 + v1) & _MASK
        v2 = (v2 + v3) & _MASK
        v1 = _rotate(v1, 13) ^ v0
        v3 = _rotate(v3, 16) ^ v2
        v0 = (_rotate(v0, 32) + v3) & _MASK
        v2 = (v2 + v1) & _MASK
        v3 = _rotate(v3, 21) ^ v0
        v1 = _rotate(v1, 17) ^ v2
        v2 = _rotate(v2, 32)
    return v0, v1, v2, v3


def _rotate(word: int, bits: int) -> int:
    return (word << bits | word >> (64 - bits)) & _MASK
