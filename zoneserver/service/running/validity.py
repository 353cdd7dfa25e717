"""From when to when a certificate is good (RFC 5280 4.1.2.5)."""

import ssl
from datetime import UTC, datetime
from typing import NamedTuple

from zoneserver.errors import CertificateError
from zoneserver.validator.policy.der import take_element

_SEQUENCE, _INTEGER, _VERSION, _UTC_TIME, _TIME = 0x30, 0x02, 0xA0, 0x17, 0x18
_END = "-----END CERTIFICATE-----"


class Validity(NamedTuple):
    """Its first moment and its last."""

    begin: datetime
    end: datetime


def read_validity(chain: bytes) -> Validity:
    """That of the first certificate of a chain in PEM. Raises CertificateError."""
    try:
        _, _, text = chain.decode("ascii", "replace").partition("-----BEGIN CERTIFICATE-----")
        first = f"-----BEGIN CERTIFICATE-----{text.partition(_END)[0]}{_END}\n"
        certificate, _ = take_element(ssl.PEM_cert_to_DER_cert(first), _SEQUENCE)
        signed, _ = take_element(certificate, _SEQUENCE)
        _, rest = take_element(signed, _VERSION)
        for tag in (_INTEGER, _SEQUENCE, _SEQUENCE):  # number, algorithm, issuer
            _, rest = take_element(rest, tag)
        validity, _ = take_element(rest, _SEQUENCE)
        begin, rest = _take_time(validity)
        end, _ = _take_time(rest)
    except (ValueError, IndexError) as error:
        raise CertificateError(f"it cannot be told how long it is valid: {error}") from error
    return Validity(begin, end)


def _take_time(octets: bytes) -> tuple[datetime, bytes]:
    """A moment, and what follows it."""
    if octets[0] == _UTC_TIME:
        text, rest = take_element(octets, _UTC_TIME)
        # RFC 5280 4.1.2.5.1: two digits of a year below 50 are of this century.
        text = (b"20" if text < b"50" else b"19") + text
    else:
        text, rest = take_element(octets, _TIME)
    return datetime.strptime(text.decode(), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC), rest
