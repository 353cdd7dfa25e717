"""Image files: whatever is wrong with one is told before any of it is used."""

from hashlib import blake2b

import pytest

from tests.images import image_file
from tests.zones_text import zone
from zoneserver.errors import ImageError
from zoneserver.image import format as f

ZONES = [zone("www A 192.0.2.1\n*.w MX 5 www"), zone("", "example.net."), zone("", ".")]
FILE = image_file(*ZONES)


def _sealed(octets: bytes | bytearray) -> memoryview:
    """With the length and the digest that these octets should have."""
    changed = bytearray(octets)
    changed[8:16] = len(changed).to_bytes(8, "little")
    changed[16:32] = blake2b(changed[32:], digest_size=16).digest()
    return memoryview(changed)


def test_whole_file() -> None:
    """Each zone is found by its origin, at a multiple of eight."""
    f.check_file(memoryview(FILE))
    entries = list(f.read_directory(memoryview(FILE)))

    assert [b"\x07example\0", b"\x07example\x03net\0", b"\0"] == [each.key for each in entries]
    assert [0, 0, 0] == [each.offset % 8 for each in entries]
    assert [b"ZONE"] * 3 == [bytes(FILE[each.offset : each.offset + 4]) for each in entries]


def test_file_without_zones() -> None:
    """Where all zones are refused, none is in the file."""
    empty = memoryview(image_file())
    f.check_file(empty)

    assert [] == list(f.read_directory(empty))


def test_every_octet_counts() -> None:
    """A file of which one bit is wrong is no image file."""
    for at in range(len(FILE)):
        damaged = bytearray(FILE)
        damaged[at] ^= 1 << at % 8
        with pytest.raises(ImageError):
            f.check_file(memoryview(damaged))


def test_no_part_of_it_is_whole() -> None:
    """Nor is one with something behind it."""
    for length in range(len(FILE)):
        with pytest.raises(ImageError):
            f.check_file(memoryview(FILE)[:length])
    with pytest.raises(ImageError, match="octets, and should have"):
        f.check_file(memoryview(FILE + b"\0"))


@pytest.mark.parametrize("magic", [b"ZONEIMG\x03", b"ZONEIMG\x05", b"zoneimg\x04", bytes(8)])
def test_other_versions(magic: bytes) -> None:
    """A file of another version is made anew, however sound it is."""
    with pytest.raises(ImageError, match="version"):
        f.check_file(_sealed(magic + FILE[8:]))


DIRECTORY = int.from_bytes(FILE[40:48], "little")
SECOND = DIRECTORY + 8 + 8 + 2 + len(b"\x07example\0")


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (40, len(FILE)),
        (40, 2**64 - 1),
        (SECOND, 2**63),
        (SECOND, DIRECTORY),
        (SECOND + 8, len(FILE)),
    ],
    ids=["at the end", "nowhere", "zone nowhere", "zone in the directory", "zone too long"],
)
def test_directory_that_leads_astray(at: int, value: int) -> None:
    """No offset is taken on trust, though the digest fits."""
    octets = _sealed(FILE[:at] + value.to_bytes(8, "little") + FILE[at + 8 :])
    f.check_file(octets)

    with pytest.raises(ImageError, match="directory"):
        list(f.read_directory(octets))
