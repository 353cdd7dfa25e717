"""The catalogs that we consume, as their copies come and go."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.logs import read_log
from zoneserver.names import Name
from zoneserver.service.disk.copies import copies_folder, copy_path
from zoneserver.service.disk.members import MemberFiles
from zoneserver.service.transferring.catalogs import MOST_TOLD, Catalogs
from zoneserver.transfer.catalog import write_catalog
from zoneserver.transfer.settings import CatalogSource, Peer, Secondary, TransferSettings
from zoneserver.transports.endpoint import Endpoint

CAT = Name.parse("cat.example.")
COM, NET, ORG = (Name.parse(f"example.{each}.") for each in ("com", "net", "org"))


def peers(address: str) -> tuple[Peer, ...]:
    """A server at an address."""
    return (Peer(Endpoint(address, 53)),)


SETTINGS = TransferSettings(
    secondaries=(Secondary(ORG, peers("192.0.2.9")),),
    catalogs=(
        CatalogSource(
            CAT, peers("192.0.2.1"), peers("192.0.2.2"), (("gold", peers("192.0.2.3")),)
        ),
    ),
)
CONFIGURED = {ORG: "192.0.2.9", CAT: "192.0.2.1"}


class Consuming:
    """Catalogs over a state directory: what they had kept, in order, by origin and address."""

    def __init__(self, state: Path, settings: TransferSettings = SETTINGS) -> None:
        self.state = state
        self.kept: list[dict[Name, str]] = []
        self.changes = 0
        self._settled = asyncio.Event()
        self.catalogs = Catalogs(settings, state, self._keep, self._note)

    def _keep(self, zones: list[Secondary]) -> None:
        found = {each.origin: each.primaries[0].endpoint.address for each in zones}
        self.kept.append(found)

    def _note(self) -> None:
        self.changes += 1
        self._settled.set()

    def zones(self) -> dict[Name, str]:
        """All of them now, with where they come from."""
        return {
            each.origin: each.primaries[0].endpoint.address for each in self.catalogs.zones()
        }

    async def take(self, text: str, catalog: Name = CAT) -> None:
        """A copy of a catalog has come, and what it says is taken up."""
        write_copy(self.state, text, catalog)
        self._settled.clear()
        self.catalogs.look()
        await asyncio.wait_for(self._settled.wait(), 10)


def write_copy(state: Path, text: str, catalog: Name = CAT) -> None:
    """Replace the copy of a catalog, as the one who fetches it does."""
    path = copy_path(copies_folder(state), catalog)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def run(
    state: Path,
    work: Callable[[Consuming], Awaitable[None]],
    settings: TransferSettings = SETTINGS,
) -> Consuming:
    """Let the catalogs work while `work` does something to them."""

    async def life() -> Consuming:
        consuming = Consuming(state, settings)
        consuming.catalogs.start()
        try:
            await work(consuming)
        finally:
            consuming.catalogs.stop()
        return consuming

    return asyncio.run(life())


def test_members_come_and_go(tmp_path: Path) -> None:
    """From where the configuration says, by their groups; the next courier knows them."""

    async def work(consuming: Consuming) -> None:
        assert CONFIGURED == consuming.zones()
        await consuming.take(write_catalog(CAT, {COM: [], NET: ["lead", "gold"]}))
        assert {**CONFIGURED, COM: "192.0.2.2", NET: "192.0.2.3"} == consuming.zones()
        assert consuming.kept == [consuming.zones()]
        await consuming.take(write_catalog(CAT, {NET: []}))
        assert {**CONFIGURED, NET: "192.0.2.2"} == consuming.zones()

    run(tmp_path, work)

    assert {**CONFIGURED, NET: "192.0.2.2"} == Consuming(tmp_path).zones()
    assert {NET} == MemberFiles.below(tmp_path).read([CAT]).keys()


def test_broken_catalog_changes_nothing(tmp_path: Path) -> None:
    """Neither now nor at the next start; a sound one is taken up again."""
    sound = write_catalog(CAT, {COM: []})

    async def break_it(consuming: Consuming) -> None:
        await consuming.take(sound)
        write_copy(tmp_path, sound.replace('TXT "2"', 'TXT "3"'))
        consuming.catalogs.look()
        while not consuming.catalogs.counters["catalogs_broken"]:
            await asyncio.sleep(0)
        assert {**CONFIGURED, COM: "192.0.2.2"} == consuming.zones()

    async def mend_it(consuming: Consuming) -> None:
        assert {**CONFIGURED, COM: "192.0.2.2"} == consuming.zones()
        await consuming.take(write_catalog(CAT, {NET: []}))
        assert {**CONFIGURED, NET: "192.0.2.2"} == consuming.zones()

    run(tmp_path, break_it)
    run(tmp_path, mend_it)


def test_damaged_copy_of_a_catalog_changes_nothing(tmp_path: Path) -> None:
    """A line that cannot be read may have been a member."""
    sound = write_catalog(CAT, {COM: [], NET: []})

    async def work(consuming: Consuming) -> None:
        await consuming.take(sound)
        write_copy(tmp_path, sound.replace(f"PTR {NET}", "PTR"))
        consuming.catalogs.look()
        while not consuming.catalogs.counters["catalogs_broken"]:
            await asyncio.sleep(0)
        assert {COM, NET} <= consuming.zones().keys()

    run(tmp_path, work)


def test_catalog_that_is_too_large_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever makes it shall not have all of the memory here."""
    sound = write_catalog(CAT, {COM: []})
    monkeypatch.setattr("zoneserver.service.transferring.catalogs.MAX_OCTETS", len(sound))

    async def work(consuming: Consuming) -> None:
        await consuming.take(sound)
        write_copy(tmp_path, write_catalog(CAT, {NET: [], COM: []}))
        consuming.catalogs.look()
        while not consuming.catalogs.counters["catalogs_broken"]:
            await asyncio.sleep(0)
        assert {**CONFIGURED, COM: "192.0.2.2"} == consuming.zones()

    run(tmp_path, work)


def test_member_with_another_label_begins_anew(tmp_path: Path) -> None:
    """Its copy goes before it is fetched again (RFC 9432 5.4); the others stay."""

    async def work(consuming: Consuming) -> None:
        text = write_catalog(CAT, {COM: [], NET: []})
        await consuming.take(text)
        line = next(each for each in text.splitlines() if each.endswith(f"PTR {COM}"))
        await consuming.take(text.replace(line, f"other.zones.{CAT} 0 IN PTR {COM}"))

    consuming = run(tmp_path, work)
    first, without, last = consuming.kept

    assert first.keys() - without.keys() == {COM}
    assert first == last


def test_configured_zone_is_no_member(tmp_path: Path) -> None:
    """And neither is a catalog of its own."""

    async def work(consuming: Consuming) -> None:
        await consuming.take(write_catalog(CAT, {ORG: [], CAT: [], COM: []}))
        assert {**CONFIGURED, COM: "192.0.2.2"} == consuming.zones()

    run(tmp_path, work)


def test_many_members_come_and_go_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has some of them; and that most have gone, which may be somebody's mistake."""
    many = {Name.parse(f"{number}.example."): list[str]() for number in range(2 * MOST_TOLD)}

    async def work(consuming: Consuming) -> None:
        await consuming.take(write_catalog(CAT, many))
        assert 2 * MOST_TOLD == consuming.catalogs.counters["members_changed"]
        await consuming.take(write_catalog(CAT, {}))
        assert CONFIGURED == consuming.zones()

    assert 2 == run(tmp_path, work).changes
    assert "cat.example. has removed 40 of its 40 zones" in read_log(caplog)


def test_members_of_catalogs_that_are_configured_no_more_are_forgotten(tmp_path: Path) -> None:
    """Should one be configured again, it begins anew."""

    async def work(consuming: Consuming) -> None:
        await consuming.take(write_catalog(CAT, {COM: []}))

    run(tmp_path, work)
    other = CatalogSource(Name.parse("other.example."), peers("192.0.2.1"))

    async def life() -> None:
        catalogs = Consuming(tmp_path, TransferSettings(catalogs=(other,))).catalogs
        catalogs.start()
        catalogs.stop()

    asyncio.run(life())

    assert {} == MemberFiles.below(tmp_path).read([CAT])


def test_damaged_file_of_members_has_none(tmp_path: Path) -> None:
    """The catalog's copy says them anyway."""
    files = MemberFiles.below(tmp_path)
    files.folder.mkdir()
    (files.folder / "cat.example.json").write_text('{"example.com.": 7}')

    assert {} == files.read([CAT])


def test_member_moves_to_another_catalog(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """If the old one says so, it keeps its copy (RFC 9432 4.3.1); else it is a clash."""
    new = Name.parse("new.example.")
    sources = (*SETTINGS.catalogs, CatalogSource(new, peers("192.0.2.7")))
    text = write_catalog(CAT, {COM: [], NET: []})
    label = next(line for line in text.splitlines() if line.endswith(f"PTR {COM}")).split(".")[
        0
    ]
    moving = f"{text}coo.{label}.zones.{CAT} 0 IN PTR {new}\n"

    async def work(consuming: Consuming) -> None:
        await consuming.take(text)
        await consuming.take(write_catalog(new, {COM: [], ORG: []}), new)
        assert "192.0.2.2" == consuming.zones()[COM]
        await consuming.take(moving)
        assert "192.0.2.7" == consuming.zones()[COM]
        assert all(COM in kept for kept in consuming.kept)

    run(tmp_path, work, TransferSettings(catalogs=sources))
    log = read_log(caplog)

    assert f"{new} lists {COM}, which is another's already" in log
    assert f"{COM} has moved from {CAT} to {new}" in log
    assert {COM} <= MemberFiles.below(tmp_path).read([new]).keys()


def test_members_that_could_not_be_written_are_written_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They are fetched all the same, and with the next version of the catalog it is tried."""
    obstacle = MemberFiles.below(tmp_path).folder
    text = write_catalog(CAT, {COM: []})

    async def work(consuming: Consuming) -> None:
        obstacle.write_text("")
        await consuming.take(text)
        assert COM in consuming.zones()
        obstacle.unlink()
        await consuming.take(text.replace("SOA invalid. invalid. 0", "SOA invalid. invalid. 1"))

    consuming = run(tmp_path, work)

    assert "the members of cat.example. cannot be written" in read_log(caplog)
    assert 1 == len(consuming.kept)
    assert {COM} == MemberFiles.below(tmp_path).read([CAT]).keys()


def test_without_catalogs_there_is_nothing_to_do(tmp_path: Path) -> None:
    """What is configured is all there is."""

    async def work(consuming: Consuming) -> None:
        consuming.catalogs.look()
        assert {ORG: "192.0.2.9"} == consuming.zones()

    run(tmp_path, work, replace(SETTINGS, catalogs=()))
