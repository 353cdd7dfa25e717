"""What is kept of zones: the last good version of each, in image files, over restarts."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.effort import examples
from tests.servers import BAD_ZONE, GOOD_ZONE, OTHER_ZONE, write_zones
from zoneserver.errors import ImageError, StartError
from zoneserver.image.images import Images
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.keeping import keeper as keeping
from zoneserver.service.keeping.keeper import Keeper, Renewal
from zoneserver.service.keeping.serials import Serials
from zoneserver.service.keeping.store import Served, Store, StoreError, open_image_file
from zoneserver.service.keeping.versions import Imaged
from zoneserver.service.running.reloads import Order
from zoneserver.zone.zone import Zone

COM, NET = Name.parse("example.com."), Name.parse("example.net.")
MAIL = Name.parse("mail.example.com.")


class Keeping:
    """A keeper over a folder of its own, and what it would have answered from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(zones=folder / "zones")
        self.store = Store(folder / "state", self.settings.zones)
        self.start_anew()

    def start_anew(self, served: Served | None = None) -> None:
        """As after a restart."""
        self.keeper = Keeper(self.store, Serials.load(self.folder / "state"))
        if served is not None:
            self.keeper.restore(served, self.settings.defaults)

    def renew(self, **zones: str) -> Renewal:
        """Write these zones, and read what has changed."""
        write_zones(self.folder, **zones)
        self.renewal = self.keeper.renew(self.settings)
        return self.renewal

    def codes(self) -> set[str]:
        """The rules that were found broken, hints aside."""
        return {each.code for each in self.renewal.admission.findings if each.level}

    def address(self, owner: Name = MAIL) -> str | None:
        """The address that is served for a name."""
        served = self.renewal.served
        images = Images.gather(
            [open_image_file(path) for path in served.files],
            [origin.key for origin in served.gone],
            [origin.key for origin in served.refused],
        )
        zone = images.find(owner)
        node = zone.find(owner) if isinstance(zone, Zone) else None
        rrset = node.find(rtypes.A) if node else None
        return rrset.rdatas[0].text if rrset else None


@pytest.fixture(params=["in process", "by a crew"])
def kept(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Keeping:
    """A few zones are read at once, many by several processes: with the same outcome."""
    if request.param == "by a crew":
        monkeypatch.setattr(keeping, "MOST_ZONES", 0)
    return Keeping(tmp_path)


def test_edit_is_served(kept: Keeping) -> None:
    """And nothing else is written anew."""
    first = kept.renew(example_com=GOOD_ZONE, example_net=OTHER_ZONE).served
    second = kept.renew(example_com=GOOD_ZONE.replace("192.0.2.25", "192.0.2.26")).served

    assert "192.0.2.26" == kept.address()
    assert set(first.files) & set(second.files)
    assert [COM] == [version.origin for version in kept.renewal.admission.versions]


def test_nothing_changes_when_nothing_changed(kept: Keeping) -> None:
    """A file that was only touched is no change either."""
    first = kept.renew(example_com=GOOD_ZONE).served
    (kept.folder / "zones/example.com.yaml").touch()

    assert first == kept.renew().served
    assert () == kept.renewal.admission.versions


def test_mistake_keeps_the_last_good_version(kept: Keeping) -> None:
    """It is found again at each look, until it is mended."""
    kept.renew(example_com=GOOD_ZONE)
    for _ in range(2):
        kept.renew(example_com=BAD_ZONE)
        assert "MX001" in kept.codes()
        assert {COM} == kept.renewal.admission.kept
        assert "192.0.2.25" == kept.address()
    kept.renew(example_com=GOOD_ZONE.replace("192.0.2.25", "192.0.2.27"))

    assert "192.0.2.27" == kept.address()


def test_last_good_version_outlives_a_restart(kept: Keeping) -> None:
    """A new process has the image, and the file is still wrong."""
    served = kept.renew(example_com=GOOD_ZONE).served
    write_zones(kept.folder, example_com=BAD_ZONE)
    kept.start_anew(served)
    kept.renew()

    assert {COM} == kept.renewal.admission.kept
    assert "192.0.2.25" == kept.address()


def test_restart_reads_nothing_that_is_as_it_was(kept: Keeping) -> None:
    """Serials and all."""
    served = kept.renew(example_com=GOOD_ZONE, example_net=OTHER_ZONE).served
    kept.start_anew(served)

    assert served == kept.renew().served
    assert () == kept.renewal.admission.versions


def test_edit_in_one_zone_breaks_mail_in_another(kept: Keeping) -> None:
    """Although the other was not read: it is the edit that has to go."""
    other = OTHER_ZONE.replace(
        "exchange: mail.example.net.", "exchange: mail.example.com."
    ).replace("mail: {type: A, value: 192.0.2.25}\n", "")
    served = kept.renew(example_com=GOOD_ZONE, example_net=other).served
    kept.start_anew(served)
    kept.renew(example_com=GOOD_ZONE.replace("mail:", "post:").replace("mail.ex", "post.ex"))

    assert "MX004" in kept.codes()
    assert {COM} == kept.renewal.admission.kept
    assert "192.0.2.25" == kept.address()


def test_zone_that_goes(kept: Keeping) -> None:
    """It stays as it was until somebody says so; its neighbour stays then, too."""
    kept.renew(example_com=GOOD_ZONE, example_net=OTHER_ZONE)
    (kept.folder / "zones/example.com.yaml").unlink()
    kept.renew()

    assert {COM} == kept.renewal.admission.kept
    assert {"SY009"} == kept.codes()
    assert kept.address() is not None

    kept.renewal = kept.keeper.renew(kept.settings, Order(forced=frozenset({COM})))

    assert {COM} == kept.renewal.admission.gone
    assert kept.address() is None
    assert "192.0.2.25" == kept.address(Name.parse("mail.example.net."))


def test_zone_without_a_good_version(kept: Keeping) -> None:
    """It is refused, and no longer once it is mended or gone."""
    kept.renew(example_com=BAD_ZONE, example_net=OTHER_ZONE)
    assert [COM] == list(kept.renewal.served.refused)
    assert [] == list(kept.renew(example_com=GOOD_ZONE).served.refused)
    assert "192.0.2.25" == kept.address()


def test_zone_that_is_added_after_a_restart_with_another_that_was_refused(
    kept: Keeping,
) -> None:
    """What is refused stays so until its file says something else."""
    served = kept.renew(example_com=BAD_ZONE, example_net=OTHER_ZONE).served
    kept.start_anew(served)
    kept.renew(example_org=GOOD_ZONE.replace("example.com", "example.org"))

    assert (COM,) == kept.renewal.served.refused
    assert "192.0.2.25" == kept.address(Name.parse("mail.example.org."))


def test_defaults_decide_how_files_are_read(kept: Keeping) -> None:
    """With others, all of them are read again."""
    kept.renew(example_com=GOOD_ZONE.replace("$ttl: 300\n", ""))
    defaults = replace(kept.settings.defaults, ttl=77)
    kept.settings = replace(kept.settings, defaults=defaults)
    kept.renew()
    version = kept.keeper.standing.get(COM)
    assert version is not None
    node = version.zone.find(MAIL)

    assert node is not None
    assert 77 == node.rrsets[0].ttl


def test_many_edits_leave_few_files(kept: Keeping) -> None:
    """Small ones are made one, and what is served stays right."""
    last = 3 + examples(76)
    kept.renew(example_com=GOOD_ZONE, example_net=OTHER_ZONE)
    for number in range(3, last + 1):
        kept.renew(example_com=GOOD_ZONE.replace("192.0.2.25", f"192.0.2.{number}"))
        kept.renew(example_net=OTHER_ZONE.replace("192.0.2.25", f"192.0.2.{number}"))
        assert len(kept.renewal.served.files) <= 34
    assert f"192.0.2.{last}" == kept.address()
    assert f"192.0.2.{last}" == kept.address(Name.parse("mail.example.net."))


def test_candidate_is_read_again_as_it_was(kept: Keeping) -> None:
    """From the texts in its image, whatever has become of the files; includes, too."""
    (kept.folder / "zones").mkdir()
    (kept.folder / "zones/mail.inc").write_text("{type: A, value: 192.0.2.25}")
    kept.renew(
        example_com=GOOD_ZONE.replace("{type: A, value: 192.0.2.25}", "!include mail.inc")
    )
    (kept.folder / "zones/mail.inc").unlink()
    (kept.folder / "zones/example.com.yaml").unlink()
    version = kept.keeper.standing.get(COM)
    assert isinstance(version, Imaged)
    read = version.candidate()

    assert dict(version.zone.nodes) == dict(read.zone.nodes)
    assert version.zone.serial == read.zone.serial


def test_empty_folder_is_more_likely_missing_than_meant(kept: Keeping) -> None:
    """What is served stays."""
    kept.renew(example_com=GOOD_ZONE)
    (kept.folder / "zones/example.com.yaml").unlink()

    with pytest.raises(StartError, match="no zones in"):
        kept.keeper.renew(kept.settings)
    assert "192.0.2.25" == kept.address()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def test_renewal_that_fails_is_made_up_for(
    kept: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was seen by then has not been taken up: it is looked at once more."""
    kept.renew(example_com=GOOD_ZONE, example_net=OTHER_ZONE)

    def fail(*_: object) -> None:
        raise StoreError("no room")

    with monkeypatch.context() as broken:
        broken.setattr(kept.keeper, "_settle", fail)
        with pytest.raises(StoreError):
            kept.renew(example_com=GOOD_ZONE.replace("192.0.2.25", "192.0.2.26"))
    kept.renew()

    assert "192.0.2.26" == kept.address()


@pytest.mark.parametrize("damage", [_cut, Path.unlink])
def test_damaged_image_is_not_restored(damage: Callable[[Path], None], tmp_path: Path) -> None:
    """It raises, and the caller starts anew."""
    kept = Keeping(tmp_path)
    served = kept.renew(example_com=GOOD_ZONE).served
    damage(Path(served.files[0]))

    with pytest.raises((ImageError, OSError)):
        kept.start_anew(served)
