"""TLS certificates for tests: made on the spot, self-signed, good for as long as is asked."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

NAME = "ns1.example.com"


class Pair(NamedTuple):
    """A certificate and its key, in PEM."""

    certificate: bytes
    key: bytes

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write both, the key for its owner only, each in one step as ACME clients do."""
        paths = folder / "fullchain.pem", folder / "privkey.pem"
        for path, octets in zip(paths, self, strict=True):
            new = path.with_suffix(".new")
            new.touch(0o600)
            new.write_bytes(octets)
            new.replace(path)
        return paths


def make_pair(
    *,
    name: str = NAME,
    age: float = 0,
    days: float = 90,
    rsa_bits: int = 0,
    password: bytes = b"",
) -> Pair:
    """A certificate that has been valid for `age` days, and still is for `days`.

    Its key is on P-256, unless it is to be one of RSA.
    """
    key = (
        rsa.generate_private_key(65537, rsa_bits)
        if rsa_bits
        else ec.generate_private_key(ec.SECP256R1())
    )
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=age))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encryption = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    return Pair(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        ),
    )
