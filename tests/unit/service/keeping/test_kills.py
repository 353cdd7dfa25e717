"""A builder that is killed in the middle of a journal: the old zone or the new, never a mix."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, reduce
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.effort import examples
from tests.figures import Figures
from tests.servers import GOOD_ZONE, write_zones
from tests.zones_text import lines, reply
from zoneserver.image.images import open_image
from zoneserver.image.reader import ZoneImage
from zoneserver.names import Name
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.keeping.chronicle import Chronicle
from zoneserver.service.keeping.keeper import Keeper
from zoneserver.service.keeping.serials import Serials
from zoneserver.service.keeping.store import Store, find_memory, read_places
from zoneserver.service.running.processes import fork
from zoneserver.service.transferring.history import History
from zoneserver.service.transferring.journals import Journals
from zoneserver.transfer.journal import Difference
from zoneserver.transfer.settings import Rule, TransferSettings

KILLS = 200
COM = Name.parse("example.com.")
NAMES, CHANGING = 12, 4  # names, and how many of them change from version to version
# The journal has room for a few differences: it is often written anew, and not appended to.
TRANSFERS = TransferSettings(allow=(Rule(),), journal_octets=16_000)
AT_ONCE = 64  # octets
LONGEST = 0.004  # seconds from the beginning of a journal to the kill


def _texts(serial: int) -> list[str]:
    """What each name has in a version."""
    return [f"{serial if n < CHANGING else 0} {n} {'x' * 40}" for n in range(NAMES)]


def _text(serial: int) -> str:
    texts = enumerate(_texts(serial))
    names = "".join(f"n{number}: {{type: TXT, value: '{text}'}}\n" for number, text in texts)
    return f"$soa: {{serial: {serial}}}\n{GOOD_ZONE}{names}"


@cache
def _expected(serial: int) -> set[str]:
    """The records of a version, as they are written."""
    soa = f"@ 300 SOA ns1 hostmaster {serial} 7200 1800 1209600 3600"
    served = """
        @    300 NS ns1
        @    300 NS ns2
        @    300 MX 10 mail
        mail 300 A  192.0.2.25
        ns1  300 A  192.0.2.1
        ns2  300 A  198.51.100.1
    """
    names = (f'n{number} 300 TXT "{text}"' for number, text in enumerate(_texts(serial)))
    return set(lines("\n".join((soa, served, *names)), "example.com."))


class Killing:
    """Builders over one folder, one after the other, each killed after some versions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(zones=folder / "zones")
        self.state = folder / "state"
        self.store = Store(self.state, self.settings.zones)

    def served(self) -> ZoneImage:
        """What a restart serves."""
        served = self.store.restore()
        assert served
        places = {key: each for path in served.files for key, each in read_places(path).items()}
        return open_image(places[COM.key])

    def build(self, serial: int, begun: int) -> int:
        """The life of a builder: one version after the other; `begun` is told of journals."""

        class Telling(Journals):
            """Journals that say when one is written to."""

            def add(self, difference: Difference, origin: Name, most_octets: int) -> str:
                os.write(begun, b"x")
                return super().add(difference, origin, most_octets)

        pwrite = os.pwrite  # of a slow disk: it takes little at a time
        os.pwrite = lambda file, octets, at: pwrite(file, memoryview(octets)[:AT_ONCE], at)
        keeper = self._keeper(Telling(self.state))
        while True:
            self._renew(keeper, serial)
            serial += 1

    def begin(self) -> None:
        """Have the first version served; builders find in memory then what they need."""
        self._renew(self._keeper(Journals(self.state)), 1)

    def _keeper(self, journals: Journals) -> Keeper:
        """One that has what the last builder has left."""
        chronicle = Chronicle(journals, TRANSFERS)
        keeper = Keeper(self.store, Serials.load(self.state), chronicle)
        if (served := self.store.restore()) is not None:
            keeper.restore(served, self.settings.defaults)
        return keeper

    def _renew(self, keeper: Keeper, serial: int) -> None:
        write_zones(self.folder, example_com=_text(serial))
        renewal = keeper.renew(self.settings)
        assert not renewal.admission.refused
        self.store.keep(renewal.served)
        self.store.sweep(renewal.served)

    @contextmanager
    def building(self, serial: int) -> Iterator[int]:
        """A builder, which is killed at the end of the block; yields what it tells by."""
        heard, begun = os.pipe()
        pid = fork("builder", lambda: self.build(serial, begun), [begun])
        os.close(begun)
        try:
            yield heard
        finally:
            os.kill(pid, signal.SIGKILL)
            os.close(heard)
            _, status = os.waitpid(pid, 0)
        assert -signal.SIGKILL == os.waitstatus_to_exitcode(status)


def _apply(records: set[str], difference: Difference) -> set[str]:
    """What a secondary makes of its records by a difference; it must fit."""
    read = _read(bytes(difference.octets), difference.deleted + difference.added + 2)
    deleted, added = set(read[: difference.deleted + 1]), set(read[difference.deleted + 1 :])
    assert deleted <= records
    assert not added & (records - deleted)
    return records - deleted | added


@cache
def _read(octets: bytes, count: int) -> list[str]:
    """Records in wire form as dnspython reads them."""
    header = b"\0\0\x80\0\0\0" + count.to_bytes(2) + bytes(4)
    return list(reply(header + octets).answer)


@pytest.fixture
def killing() -> Iterator[Killing]:
    """In memory: what a process has written outlives it there as on a disk, and sooner."""
    with TemporaryDirectory(dir=find_memory()) as folder:
        yield Killing(Path(folder))


def test_kills(killing: Killing, figures: Figures) -> None:
    """Acceptance 92: at 200 points; the next one starts, and journals lead where they say."""
    chance = random.Random(92)
    journals, history = Journals(killing.state), History(killing.state)
    seen: Counter[str] = Counter()
    killing.begin()
    serial, kills = 2, examples(KILLS)
    for _ in range(kills):
        with killing.building(serial) as heard:
            for _ in range(chance.randint(1, 2)):
                assert os.read(heard, 1), "it did not start"
            time.sleep(chance.uniform(0, LONGEST))
        image = killing.served()
        journal = journals.read(COM)
        records = _expected(image.serial)
        assert image.records == len(records)
        for known in journal.differences:
            found = history.find(COM, image, known.before.serial)
            left = reduce(_apply, found, _expected(known.before.serial))
            assert not found or left == records
            if found:
                break  # from the serials behind this one, some of the same differences lead on
        last = journal.differences[-1].after.serial if journal.differences else 0
        seen["cut"] += bool(journal.damage)
        seen["ahead"] += last > image.serial
        seen["even"] += last == image.serial
        serial = max(last, image.serial) + 1
    assert kills == seen["ahead"] + seen["even"]
    figures.add(
        f"92 {kills} kills in journals",
        f"{seen['even']} the new version, {seen['ahead']} the old one,"
        f" {seen['cut']} journals cut; 0 mixed",
    )
