"""Public keys in every form that a file may have, with the digest that `cryptography` finds."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from tests.certificates import make_pair

PAIR = make_pair(name="mail.example.com")
NEXT = make_pair(name="mail.example.com")
CERTIFICATE = PAIR.certificate.decode()
NEXT_CERTIFICATE = NEXT.certificate.decode()


def private(pem: bytes) -> RSAPrivateKey | EllipticCurvePrivateKey:
    """The key of a pair."""
    key = load_pem_private_key(pem, None)
    assert isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey)
    return key


def digest(key: CertificatePublicKeyTypes) -> str:
    """The SHA-256 of a key, as TLSA 3 1 1 has it, in hex."""
    octets = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(octets).hexdigest()


def digest_of(certificate: str) -> str:
    """The same of a certificate in PEM."""
    return digest(x509.load_pem_x509_certificate(certificate.encode()).public_key())


DIGEST, NEXT_DIGEST = digest_of(CERTIFICATE), digest_of(NEXT_CERTIFICATE)


def named(*names: str, common: str = "", days: int = 30) -> str:
    """A certificate for some hosts, with a common name if there is one."""
    key = private(PAIR.key)
    now = datetime.now(UTC)
    common_names = [x509.NameAttribute(x509.NameOID.COMMON_NAME, common)] if common else []
    subject = x509.Name(common_names)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days))
    )
    if names:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
        builder = builder.add_extension(alternatives, critical=False)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def request() -> str:
    """A request for a certificate, with the key of PAIR."""
    key = private(PAIR.key)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example.com")])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, SHA256())
    return made.public_bytes(Encoding.PEM).decode()


def public() -> str:
    """The public key of PAIR."""
    key = private(PAIR.key).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
