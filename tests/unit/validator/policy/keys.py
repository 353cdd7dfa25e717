"""Keys in DER of any size, written by hand: no key that signs anything stands in the tests."""

import base64

RSA = bytes.fromhex("06092a864886f70d010101")  # the object identifier, RFC 8017 A.1
ED25519 = bytes.fromhex("06032b6570")  # RFC 8410 3
POINT = bytes(range(32))


def tlv(tag: int, contents: bytes) -> bytes:
    """One DER element, with the shortest length (X.690 10.1)."""
    count = len(contents)
    if count < 128:
        return bytes((tag, count)) + contents
    octets = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + contents


def rsa_key(bits: int) -> bytes:
    """A bare RSAPublicKey whose modulus has so many bits."""
    modulus = (1 << (bits - 1) | 1).to_bytes(bits // 8 + 1, "big").lstrip(b"\0")
    if modulus[0] & 0x80:
        modulus = b"\0" + modulus
    return tlv(0x30, tlv(0x02, modulus) + tlv(0x02, b"\x01\x00\x01"))


def spki(algorithm: bytes, key: bytes) -> bytes:
    """A SubjectPublicKeyInfo (RFC 5280 4.1)."""
    return tlv(0x30, tlv(0x30, algorithm + b"\x05\x00") + tlv(0x03, b"\0" + key))


def base64_text(octets: bytes) -> str:
    """Octets as a `p=` writes them."""
    return base64.b64encode(octets).decode()


def rsa_text(bits: int) -> str:
    """The usual form of an RSA key in `p=`."""
    return base64_text(spki(RSA, rsa_key(bits)))
