"""Public keys in DER, read only as far as a key's type and size (X.690, RFC 5280 4.1)."""

from typing import NamedTuple

_SEQUENCE, _INTEGER, _BIT_STRING, _OID = 0x30, 0x02, 0x03, 0x06

_RSA = bytes.fromhex("2a864886f70d010101")  # 1.2.840.113549.1.1.1, RFC 8017 A.1
_ED25519 = bytes.fromhex("2b6570")  # 1.3.101.112, RFC 8410 3


class PublicKey(NamedTuple):
    """A key's type as DKIM calls it, its size in bits, and for Ed25519 its octets."""

    kind: str
    bits: int
    octets: bytes = b""


def read_public_key(octets: bytes) -> PublicKey | None:
    """The key in a SubjectPublicKeyInfo, or in a bare RSAPublicKey; None for anything else.

    RFC 6376 3.6.1 asks for the latter, everybody publishes the former (erratum 3017).
    """
    try:
        body, rest = take_element(octets, _SEQUENCE)
        if rest:
            return None
        if body[0] == _INTEGER:
            return PublicKey("rsa", _modulus_bits(body))
        algorithm, rest = take_element(body, _SEQUENCE)
        oid, _ = take_element(algorithm, _OID)
        bits, rest = take_element(rest, _BIT_STRING)
        if rest or bits[0] != 0:  # no unused bits
            return None
        if oid == _ED25519:
            return PublicKey("ed25519", 256, bits[1:])
        if oid != _RSA:
            return None
        key, rest = take_element(bits[1:], _SEQUENCE)
        return None if rest else PublicKey("rsa", _modulus_bits(key))
    except (IndexError, ValueError):
        return None


def _modulus_bits(key: bytes) -> int:
    """The size of an RSA key: modulus and exponent, nothing behind (RFC 8017 A.1.1)."""
    modulus, rest = take_element(key, _INTEGER)
    _, rest = take_element(rest, _INTEGER)
    if rest:
        raise ValueError("octets behind the key")
    return int.from_bytes(modulus, "big").bit_length()


def take_element(octets: bytes, tag: int) -> tuple[bytes, bytes]:
    """The contents of the element at the start, and what follows. Raises ValueError."""
    if octets[0] != tag:
        raise ValueError("another type is due")
    length, start = octets[1], 2
    if length & 0x80:
        count = length & 0x7F
        start += count
        length = int.from_bytes(octets[2:start], "big")
    if start + length > len(octets):
        raise ValueError("the octets end too early")
    return octets[start : start + length], octets[start + length :]
