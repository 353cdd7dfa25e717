"""What becomes of versions: in a journal before the next one is served, and never wrong."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.figures import Figures
from tests.logs import read_log
from tests.servers import GOOD_ZONE, OTHER_ZONE, write_zones
from tests.zones_text import reply
from zoneserver.errors import ImageError
from zoneserver.image.images import open_image
from zoneserver.image.reader import ZoneImage
from zoneserver.names import Name
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.disk.copies import copies_folder, copy_path
from zoneserver.service.keeping import chronicle as module
from zoneserver.service.keeping import keeper as keeping
from zoneserver.service.keeping.chronicle import Chronicle
from zoneserver.service.keeping.keeper import Keeper, Renewal
from zoneserver.service.keeping.serials import Serials
from zoneserver.service.keeping.store import Served, Store
from zoneserver.service.keeping.versions import Imaged
from zoneserver.service.running.reloads import Order
from zoneserver.service.transferring.history import History
from zoneserver.service.transferring.journals import FOLDER, Journals
from zoneserver.transfer.settings import Peer, Rule, Secondary, TransferSettings
from zoneserver.transports.endpoint import Endpoint

COM, NET = Name.parse("example.com."), Name.parse("example.net.")
ORG = Name.parse("example.org.")
COPY = """\
example.org.\t300\tIN\tSOA\tns1.example.org. h.example.org. {serial} 7200 900 86400 300
example.org.\t300\tIN\tNS\tns1.example.org.
ns1.example.org.\t300\tIN\tA\t192.0.2.1
mail.example.org.\t300\tIN\tA\t192.0.2.{serial}
"""
COPY_STEP = [
    "example.org. 300 SOA ns1.example.org. h.example.org. 8 7200",
    "mail.example.org. 300 A 192.0.2.8",
    "example.org. 300 SOA ns1.example.org. h.example.org. 9 7200",
    "mail.example.org. 300 A 192.0.2.9",
]
FORCED = Order(force_all=True)


def _zone(number: int, serial: int | None = None) -> str:
    """A zone whose mail host has an address of this number."""
    text = GOOD_ZONE.replace("192.0.2.25", f"192.0.2.{number}")
    return text if serial is None else f"$soa: {{serial: {serial}}}\n{text}"


class Chronicling:
    """A keeper over a folder of its own, of which anybody may take example.com."""

    def __init__(self, folder: Path, *zones: Name) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.settings = Settings(zones=folder / "zones")
        self.store = Store(self.state, self.settings.zones)
        self.history = History(self.state)
        self.transfers = TransferSettings(allow=(Rule(zones=frozenset(zones)),))
        self.start_anew()

    def start_anew(self, served: Served | None = None) -> None:
        """As after a restart."""
        chronicle = Chronicle(Journals(self.state), self.transfers)
        self.keeper = Keeper(self.store, Serials.load(self.state), chronicle)
        if served is not None:
            self.keeper.restore(served, self.settings.defaults)

    def renew(self, order: Order | None = None, **zones: str) -> Renewal:
        """Write these zones, and read what has changed."""
        write_zones(self.folder, **zones)
        return self.keeper.renew(self.settings, order)

    def image(self, origin: Name = COM) -> ZoneImage:
        """What is served of a zone."""
        version = self.keeper.standing.get(origin)
        assert isinstance(version, Imaged)
        return open_image(version.place)

    def since(self, serial: int, origin: Name = COM) -> list[list[str]]:
        """What whoever has a serial is sent; records as dnspython reads them, the SOAs cut."""
        found = self.history.find(origin, self.image(origin), serial)
        return [
            [" ".join(line.split()[:7]) for line in _lines(list(each.records()))]
            for each in found
        ]


def _lines(records: list[bytes]) -> list[str]:
    header = b"\0\0\x80\0\0\0" + len(records).to_bytes(2) + bytes(4)
    return list(reply(header + b"".join(records)).answer)


def _soa(serial: int) -> str:
    return f"example.com. 300 SOA ns1.example.com. hostmaster.example.com. {serial} 7200"


def _mail(number: int) -> str:
    return f"mail.example.com. 300 A 192.0.2.{number}"


def _step(before: int, after: int, old: int, new: int) -> list[str]:
    return [_soa(before), _mail(old), _soa(after), _mail(new)]


@pytest.fixture(params=["in process", "by a crew"])
def kept(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Chronicling:
    """A few zones are read at once, many by several processes: with the same outcome."""
    if request.param == "by a crew":
        monkeypatch.setattr(keeping, "MOST_ZONES", 0)
    return Chronicling(tmp_path, COM)


def test_edits_are_noted(kept: Chronicling) -> None:
    """Each with what went and what came; zones that nobody may take are not."""
    for serial in (1, 2, 3):
        kept.renew(example_com=_zone(serial, serial), example_net=OTHER_ZONE * (serial < 3))

    assert [_step(1, 2, 1, 2), _step(2, 3, 2, 3)] == kept.since(1)
    assert [_step(2, 3, 2, 3)] == kept.since(2)
    assert [] == kept.since(3)
    assert ["example.com.journal"] == [path.name for path in (kept.state / FOLDER).iterdir()]


def test_automatic_serials(kept: Chronicling) -> None:
    """They rise, and so everything is noted."""
    kept.renew(example_com=_zone(1))
    first = kept.image().serial
    kept.renew(example_com=_zone(2))
    second = kept.image().serial

    assert [_step(first, second, 1, 2)] == kept.since(first)


def test_restart_goes_on(kept: Chronicling) -> None:
    """With the version of the last run, and with what was edited meanwhile."""
    kept.renew(example_com=_zone(1, 1))
    served = kept.renew(example_com=_zone(2, 2)).served
    kept.start_anew(served)
    kept.renew(example_com=_zone(3, 3))

    assert [_step(1, 2, 1, 2), _step(2, 3, 2, 3)] == kept.since(1)


def test_version_that_was_not_served(kept: Chronicling) -> None:
    """A crash came between the journal and the manifest."""
    served = kept.renew(example_com=_zone(1, 1)).served
    kept.renew(example_com=_zone(2, 2))
    kept.start_anew(served)
    assert [] == kept.since(1)  # the version of before the crash is served
    kept.renew(example_com=_zone(3, 3))
    assert [] == kept.since(2)
    kept.renew(example_com=_zone(4, 4))
    assert [_step(3, 4, 3, 4)] == kept.since(3)


def test_copies_are_noted(kept: Chronicling) -> None:
    """Of zones of other servers, too: whoever takes them from us, is sent differences."""
    primaries = (Peer(Endpoint("192.0.2.1", 53)),)
    transfers = replace(
        kept.transfers, allow=(Rule(),), secondaries=(Secondary(ORG, primaries),)
    )
    kept.settings = replace(kept.settings, state=kept.state, transfers=transfers)
    kept.transfers = transfers
    kept.start_anew()
    copies = copies_folder(kept.state)
    copies.mkdir(parents=True)
    for serial in (7, 8, 8, 9):
        path = copy_path(copies, ORG)
        path.with_suffix(".new").write_text(COPY.format(serial=serial))
        path.with_suffix(".new").replace(path)
        kept.renew(example_com=GOOD_ZONE)

    assert [[], [], [COPY_STEP]] == [kept.since(each, ORG) for each in (6, 9, 8)]
    assert 2 == len(kept.since(7, ORG))


def test_comment_is_no_version(kept: Chronicling) -> None:
    """Nor is anything else that leaves the records as they are."""
    kept.renew(example_com=_zone(1, 1))
    kept.renew(example_com="# a comment\n" + _zone(1, 1))

    assert not (kept.state / FOLDER).exists()


def test_serial_must_rise(kept: Chronicling, figures: Figures) -> None:
    """Acceptance 68: what secondaries would not notice is not served, unless it is forced."""
    kept.renew(example_com=_zone(1, 10), example_net=OTHER_ZONE)
    for serial in (10, 9, 10 + (1 << 31)):
        renewal = kept.renew(example_com=_zone(2, serial))
        (finding,) = (each for each in renewal.admission.findings if each.code == "NS016")
        assert finding.blocks
        assert "write 11" in finding.fix
        assert "reload --force example.com." in finding.fix
        assert {COM} == renewal.admission.kept
        assert 10 == kept.image().serial
    renewal = kept.renew(FORCED, example_com=_zone(2, 9))

    assert 9 == kept.image().serial
    assert not any(each.blocks for each in renewal.admission.findings)
    figures.add(
        "68 zone with secondaries, serial not higher", "refused, 3 of 3; forced: served"
    )


def test_serial_need_not_rise_without_secondaries(kept: Chronicling) -> None:
    """It is a warning there."""
    net = OTHER_ZONE + "$soa: {serial: 10}\n"
    kept.renew(example_com=GOOD_ZONE, example_net=net)
    renewal = kept.renew(example_net=net.replace("192.0.2.25", "192.0.2.26"))

    assert {"NS016"} == {each.code for each in renewal.admission.findings if each.level}
    assert [NET] == [each.origin for each in renewal.admission.versions]


def test_serial_need_not_rise_where_nothing_stands(kept: Chronicling) -> None:
    """A zone that works must load: with a new state directory, or from another folder."""
    kept.renew(example_com=_zone(1, 10))
    kept.start_anew()
    renewal = kept.renew(example_com=_zone(2, 9))

    assert {COM} == {each.origin for each in renewal.admission.versions}


def test_serial_that_two_versions_had(kept: Chronicling) -> None:
    """Nobody can tell which one somebody has: who has it, is sent the whole zone."""
    kept.renew(example_com=_zone(1, 1))
    kept.renew(example_com=_zone(2, 2))
    kept.renew(FORCED, example_com=_zone(3, 2))
    kept.renew(example_com=_zone(4, 3))
    assert [[], []] == [kept.since(1), kept.since(2)]
    kept.renew(example_com=_zone(5, 4))
    assert [_step(3, 4, 4, 5)] == kept.since(3)


def test_zone_that_comes_back_as_another(kept: Chronicling) -> None:
    """Nothing of it was in a journal yet."""
    kept.renew(example_com=_zone(1, 1), example_net=OTHER_ZONE)
    (kept.folder / "zones/example.com.yaml").unlink()
    kept.renew(FORCED)
    kept.renew(FORCED, example_com=_zone(2, 1))
    for serial in (2, 3):
        kept.renew(example_com=_zone(serial + 1, serial))

    assert [[], [_step(2, 3, 3, 4)]] == [kept.since(1), kept.since(2)]


def test_zone_that_goes_and_comes_back(kept: Chronicling) -> None:
    """As something else, with the same serial."""
    kept.renew(example_com=_zone(1, 1), example_net=OTHER_ZONE)
    kept.renew(example_com=_zone(2, 2))
    for origin in ("example.com", "example.net"):
        (kept.folder / f"zones/{origin}.yaml").unlink()
    kept.renew(FORCED, example_org=OTHER_ZONE.replace("example.net", "example.org"))
    kept.renew(FORCED, example_com=_zone(9, 2))
    kept.renew(example_com=_zone(3, 3))

    assert [[], []] == [kept.since(1), kept.since(2)]


def test_no_more_than_the_zone_is_worth(kept: Chronicling) -> None:
    """RFC 1995 5: who would be sent more than that, is sent the zone."""
    names = "".join(f"n{number}: {{type: A, value: 192.0.2.1}}\n" for number in range(400))
    kept.renew(example_com=_zone(1, 1) + names)
    kept.renew(example_com=_zone(2, 2) + names)
    kept.renew(example_com=_zone(2, 3) + names.replace("192.0.2.1}", "192.0.2.2}"))
    assert [[], []] == [kept.since(1), kept.since(2)]
    kept.renew(example_com=_zone(4, 4) + names.replace("192.0.2.1}", "192.0.2.2}"))
    assert 1 == len(kept.since(3))


def test_many_at_once(kept: Chronicling, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that gain the most are noted; the others are sent whole."""
    monkeypatch.setattr(module, "MOST_SECONDS", 0)
    kept.transfers = TransferSettings(allow=(Rule(),))
    kept.start_anew()
    large = "".join(f"n{number}: {{type: A, value: 192.0.2.1}}\n" for number in range(9))
    for number in (1, 2):
        other = OTHER_ZONE.replace("192.0.2.25", f"192.0.2.{number}")
        kept.renew(
            example_com=_zone(number, number) + large,
            example_net=f"$soa: {{serial: {number}}}\n{other}",
        )

    assert (1, 0) == (len(kept.since(1)), len(kept.since(1, NET)))


def test_many_that_end_at_once(kept: Chronicling, monkeypatch: pytest.MonkeyPatch) -> None:
    """They take their turns; until then nothing follows on them."""
    kept.transfers = TransferSettings(allow=(Rule(),))
    kept.start_anew()
    for order, number, serial in ((None, 1, 1), (FORCED, 2, 1), (None, 3, 2), (None, 4, 3)):
        monkeypatch.setattr(module, "MOST_SECONDS", 0 if order else 10)
        other = OTHER_ZONE.replace("192.0.2.25", f"192.0.2.{number}")
        kept.renew(
            order,
            example_com=_zone(number, serial),
            example_net=f"$soa: {{serial: {serial}}}\n{other}",
        )

    for origin in (COM, NET):
        assert [0, 1] == [len(kept.since(serial, origin)) for serial in (1, 2)]


def _fail(*_: object, **__: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _spoil(path: Path) -> None:
    octets = bytearray(path.read_bytes())
    octets[-20] ^= 1
    path.write_bytes(octets)


def test_journal_that_cannot_be_written(
    kept: Chronicling,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    figures: Figures,
) -> None:
    """Acceptance 93: the zone is served, it is said once, and the journal begins again."""
    for serial in (1, 2):
        kept.renew(example_com=_zone(serial, serial))
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", _fail)
        for serial in (3, 4, 5):
            kept.renew(example_com=_zone(serial, serial))
    assert 5 == kept.image().serial
    said = read_log(caplog)
    kept.renew(example_com=_zone(6, 6))

    assert 1 == said.count("the journal of example.com. cannot be written: No space left")
    assert [[], [_step(5, 6, 5, 6)]] == [kept.since(4), kept.since(5)]
    figures.add("93 journal on a full disk, 3 reloads", "all served; 1 alarm")


def test_image_that_cannot_be_compared(
    kept: Chronicling, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The new version is served all the same."""

    def fail(*_: object) -> None:
        raise ImageError("its RRsets are damaged")

    monkeypatch.setattr(module, "find_difference", fail)
    for serial in (1, 2):
        kept.renew(example_com=_zone(serial, serial))

    assert 2 == kept.image().serial
    assert "cannot be continued: its RRsets are damaged; secondaries" in read_log(caplog)


def test_end_that_cannot_be_written(kept: Chronicling, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is noted until it is: two versions have the serial."""
    kept.renew(example_com=_zone(1, 1))
    with monkeypatch.context() as patch:
        patch.setattr(Journals, "end", _fail)
        kept.renew(FORCED, example_com=_zone(2, 1))
        kept.renew(example_com=_zone(3, 2))
    assert [] == kept.since(1)
    kept.renew(example_com=_zone(4, 3))
    assert [[], [_step(2, 3, 3, 4)]] == [kept.since(1), kept.since(2)]


@pytest.mark.parametrize("spoil", [_spoil, lambda path: path.write_bytes(b"")])
def test_damaged_journal(
    kept: Chronicling, spoil: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    """It is said, secondaries are sent the whole zone, and the journal begins anew."""
    for serial in (1, 2):
        kept.renew(example_com=_zone(serial, serial))
    spoil(kept.state / FOLDER / "example.com.journal")
    assert [] == kept.since(1)
    assert "the journal of example.com. is damaged" in read_log(caplog)
    kept.renew(example_com=_zone(3, 3))
    assert "the journal of example.com. begins anew" in read_log(caplog)
    kept.renew(example_com=_zone(4, 4))
    assert [[], [_step(3, 4, 3, 4)]] == [kept.since(2), kept.since(3)]


def test_journal_that_cannot_be_read(
    kept: Chronicling, caplog: pytest.LogCaptureFixture
) -> None:
    """Acceptance 93: the same."""
    for serial in (1, 2):
        kept.renew(example_com=_zone(serial, serial))
    path = kept.state / FOLDER / "example.com.journal"
    path.unlink()
    path.mkdir()

    assert [] == kept.since(1)
    assert [] == kept.since(1)
    assert 1 == read_log(caplog).count("cannot be read: Is a directory")


def test_without_a_state_directory(tmp_path: Path) -> None:
    """Nothing is noted, and nothing is found."""
    kept = Chronicling(tmp_path, COM)
    kept.keeper = Keeper(kept.store, Serials(None), Chronicle(None, kept.transfers))
    for serial in (1, 2):
        kept.renew(example_com=_zone(serial, serial))

    assert not History(None).find(COM, kept.image(), 1)
    assert not (tmp_path / "state" / FOLDER).exists()
