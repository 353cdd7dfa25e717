"""Which image of a zone counts, whatever set was made before."""

import socket

import pytest

from tests.images import image_file
from tests.zones_text import zone
from zoneserver.image.images import Images
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.zone.zone import Zone

COM, NET = Name.parse("example.com."), Name.parse("example.net.")


def make_file(number: int, *origins: Name) -> memoryview:
    """An image file with these zones, in which `www` has an address with a number."""
    text = f"www A 192.0.2.{number}"
    return memoryview(image_file(*(zone(text, str(origin)) for origin in origins)))


FILES = [make_file(1, COM, NET), make_file(2, COM), make_file(3, NET)]


def found(images: Images, origin: Name) -> str | None:
    """The address; `refused`; None: no such zone."""
    zone = images.find(origin)
    if not isinstance(zone, Zone):
        return "refused" if zone else None
    node = zone.find(Name.parse(f"www.{origin}"))
    assert node is not None
    return socket.inet_ntoa(node.get(rtypes.A).rdatas[0].wire)


STEPS: list[tuple[list[memoryview], list[Name], list[Name], list[str | None]]] = [
    (FILES[:1], [], [], ["192.0.2.1", "192.0.2.1"]),
    (FILES[:2], [], [], ["192.0.2.2", "192.0.2.1"]),
    (FILES[:2], [NET], [], ["192.0.2.2", None]),
    (FILES[:2], [], [], ["192.0.2.2", "192.0.2.1"]),
    (FILES, [], [COM], ["refused", "192.0.2.3"]),
    (FILES, [COM], [], [None, "192.0.2.3"]),
    (FILES[1:], [], [], ["192.0.2.2", "192.0.2.3"]),
    (FILES[2:], [], [], [None, "192.0.2.3"]),
    ([], [], [], [None, None]),
    (FILES[:1], [], [], ["192.0.2.1", "192.0.2.1"]),
]


def test_set_after_set() -> None:
    """A set is made from the one before it as it is made from its files alone."""
    images = Images({})
    for files, gone, refused, expected in STEPS:
        images = images.replaced(files, [e.key for e in gone], [e.key for e in refused])

        assert expected == [found(images, COM), found(images, NET)]


def test_files_that_go_on_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 100,000 zones in the first file, that would take longer than all else."""
    images = Images.gather(FILES[:1], [], [])
    read: list[memoryview] = []

    def read_directory(octets: memoryview) -> tuple[()]:
        read.append(octets)
        return ()

    monkeypatch.setattr("zoneserver.image.images.f.read_directory", read_directory)
    images.replaced(FILES[:2], [], [])

    assert FILES[1:2] == read
