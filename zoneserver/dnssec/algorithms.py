"""The algorithms of signatures (RFC 8624 3.1), each by the number that the DNS knows it by.

All arithmetic is that of the `cryptography` package. A signature depends on nothing but key
and octets (RFC 6979 for ECDSA), so that a zone that is read twice is signed alike.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from zoneserver.records.algorithms import MNEMONICS

_RSA_BITS, _RSA_EXPONENT = 2048, 65537
_P256_OCTETS = 32
_ECDSA = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


class Algorithm(NamedTuple):
    """One algorithm: its mnemonic, and what is done with its keys, which are of one kind."""

    mnemonic: str
    is_key: Callable[[PrivateKeyTypes], bool]
    generate: Callable[[], PrivateKeyTypes]
    sign: Callable[[Any, bytes], bytes]
    public: Callable[[Any], bytes]


def _is_p256(key: PrivateKeyTypes) -> bool:
    return isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)


def _sign_ecdsa(key: ec.EllipticCurvePrivateKey, octets: bytes) -> bytes:
    """Both numbers side by side (RFC 6605 4)."""
    r, s = decode_dss_signature(key.sign(octets, _ECDSA))
    return r.to_bytes(_P256_OCTETS, "big") + s.to_bytes(_P256_OCTETS, "big")


def _public_ecdsa(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Both coordinates side by side (RFC 6605 4)."""
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return point[1:]


def _sign_eddsa(key: ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey, octets: bytes) -> bytes:
    """As it is (RFC 8080 4)."""
    return key.sign(octets)


def _public_eddsa(key: ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey) -> bytes:
    """As it is (RFC 8080 3)."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _sign_rsa(key: rsa.RSAPrivateKey, octets: bytes) -> bytes:
    """PKCS 1 (RFC 5702 3)."""
    return key.sign(octets, padding.PKCS1v15(), hashes.SHA256())


def _public_rsa(key: rsa.RSAPrivateKey) -> bytes:
    """The exponent behind its length, and the modulus (RFC 3110 2)."""
    numbers = key.public_key().public_numbers()
    exponent = numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big")
    modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
    return bytes((len(exponent),)) + exponent + modulus


ALGORITHMS = {
    8: Algorithm(
        MNEMONICS[8],
        lambda key: isinstance(key, rsa.RSAPrivateKey),
        lambda: rsa.generate_private_key(_RSA_EXPONENT, _RSA_BITS),
        _sign_rsa,
        _public_rsa,
    ),
    13: Algorithm(
        MNEMONICS[13],
        _is_p256,
        lambda: ec.generate_private_key(ec.SECP256R1()),
        _sign_ecdsa,
        _public_ecdsa,
    ),
    15: Algorithm(
        MNEMONICS[15],
        lambda key: isinstance(key, ed25519.Ed25519PrivateKey),
        ed25519.Ed25519PrivateKey.generate,
        _sign_eddsa,
        _public_eddsa,
    ),
    16: Algorithm(
        MNEMONICS[16],
        lambda key: isinstance(key, ed448.Ed448PrivateKey),
        ed448.Ed448PrivateKey.generate,
        _sign_eddsa,
        _public_eddsa,
    ),
}
