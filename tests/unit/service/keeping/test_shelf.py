"""Which image files are served, and that the last image of a zone stays the last."""

import socket
from pathlib import Path

import pytest

from tests.zones_text import zone
from zoneserver.image.compile import compile_zone
from zoneserver.image.images import Images
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.service.keeping import shelf as module
from zoneserver.service.keeping import store as store_module
from zoneserver.service.keeping.shelf import Shelf
from zoneserver.service.keeping.store import Served, Store, open_image_file
from zoneserver.zone.zone import Zone

COM, NET = Name.parse("example.com."), Name.parse("example.net.")


class Shelved:
    """A shelf, and what stands."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.store = Store(self.state, folder / "zones")
        self.shelf = Shelf(self.store)
        self.standing: dict[bytes, None] = {}

    def put(self, address: str, *origins: Name) -> None:
        """Write a file with these zones, in which `www` has an address."""
        images = [
            (each.key, compile_zone(zone(f"www A {address}", str(each)))) for each in origins
        ]
        self.shelf.open(self.store.write(lambda: images))
        self.standing |= dict.fromkeys(each.key for each in origins)

    def served(self) -> Served:
        """What is to be served now."""
        return self.shelf.served(())

    def remove(self, origin: Name) -> None:
        """Have a zone served no longer."""
        del self.standing[origin.key]
        self.shelf.remove([origin])

    def address(self, origin: Name) -> str | None:
        """What a worker finds that is told to serve it; None: no such zone."""
        served = self.served()
        files = [open_image_file(path) for path in served.files]
        found = Images.gather(files, [each.key for each in served.gone], ()).find(origin)
        if found is None:
            return None
        assert isinstance(found, Zone)
        www = found.find(Name.parse(f"www.{origin}"))
        assert www is not None
        rrset = www.find(rtypes.A)
        assert rrset is not None
        (rdata,) = rrset.rdatas
        return socket.inet_ntoa(rdata.wire)


@pytest.fixture
def shelved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelved:
    """A shelf with nothing on it."""
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(store_module, "_MEMORY", tmp_path / "memory")
    return Shelved(tmp_path)


def test_later_file_counts(shelved: Shelved) -> None:
    """And one of which nothing counts any more goes."""
    shelved.put("192.0.2.1", COM, NET)
    shelved.put("192.0.2.2", COM)
    shelved.put("192.0.2.3", COM)

    assert ("192.0.2.3", "192.0.2.1") == (shelved.address(COM), shelved.address(NET))
    assert 2 == len(shelved.served().files)


def test_zone_that_goes_is_in_no_file_or_named(shelved: Shelved) -> None:
    """It does not come back by an older image; when it comes again, it is there."""
    shelved.put("192.0.2.1", COM, NET)
    shelved.put("192.0.2.2", COM)
    shelved.remove(COM)

    assert (COM,) == shelved.served().gone
    assert (None, "192.0.2.1") == (shelved.address(COM), shelved.address(NET))
    shelved.put("192.0.2.3", COM)
    assert () == shelved.served().gone
    assert "192.0.2.3" == shelved.address(COM)
    shelved.remove(NET)
    assert ((), 1) == (shelved.served().gone, len(shelved.served().files))


def test_image_that_was_away_does_not_hide_a_newer_one(shelved: Shelved) -> None:
    """Written while the state directory was full, it comes home after the next edit."""
    shelved.put("192.0.2.1", COM, NET)
    shelved.state.rename(shelved.state.with_name("lost"))
    shelved.state.write_text("in the way")
    shelved.put("192.0.2.2", COM, NET)
    shelved.state.unlink()
    shelved.state.with_name("lost").rename(shelved.state)
    shelved.put("192.0.2.3", COM)
    moved = dict(shelved.shelf.bring_home(shelved.standing.keys()))

    assert {NET.key} == moved.keys()
    assert ("192.0.2.3", "192.0.2.2") == (shelved.address(COM), shelved.address(NET))
    assert not any(map(shelved.store.is_away, shelved.served().files))


def test_many_files_become_few(shelved: Shelved, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the last image of each zone, and none of zones that went."""
    monkeypatch.setattr(module, "MOST_FILES", 3)
    org = Name.parse("example.org.")
    shelved.put("192.0.2.1", COM, NET, org)
    for number in range(2, 6):
        shelved.put(f"192.0.2.{number}", *((COM, org) if number == 2 else (COM, NET)))
    shelved.remove(org)
    list(shelved.shelf.tidy(shelved.standing.keys()))

    assert "192.0.2.5" == shelved.address(COM) == shelved.address(NET)
    assert shelved.address(org) is None
    assert len(shelved.served().files) <= 2
