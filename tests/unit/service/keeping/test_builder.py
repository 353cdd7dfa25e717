"""The builder: whatever goes wrong in a reload, what is served stays."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.logs import read_log
from tests.servers import GOOD_ZONE, write_zones
from zoneserver.errors import ConfigurationError
from zoneserver.names import Name
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.keeping.builder import Builder
from zoneserver.service.keeping.store import Served, Store
from zoneserver.service.running.channel import Channel
from zoneserver.service.running.reloads import Order
from zoneserver.transfer.settings import Peer, Secondary, TransferSettings
from zoneserver.transports.endpoint import Endpoint


class Building:
    """A builder, and a main process that takes whatever it says into service."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.settings = Settings(write_zones(folder, example_com=GOOD_ZONE), **settings)
        self.store = Store(folder / "state", self.settings.zones)
        self.builder = Builder(lambda: self.settings, self.store)
        self.served: list[Served] = []
        ours, theirs = socket.socketpair()
        self.channel, self._main = Channel(theirs), Channel(ours)
        self._ends = ours, theirs
        self._thread = threading.Thread(target=self._take)
        self._thread.start()

    def _take(self) -> None:
        while (message := self._main.receive()) is not None:
            if "serve" in message:
                self.served.append(Served.read(message["serve"]))
                self._main.send({"served": True})

    def close(self) -> None:
        """Leave nothing behind."""
        self._ends[1].close()
        self._thread.join(5)
        self._ends[0].close()
        self.store.close()


@contextmanager
def building(folder: Path, **settings: Any) -> Iterator[Building]:
    """A builder that has published one zone."""
    made = Building(folder, **settings)
    try:
        made.builder._start(made.channel)
        yield made
    finally:
        made.close()


def test_reload_that_fails_unexpectedly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is served stays, and the log has the traceback."""

    def explode(*_: object) -> None:
        raise MemoryError("\x1bout of it")

    with building(tmp_path) as made:
        monkeypatch.setattr(made.builder._keeper, "renew", explode)
        made.builder._renew_again(made.channel, Order())

        assert len(made.served) == 1
        assert [Path(file).exists() for file in made.served[0].files] == [True]
    log = read_log(caplog)
    assert "the reload failed, what is served stays" in log
    assert "MemoryError: \\x1bout of it" in log


def test_images_that_cannot_be_written_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """No disk, no memory: what is served stays, and it is said in a line."""
    with building(tmp_path) as made:
        for folder in ("_folder", "_spare"):
            monkeypatch.setattr(made.store, folder, tmp_path / "zones/example.com.yaml/x")
        write_zones(tmp_path, example_com=GOOD_ZONE.replace("10", "20"))
        made.builder._renew_again(made.channel, Order())

        assert len(made.served) == 1
    log = read_log(caplog)
    assert "Not a directory\nwhat is served stays as it is" in log
    assert "Traceback" not in log


def test_new_configuration_is_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As far as it needs no restart; a broken one is not."""
    with building(tmp_path) as made:
        made.settings = Settings(zones=tmp_path / "nowhere", nsid=b"new")
        made.builder._renew_again(made.channel, Order())
        log = read_log(caplog)
        assert "change at the next start only" in log
        assert "cannot read the zones folder" in log

        def fail() -> Settings:
            raise ConfigurationError("zoneserver.yaml:1:1: not today")

        made.builder._read_settings = fail
        made.builder._renew_again(made.channel, Order())
        log = read_log(caplog)

        assert "not today\nthe old configuration stays" in log
        assert len(made.served) == 1


ORG, NET = Name.parse("example.org."), Name.parse("example.net.")


def secondary(origin: Name) -> TransferSettings:
    """One zone comes from elsewhere."""
    return TransferSettings(
        secondaries=(Secondary(origin, (Peer(Endpoint("192.0.2.1", 53)),)),)
    )


def test_zone_that_is_awaited_is_no_mistake(tmp_path: Path) -> None:
    """Neither is it a reason not to start, nor does it wait for anybody here."""
    with building(tmp_path, strict_start=True, transfers=secondary(ORG)) as made:
        outcome = made.builder._renew_again(made.channel, Order())

        assert [(ORG,)] == [served.refused for served in made.served]
        assert "ok" == outcome["result"]


def test_zones_from_elsewhere_are_those_of_the_start(tmp_path: Path) -> None:
    """Whoever fetches them knows no others, until the next one."""
    with building(tmp_path, transfers=secondary(ORG)) as made:
        made.settings = replace(made.settings, transfers=secondary(NET))
        made.builder._renew_again(made.channel, Order())

        assert [(ORG,)] == [served.refused for served in made.served]
