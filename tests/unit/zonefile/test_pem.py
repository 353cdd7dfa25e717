"""Files that hold the public key of a server, and what is read of them."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.certificates import make_pair
from tests.effort import examples
from tests.unit.zonefile import keys
from tests.unit.zonefile.keys import CERTIFICATE, DIGEST, NEXT_CERTIFICATE
from zoneserver.zonefile.pem import MAX_OCTETS, Found, read_public_key

DER = base64.b64decode("".join(CERTIFICATE.splitlines()[1:-1]))
PARAMETERS = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----"
MIDDLE = len(CERTIFICATE) // 2


def read(text: str) -> Found:
    """What is read of a file."""
    return read_public_key(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        CERTIFICATE,
        CERTIFICATE.replace("\n", "\r\n"),
        f"subject=CN = mail\n{CERTIFICATE}",
        f"{CERTIFICATE}{NEXT_CERTIFICATE}",
        f"{PARAMETERS}\n{CERTIFICATE}",
        keys.request(),
        keys.request().replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"),
        keys.public(),
    ],
    ids=["one", "CRLF", "text before", "chain", "parameters", "request", "old", "key"],
)
def test_one_key_in_every_form(text: str) -> None:
    """The same digest, whatever the key stands in; the first of a chain is the server's."""
    assert DIGEST == read(text).digest.hex()


def test_rsa() -> None:
    """Elements of more than 127 octets have their length in several."""
    pair = make_pair(rsa_bits=2048)
    expected = keys.digest(keys.private(pair.key).public_key())

    assert expected == read(pair.certificate.decode()).digest.hex()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (keys.named("a.example", "*.b.example"), ("a.example", "*.b.example")),
        (keys.named("a.example", common="b.example"), ("a.example",)),
        (keys.named(common="b.example"), ("b.example",)),
        (keys.named(), ()),
        (keys.request(), None),
        (keys.public(), None),
    ],
)
def test_names(text: str, names: tuple[str, ...] | None) -> None:
    """The common name counts where there is no other; what is no certificate has none."""
    assert names == read(text).names


def test_end() -> None:
    """The last day on which it is good."""
    ends = (datetime.now(UTC) + timedelta(days=30)).date()

    assert ends - timedelta(days=1) <= (read(keys.named(days=30)).ends or ends) <= ends
    assert read(keys.named(days=30)).ends is not None
    assert read(keys.public()).ends is None


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "holds no certificate and no public key in PEM"),
        (b"hello", "holds no certificate and no public key in PEM"),
        (DER, "is in DER, where PEM is due"),
        (CERTIFICATE[:MIDDLE].encode(), "ends in the middle: -----END CERTIFICATE-----"),
        (CERTIFICATE.replace("M", "", 1).encode(), "holds a damaged certificate"),
        (CERTIFICATE.replace("CERTIFICATE", "PUBLIC KEY").encode(), "damaged public key"),
        (
            CERTIFICATE.replace("CERTIFICATE", "CERTIFICATE REQUEST").encode(),
            "holds a damaged certificate request",
        ),
        (b"x" * (MAX_OCTETS + 1), "has over 256 KB"),
    ],
)
def test_other_files(octets: bytes, reason: str) -> None:
    """What is wrong is said in words."""
    with pytest.raises(ValueError, match=reason):
        read_public_key(octets)


@settings(max_examples=examples(1000))
@given(st.integers(0, len(DER) - 1), st.integers(0, 255))
@example(DER.index(b"\xa0\x03\x02\x01\x02") + 4, 121)  # no such version
def test_damage(place: int, octet: int) -> None:
    """A certificate with another octet anywhere is read, or refused in words."""
    octets = bytearray(DER)
    octets[place] = octet
    text = base64.encodebytes(octets).decode()
    said = ""
    try:
        found = read(f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n")
        assert len(found.digest) == 32
    except ValueError as error:
        said = str(error)
    assert said in {"", "holds a damaged certificate"}
