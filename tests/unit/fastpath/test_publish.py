"""Image files that the native engine is given: sound, damaged, and not there at all."""

import random
import struct
from pathlib import Path

import dns.message
import pytest

from tests.unit.fastpath.engines import make_engine

QUERY = dns.message.make_query("www.example.com.", "MX").to_wire()
KEY = b"\7example\3com\0"
ADDRESS = bytes(4)


def image_file(zone: bytes, key: bytes = KEY) -> bytes:
    """An image file of one zone; its digest is for Python to check."""
    directory = struct.pack("<QQH", 48, len(zone), len(key)) + key
    at = 48 + len(zone)
    length = at + len(directory)
    header = struct.pack("<8sQ16sIIQ", b"ZONEIMG\4", length, bytes(16), 1, 0, at)
    return header + zone + directory


# A zone image that promises all and holds nothing.
HOLLOW = image_file(b"ZONE" + b"\xff" * 68)


def write(folder: Path, octets: bytes) -> str:
    """A file of these octets; its path."""
    path = folder / f"{len(list(folder.iterdir()))}.zimg"
    path.write_bytes(octets)
    return str(path)


def is_refused(engine: object) -> bool:
    """Whether the answer is REFUSED, rather than handed over."""
    answer = engine.answer(QUERY, False, ADDRESS, 0)  # type: ignore[attr-defined]
    return answer is not None and answer[3] & 0x0F == 5


def test_a_damaged_zone_is_handed_over(tmp_path: Path) -> None:
    """The zone is ours, but Python must answer for it."""
    engine = make_engine()
    assert is_refused(engine)
    engine.publish([write(tmp_path, HOLLOW)], [], [])
    assert engine.answer(QUERY, False, ADDRESS, 0) is None


def test_gone_and_refused_zones(tmp_path: Path) -> None:
    """A zone that is gone is nobody's, one that is refused is Python's."""
    engine, path = make_engine(), write(tmp_path, HOLLOW)
    engine.publish([path], [KEY], [])
    assert is_refused(engine)
    engine.publish([], [], [KEY])
    assert engine.answer(QUERY, False, ADDRESS, 0) is None


def test_only_what_is_named_stays_mapped(tmp_path: Path) -> None:
    """A file is mapped once, and let go when it is no longer named."""
    engine, path = make_engine(), write(tmp_path, HOLLOW)

    def mappings() -> int:
        return Path("/proc/self/maps").read_text().count(path)

    counts = [mappings()]
    for files in ([path], [path, path], [path], []):
        engine.publish(files, [], [])
        counts.append(mappings())
    assert [0, 1, 1, 1, 0] == counts


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        HOLLOW[:20],
        HOLLOW[:-1],
        HOLLOW + b"\0",
        b"ZONEIMG\5" + HOLLOW[8:],
        HOLLOW[:40] + b"\xff" * 8 + HOLLOW[48:],
        HOLLOW[:32] + b"\xff" * 4 + HOLLOW[36:],
        image_file(bytes(63)),
    ],
    ids=["empty", "header", "cut", "longer", "version", "directory", "zones", "zone"],
)
def test_a_damaged_file_changes_nothing(tmp_path: Path, octets: bytes) -> None:
    """What cannot be used is said by name, and the zones stay as they were."""
    engine, damaged = make_engine(), write(tmp_path, octets)
    engine.publish([], [], [KEY])
    with pytest.raises(ValueError, match=Path(damaged).name):
        engine.publish([write(tmp_path, HOLLOW), damaged], [], [])
    with pytest.raises(FileNotFoundError):
        engine.publish([str(tmp_path / "missing")], [], [])
    assert not is_refused(engine)


def test_random_octets_do_no_harm(tmp_path: Path) -> None:
    """Whatever a file holds, it is refused or its zones are handed over."""
    rng, engine = random.Random(4), make_engine()
    for number in range(200):
        octets = bytearray(image_file(b"ZONE" + rng.randbytes(400)))
        for _ in range(number % 3):
            octets[rng.randrange(8, len(octets))] = rng.choice((0, 255, rng.randrange(256)))
        path = write(tmp_path, bytes(octets))
        try:
            engine.publish([path], [], [])
        except ValueError:
            continue
        answer = engine.answer(QUERY, bool(number % 2), ADDRESS, 0)
        assert answer is None or QUERY[:2] == answer[:2]
