"""The public key of a server, out of a PEM file: a certificate, a request for one, or the key.

All cryptography is that of the `cryptography` package, which takes apart what it can check;
the key itself is then cut out octet for octet, as whoever compares digests does.
"""

import re
from datetime import date
from hashlib import sha256
from typing import NamedTuple
from warnings import catch_warnings

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

MAX_OCTETS = 1 << 18  # of a file; a chain of certificates has ten thousand

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_CERTIFICATE = b"CERTIFICATE"
_REQUESTS = (b"CERTIFICATE REQUEST", b"NEW CERTIFICATE REQUEST")
_PUBLIC_KEY = b"PUBLIC KEY"
_USEFUL = (_CERTIFICATE, *_REQUESTS, _PUBLIC_KEY)
# What the package raises for octets that are not what they should be.
_DAMAGE = (
    ValueError,
    TypeError,
    IndexError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
_SEQUENCE, _VERSION = 0x30, 0xA0


class Found(NamedTuple):
    """What a file says of a server's key.

    `digest` is the SHA-256 of its SubjectPublicKeyInfo, as TLSA 3 1 1 has it (RFC 6698 2.1).
    A certificate is for some `names` of hosts, and good up to the day on which it `ends`;
    None where there is none yet.
    """

    digest: bytes
    names: tuple[str, ...] | None = None
    ends: date | None = None


def read_public_key(octets: bytes) -> Found:
    """The key in the first block that has one: in a chain, the server's own comes first.

    Raises ValueError, whose text says what is wrong with the file.
    """
    if len(octets) > MAX_OCTETS:
        raise ValueError(f"has over {MAX_OCTETS >> 10} KB, which no certificate has")
    label, block = _find_block(octets)
    try:
        with catch_warnings(action="ignore"):  # of certificates that a later release refuses
            return _read_block(label, block)
    except _DAMAGE as error:
        kind = label.decode().lower()
        raise ValueError(f"holds a damaged {kind}") from error


def _read_block(label: bytes, block: bytes) -> Found:
    if label == _CERTIFICATE:
        return _read_certificate(x509.load_pem_x509_certificate(block))
    if label in _REQUESTS:
        request = x509.load_pem_x509_csr(block)
        return Found(sha256(_key_of_request(request.tbs_certrequest_bytes)).digest())
    key = load_pem_public_key(block)
    octets = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Found(sha256(octets).digest())


def _find_block(octets: bytes) -> tuple[bytes, bytes]:
    """The label and the text of the first block of use. Raises ValueError."""
    for begin in _BEGIN.finditer(octets):
        label = begin[1]
        if label in _USEFUL:
            end = b"-----END %b-----" % label
            at = octets.find(end, begin.end())
            if at < 0:
                raise ValueError(f"ends in the middle: {end.decode()} is missing")
            return label, octets[begin.start() : at + len(end)] + b"\n"
    if octets[:1] == bytes([_SEQUENCE]):
        raise ValueError("is in DER, where PEM is due")
    raise ValueError("holds no certificate and no public key in PEM")


def _read_certificate(certificate: x509.Certificate) -> Found:
    key = _key_of_certificate(certificate.tbs_certificate_bytes)
    ends = certificate.not_valid_after_utc.date()
    return Found(sha256(key).digest(), _names(certificate), ends)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The hosts that it is for: those of the extension, else the subject (RFC 6125 6.4.4)."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        if names := extension.value.get_values_for_type(x509.DNSName):
            return tuple(names)
    except x509.ExtensionNotFound:
        pass
    common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return tuple(str(each.value) for each in common)


def _key_of_certificate(signed: bytes) -> bytes:
    """What is behind the number, algorithm, issuer, times and subject (RFC 5280 4.1).

    `signed` is the part of it that is signed; a version may come first.
    """
    parts = _elements(signed)
    return parts[6] if parts[0][0] == _VERSION else parts[5]


def _key_of_request(signed: bytes) -> bytes:
    """What is behind the version and the subject (RFC 2986 4.1)."""
    return _elements(signed)[2]


def _elements(octets: bytes) -> list[bytes]:
    """The elements that an element consists of, each with its tag and length (X.690 8.1)."""
    rest, found = octets[_head(octets) :], []
    while rest:
        size = _head(rest) + _length(rest)
        found.append(rest[:size])
        rest = rest[size:]
    return found


def _head(octets: bytes) -> int:
    """The size of tag and length."""
    return 2 + (octets[1] & 0x7F if octets[1] & 0x80 else 0)


def _length(octets: bytes) -> int:
    return int.from_bytes(octets[2 : _head(octets)], "big") if octets[1] & 0x80 else octets[1]
