"""What the main process knows of zones: told by the builder, and only what has changed."""

import json
from pathlib import Path

import pytest

from tests.servers import BAD_ZONE, GOOD_ZONE, OTHER_ZONE, write_zones
from zoneserver.names import Name
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.keeping.keeper import Keeper
from zoneserver.service.keeping.serials import Serials
from zoneserver.service.keeping.store import Store
from zoneserver.service.keeping.survey import Survey
from zoneserver.service.observing import overview as module
from zoneserver.service.observing.counters import Counters
from zoneserver.service.observing.overview import Document, Overview, Reload, ZoneState, tell

DONE = Reload(1000.0, 0.5, "ok", changed=1)
WARNED = GOOD_ZONE.replace("'':", "$ttl: 2\n'':").replace("$ttl: 300\n", "")


class Surveying:
    """A keeper over a folder, its survey, and the overview that comes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(zones=folder / "zones")
        self.keeper = Keeper(Store(folder / "state", self.settings.zones), Serials(None))
        self.survey = Survey(self.keeper)
        self.overview = Overview()

    def renew(self, **zones: str) -> list[Document]:
        """Write zones, renew, and what was told of it; None removes."""
        write_zones(self.folder, **zones)
        told = list(self.survey.tell(self.keeper.renew(self.settings), DONE))
        for each in told:
            self.overview.update(json.loads(json.dumps(each)))
        return told

    def zone(self, origin: str = "example.com.") -> ZoneState:
        """What is known of a zone."""
        return self.overview.zones[origin]


@pytest.fixture
def made(tmp_path: Path) -> Surveying:
    """A survey of two zones."""
    surveying = Surveying(tmp_path)
    surveying.renew(example_com=GOOD_ZONE, example_net=OTHER_ZONE)
    return surveying


def test_every_zone_is_told_first(made: Surveying) -> None:
    """With its serial, its size, where its mail goes, and its files."""
    state = made.zone()
    version = made.keeper.standing.get(Name.parse("example.com."))

    assert version
    assert {"example.com.", "example.net."} == made.overview.zones.keys()
    assert version.zone.serial == state.serial
    assert 7 == state.records
    assert "mail.example.com. (10)" == state.route
    assert state.loaded > 1_600_000_000
    assert (str(made.folder / "zones/example.com.yaml"),) == state.files
    assert not state.blocked
    assert () == state.findings
    assert DONE == made.overview.reload


def test_only_what_changed_is_told(made: Surveying) -> None:
    """An edit is one zone; without one, none."""

    def told(documents: list[Document]) -> list[str]:
        return [zone["origin"] for each in documents for zone in each.get("zones", ())]

    assert ["example.com."] == told(made.renew(example_com=GOOD_ZONE.replace("10", "20")))
    assert [] == told(made.renew())
    assert "mail.example.com. (20)" == made.zone().route
    assert 3 == made.overview.reloads


def test_zone_that_is_kept_is_stale(made: Surveying) -> None:
    """With what is wrong with its files; once they are mended, it is not."""
    serial = made.zone().serial
    made.renew(example_com=BAD_ZONE)
    stale = made.zone()
    listed = list(made.overview.stale())
    made.renew(example_com=GOOD_ZONE)

    assert (True, False, serial) == (stale.stale, stale.refused, stale.serial)
    assert ["MX001"] == [each["code"] for each in stale.findings]
    assert [stale] == listed
    assert not made.zone().blocked
    assert () == made.zone().findings


def test_zone_that_is_refused(made: Surveying) -> None:
    """It has no serial, and its file is named by what was found in it."""
    made.renew(example_org=BAD_ZONE.replace("example.com", "example.org"))
    state = made.zone("example.org.")

    assert (True, False, 0) == (state.refused, state.stale, state.serial)
    assert (str(made.folder / "zones/example.org.yaml"),) == state.files
    assert ["MX001"] == [each["code"] for each in state.findings]


def test_warnings_outlive_a_restart(made: Surveying) -> None:
    """They are about the files as they are, whenever those were read."""
    made.renew(example_com=WARNED)
    codes = [each["code"] for each in made.zone().findings]
    again = Surveying(made.folder)
    served = made.keeper._served()
    again.keeper.restore(served, again.settings.defaults)
    again.renew()

    assert {"MX027"} == set(codes)
    assert codes == [each["code"] for each in again.zone().findings]
    assert made.zone().loaded == again.zone().loaded


def test_many_zones_come_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first document clears what was known, the last has the outcome."""
    monkeypatch.setattr(module, "AT_ONCE", 2)
    states = [ZoneState(f"{number}.example.") for number in range(5)]
    documents = list(tell(states, ["gone.example."], DONE, anew=True))
    overview = Overview(zones={"old.example.": ZoneState("old.example.")})
    for each in documents:
        overview.update(each)

    assert [0, 2, 2, 1] == [len(each.get("zones", ())) for each in documents]
    assert [each.origin for each in states] == list(overview.zones)
    assert DONE == overview.reload


def test_zone_that_goes_is_forgotten() -> None:
    """By its name."""
    overview = Overview(zones={"a.": ZoneState("a."), "b.": ZoneState("b.")})
    for each in tell([], ["a.", "c."], Reload(0, 0, "failed", "no disk"), anew=False):
        overview.update(each)

    assert ["b."] == list(overview.zones)
    assert 1 == overview.failures


def test_counters_outlive_their_worker() -> None:
    """What a worker counted is not lost with it, whatever its successor counts."""
    counters = Counters()
    counters.note(0, {"udp": 5})
    counters.note(1, {"udp": 1, "tcp": 1})
    counters.note(0, {"udp": 7})
    counters.end(0)
    counters.note(0, {"udp": 2})
    counters.end(2)

    assert {"udp": 10, "tcp": 1} == counters.total()
