"""The zones that come from elsewhere, as they come and go together."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.service.transferring.primary import answering, following
from tests.unit.transfer.answers import A1, NS, ORIGIN, answer, soa
from zoneserver.image.images import Images
from zoneserver.names import Name
from zoneserver.service.transferring.secondaries import Secondaries
from zoneserver.transfer.settings import Peer, Secondary, TransferSettings
from zoneserver.transports.endpoint import Endpoint

NOBODY = Peer(Endpoint("127.0.0.1", 1))
OTHER = Name.parse("example.net.")
ZONE = [answer(soa(7), NS, A1, soa(7))]
WAIT_SECONDS = 10.0


class Case:
    """Secondaries in a loop, and what they say."""

    def __init__(self, folder: Path, *zones: Secondary) -> None:
        self.folder = folder / "copies"
        self.changes = 0
        self.copies: dict[str, dict[str, Any]] = {}
        self.gone: list[str] = []
        settings = TransferSettings(secondaries=zones, seconds=5, stall=2)
        self.secondaries = Secondaries(settings, folder, self._count, self._note)

    def _count(self) -> None:
        self.changes += 1

    def _note(self, document: dict[str, Any]) -> None:
        self.gone += document.get("no_copies", [])
        self.copies |= {each["zone"]: each for each in document.get("copies", [])}

    async def settle(self, check: Callable[[], object]) -> None:
        """Return when it is so."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not check():
                await asyncio.sleep(0)

    def files(self) -> set[str]:
        """What is in the folder."""
        return {path.name for path in self.folder.iterdir()}


def run(live: Callable[[Peer], Awaitable[None]]) -> None:
    """Do this beside a primary of the zone."""

    async def go() -> None:
        async with answering(following(7, AXFR=ZONE)) as primary:
            await live(primary.peer)

    asyncio.run(go())


def test_zones_come_and_go(tmp_path: Path) -> None:
    """The copy of one that is none any more is gone at once, and that is said."""

    async def live(peer: Peer) -> None:
        case = Case(tmp_path, Secondary(ORIGIN, (peer,)), Secondary(OTHER, (NOBODY,)))
        case.secondaries.start()
        await case.settle(lambda: case.copies.get("example.org.", {}).get("serial") == 7)
        await case.settle(lambda: case.copies.get("example.net.", {}).get("problem"))
        assert {"example.org.zone", "example.org.json"} <= case.files()
        assert case.changes == 1
        case.secondaries.publish(Images({}))
        case.secondaries.keep([Secondary(OTHER, (NOBODY,))])
        assert (["example.org."], 2) == (case.gone, case.changes)
        assert "example.org.zone" not in case.files()
        case.secondaries.stop()

    run(live)


def test_zone_gets_another_primary(tmp_path: Path) -> None:
    """It is asked at once; where nothing has changed, nobody is."""

    async def live(peer: Peer) -> None:
        case = Case(tmp_path, Secondary(ORIGIN, (NOBODY,)))
        case.secondaries.start()
        await case.settle(lambda: case.copies.get("example.org.", {}).get("problem"))
        case.secondaries.keep([Secondary(ORIGIN, (NOBODY,))])
        assert case.secondaries.counters["copies_checked"] == 1
        case.secondaries.keep([Secondary(ORIGIN, (NOBODY, peer))])
        await case.settle(lambda: case.copies["example.org."]["serial"] == 7)
        assert case.gone == []
        case.secondaries.stop()

    run(live)


def test_calls_are_counted(tmp_path: Path) -> None:
    """Those that something comes of, and the others."""

    async def live(peer: Peer) -> None:
        case = Case(tmp_path, Secondary(ORIGIN, (peer,)))
        case.secondaries.start()
        await case.settle(lambda: case.copies.get("example.org.", {}).get("serial") == 7)
        for origin, serial in ((ORIGIN, 8), (ORIGIN, 7), (OTHER, 8)):
            case.secondaries.call(origin, "127.0.0.1", serial)
        counters = case.secondaries.counters
        assert (1, 2) == (counters["notify_heeded"], counters["notify_needless"])
        await case.settle(lambda: case.secondaries.counters["copies_checked"] == 2)
        case.secondaries.stop()

    run(live)


def test_folder_cannot_be_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said, and all else goes on."""

    def fail(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    async def live(peer: Peer) -> None:
        case = Case(tmp_path, Secondary(ORIGIN, (peer,)))
        (tmp_path / "copies").mkdir()
        monkeypatch.setattr(Path, "iterdir", fail)
        case.secondaries.start()
        await case.settle(lambda: case.copies.get("example.org.", {}).get("serial") == 7)
        case.secondaries.stop()

    run(live)
    assert "old copies cannot be removed: Permission denied" in caplog.text
