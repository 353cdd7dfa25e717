"""Zones that come from other servers: served as they are, while there is a copy of them."""

import errno
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers import BAD_ZONE, GOOD_ZONE, OTHER_ZONE, write_zones
from zoneserver.errors import StartError
from zoneserver.image.images import Images
from zoneserver.names import Name
from zoneserver.networks import EVERYBODY
from zoneserver.records.rrset import Record
from zoneserver.service.checking.words import describe_changes
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.disk.copies import copies_folder, copy_path
from zoneserver.service.disk.members import MemberFiles
from zoneserver.service.keeping import keeper as keeping
from zoneserver.service.keeping.chronicle import Chronicle
from zoneserver.service.keeping.keeper import Keeper, Renewal
from zoneserver.service.keeping.serials import Serials
from zoneserver.service.keeping.sources import MOST_AWAITED
from zoneserver.service.keeping.store import Served, Store, StoreError, open_image_file
from zoneserver.service.keeping.versions import Imaged
from zoneserver.service.running.reloads import Order
from zoneserver.service.transferring.journals import Journals
from zoneserver.transfer.catalog import Member, read_catalog
from zoneserver.transfer.settings import CatalogSource, Peer, Rule, Secondary, TransferSettings
from zoneserver.transports.endpoint import Endpoint
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import RefusedZone, ZoneSet
from zoneserver.zonefile.source import Kind

COM, NET = Name.parse("example.com."), Name.parse("example.net.")
ORG, CATALOG = Name.parse("example.org."), Name.parse("catalog.example.")
PRIMARY = (Peer(Endpoint("192.0.2.1", 53)),)
BOTH = TransferSettings(
    secondaries=(Secondary(ORG, PRIMARY),), catalogs=(CatalogSource(CATALOG, PRIMARY),)
)
ALONE = TransferSettings(secondaries=(Secondary(ORG, PRIMARY),))
COPY = """\
example.org.\t300\tIN\tSOA\tns1.example.org. h.example.org. 7 7200 900 86400 300
example.org.\t300\tIN\tNS\tns1.example.org.
example.org.\t300\tIN\tNS\tns2.example.org.
example.org.\t300\tIN\tMX\t10 mail.example.org.
mail.example.org.\t300\tIN\tA\t192.0.2.25
ns1.example.org.\t300\tIN\tA\t192.0.2.1
ns2.example.org.\t300\tIN\tA\t198.51.100.1
"""
# Its MX is an alias, and half of its names are gone: an error here, and a loss.
POOR_COPY = "".join(
    line.replace("A\t192.0.2.25", "CNAME\tns1.example.org.").replace(" 7 ", " 5 ")
    for line in COPY.splitlines(keepends=True)
    if "ns2" not in line
)
CATALOG_COPY = """\
catalog.example.\t0\tIN\tSOA\tinvalid. invalid. 1 3600 600 86400 0
catalog.example.\t0\tIN\tNS\tinvalid.
version.catalog.example.\t0\tIN\tTXT\t"2"
"""


class Keeping:
    """A keeper with a folder of zones and one of copies."""

    def __init__(self, folder: Path, transfers: TransferSettings = ALONE) -> None:
        self.folder = folder
        (folder / "zones").mkdir()
        self.copies = copies_folder(folder / "state")
        self.copies.mkdir(parents=True)
        self.settings = Settings(folder / "zones", state=folder / "state", transfers=transfers)
        self.store = Store(folder / "state", self.settings.zones)
        self.start_anew()

    def start_anew(self, served: Served | None = None) -> None:
        """As after a restart."""
        journals = Journals(self.folder / "state")
        chronicle = Chronicle(journals, self.settings.transfers)
        self.keeper = Keeper(self.store, Serials.load(self.folder / "state"), chronicle)
        if served is not None:
            self.keeper.restore(served, self.settings.defaults)

    def copy(self, text: str | None, origin: Name = ORG) -> None:
        """Replace a copy as the courier does; None: it has expired."""
        path = copy_path(self.copies, origin)
        if text is None:
            path.unlink()
        else:
            path.with_suffix(".new").write_text(text)
            path.with_suffix(".new").replace(path)

    def renew(self, order: Order | None = None, **zones: str) -> Renewal:
        """Look at everything, and take up what is new."""
        write_zones(self.folder, **zones)
        self.renewal = self.keeper.renew(self.settings, order)
        return self.renewal

    def zones(self) -> list[Zone]:
        """All zones that stand."""
        return [version.zone for version in self.keeper.standing]

    def served(self, origin: Name = ORG) -> Zone | RefusedZone | None:
        """What there is to answer from; None: we do not know the zone."""
        served = self.renewal.served
        images = Images.gather(
            [open_image_file(path) for path in served.files],
            [each.key for each in served.gone],
            [each.key for each in served.refused],
        )
        zone = images.find(origin)
        return zone if isinstance(zone, Zone | RefusedZone) else None

    def serial(self, origin: Name = ORG) -> int:
        """The serial that is served; 0: the zone is refused."""
        zone = self.served(origin)
        assert zone
        return zone.serial if isinstance(zone, Zone) else 0

    def kind(self, origin: Name = ORG) -> Kind | None:
        """The kind of the version that stands."""
        version = self.keeper.standing.get(origin)
        return version.kind if version else None

    def codes(self) -> set[str]:
        """The rules that were found broken, hints aside."""
        return {each.code for each in self.renewal.admission.findings if each.level}


@pytest.fixture(params=["in process", "by a crew"])
def kept(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Keeping:
    """A few zones are read at once, many by several processes: with the same outcome."""
    if request.param == "by a crew":
        monkeypatch.setattr(keeping, "MOST_ZONES", 0)
    return Keeping(tmp_path)


def test_zone_without_a_copy_is_refused_until_there_is_one(kept: Keeping) -> None:
    """The folder of zone files may be empty beside it."""
    kept.renew()
    (finding,) = kept.renewal.admission.findings

    assert (ORG, False) == (finding.origin, finding.blocks)
    assert 0 == kept.serial()
    assert {ORG: Kind.SECONDARY} == kept.keeper.refused
    assert {ORG} == kept.keeper.awaited
    kept.copy(COPY)
    kept.renew()
    assert (7, Kind.SECONDARY) == (kept.serial(), kept.kind())
    assert not kept.keeper.refused
    assert not kept.keeper.awaited


def test_copy_is_judged_and_served_whatever_is_found(kept: Keeping) -> None:
    """An older serial, an error, half of the names gone: as its owner has it."""
    kept.copy(COPY)
    kept.renew(example_com=GOOD_ZONE)
    kept.copy(POOR_COPY)
    kept.renew()

    assert "MX001" in kept.codes()
    assert not kept.codes() & {"GU001", "GU002", "NS016"}
    assert not [each for each in kept.renewal.admission.findings if each.blocks]
    assert 5 == kept.serial()


def test_copy_goes_on_to_others_as_it_is(kept: Keeping) -> None:
    """What rises is noted for them; what falls is served all the same, and ends the journal."""
    rule = Rule(networks=EVERYBODY)
    kept.settings = replace(kept.settings, transfers=replace(ALONE, allow=(rule,)))
    kept.start_anew()
    journals = Journals(kept.folder / "state")
    known = []
    for serial in (7, 9, 8):
        kept.copy(COPY.replace(" 7 ", f" {serial} ").replace("192.0.2.25", f"192.0.2.{serial}"))
        kept.renew()
        differences = journals.read(ORG).differences
        known.append([(each.before.serial, each.after.serial) for each in differences])
        assert serial == kept.serial()

    assert [[], [(7, 9)], []] == known


def test_nothing_changes_when_no_copy_changed(kept: Keeping) -> None:
    """Neither in a builder that has seen it, nor in the one after a restart."""
    kept.copy(COPY)
    served = kept.renew().served

    assert served == kept.renew().served
    kept.start_anew(served)
    assert served == kept.renew().served
    assert 7 == kept.serial()


def test_expired_copy_is_answered_no_more(kept: Keeping) -> None:
    """As if there had never been one; the next one is served again."""
    kept.copy(COPY)
    kept.renew(example_com=GOOD_ZONE)
    kept.copy(None)
    kept.renew()

    assert 0 == kept.serial()
    kept.copy(COPY)
    kept.renew()
    assert 7 == kept.serial()


def test_zone_that_is_configured_no_more_goes_at_once(kept: Keeping) -> None:
    """Whether its copy is there or not: nobody has to say so twice."""
    kept.copy(COPY)
    served = kept.renew(example_com=GOOD_ZONE).served
    kept.settings = replace(kept.settings, transfers=TransferSettings())
    kept.start_anew(served)
    kept.renew()

    assert kept.served() is None
    assert {ORG} == kept.renewal.admission.gone
    assert [] == list(kept.renewal.admission.findings)


def test_zone_file_wins_over_a_copy(kept: Keeping) -> None:
    """It is said, and the serial goes on from the copy's."""
    text = GOOD_ZONE.replace("example.com", "example.org")
    kept.copy(COPY.replace(" 7 ", " 3000000000 "))
    kept.renew()
    kept.renew(example_org=text)
    found = [each for each in kept.renewal.admission.findings if each.blocks]

    assert ["SY009"] == [each.code for each in found]
    assert str(kept.folder / "zones/example.org.yaml") == found[0].mark.file
    assert Kind.PRIMARY is kept.kind()
    assert 3000000001 == kept.serial()


def test_zone_that_was_ours_is_served_until_its_copy_is_there(kept: Keeping) -> None:
    """Whoever moves a zone to another server has no gap."""
    kept.renew(example_org=GOOD_ZONE.replace("example.com", "example.org"))
    before = kept.serial()
    (kept.folder / "zones/example.org.yaml").unlink()
    kept.renew()

    assert (before, Kind.PRIMARY) == (kept.serial(), kept.kind())
    kept.copy(COPY)
    kept.renew()
    assert (7, Kind.SECONDARY) == (kept.serial(), kept.kind())


def test_new_version_of_a_copy_cannot_be_held_by_a_zone_of_ours(kept: Keeping) -> None:
    """The zone of ours stays as it is, and its next version is held to what is so now."""
    ours = GOOD_ZONE.replace("mail.example.com.", "mail.example.org.")
    kept.copy(COPY)
    kept.renew(example_com=ours)
    kept.copy(POOR_COPY)
    kept.renew()
    blocking = {each.origin for each in kept.renewal.admission.findings if each.blocks}

    assert {COM} == blocking
    assert 5 == kept.serial()
    assert Kind.PRIMARY is kept.kind(COM)
    kept.renew(example_com=ours.replace("300", "301"))
    assert {COM} == kept.renewal.admission.kept


def test_copy_beside_a_new_zone_with_an_error(kept: Keeping) -> None:
    """What goes is the zone of ours, even where neither has been served before."""
    kept.copy(POOR_COPY)
    kept.renew(example_com=GOOD_ZONE.replace("mail.example.com.", "mail.example.org."))

    assert {COM} == kept.renewal.admission.refused
    assert 5 == kept.serial()


@pytest.mark.parametrize("damage", ["", "\0", "example.org. 300 IN A 192.0.2"])
def test_damaged_copy_changes_nothing(kept: Keeping, damage: str) -> None:
    """Part of a zone is worse than an older one; it is looked at again each time."""
    kept.copy(COPY)
    kept.renew()
    kept.copy(damage)
    for _ in range(2):
        kept.renew()
        assert {ORG} == kept.renewal.admission.kept
        assert 7 == kept.serial()


def test_disk_that_fails_takes_no_zone_away(
    kept: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is out of reach has not expired."""
    kept.copy(COPY)
    kept.renew()

    def failing(stat: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def fail(path: object, **how: object) -> os.stat_result:
            if str(path).endswith(".zone"):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return stat(path, **how)

        return fail

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", failing(os.stat))
        patch.setattr(os, "lstat", failing(os.lstat))
        kept.renew()
    assert {ORG} == kept.renewal.admission.kept
    assert 7 == kept.serial()
    kept.renew()
    assert not kept.renewal.admission.kept


def test_consumed_catalog_is_not_judged(tmp_path: Path) -> None:
    """Its name server is `invalid.`, as it has to be (RFC 9432 4.1)."""
    kept = Keeping(tmp_path, BOTH)
    kept.copy(COPY)
    kept.copy(CATALOG_COPY, CATALOG)
    kept.renew(example_com=GOOD_ZONE)

    assert (1, Kind.CONSUMED) == (kept.serial(CATALOG), kept.kind(CATALOG))
    assert CATALOG not in {each.origin for each in kept.renewal.admission.findings}


def test_mistake_in_a_zone_of_ours_is_one_beside_copies(kept: Keeping) -> None:
    """Nothing is let through for their sake."""
    kept.copy(COPY)
    kept.renew(example_com=BAD_ZONE, example_net=OTHER_ZONE)

    assert {COM: Kind.PRIMARY} == kept.keeper.refused
    assert Kind.PRIMARY is kept.kind(NET)


def test_without_a_state_directory_there_are_no_copies(tmp_path: Path) -> None:
    """The zone is known, and refused."""
    kept = Keeping(tmp_path)
    kept.settings = replace(kept.settings, state=None)
    kept.renew()

    assert 0 == kept.serial()


def test_empty_folder_is_a_mistake_where_nothing_comes_from_elsewhere(tmp_path: Path) -> None:
    """It is more likely to be missing than meant."""
    with pytest.raises(StartError):
        Keeping(tmp_path, TransferSettings()).renew()


@pytest.fixture
def produced(kept: Keeping) -> Keeping:
    """Two zones, and a catalog of them."""
    transfers = TransferSettings(
        catalog=CATALOG, catalog_groups=(("gold", frozenset({COM, ORG})),)
    )
    kept.settings = replace(kept.settings, transfers=transfers)
    kept.renew(example_com=GOOD_ZONE, example_net=OTHER_ZONE)
    return kept


def members(kept: Keeping) -> dict[Name, tuple[str, ...]]:
    """The zones that the catalog lists as it is served, with their groups."""
    zone = kept.served(CATALOG)
    assert isinstance(zone, Zone)
    records = [
        Record(rrset.owner, rrset.rtype, rrset.ttl, rdata, rrset.mark)
        for rrset in zone.rrsets()
        for rdata in rrset.rdatas
    ]
    return {origin: member.groups for origin, member in read_catalog(CATALOG, records).items()}


def test_zones_become_a_catalog(produced: Keeping) -> None:
    """With groups, a serial of its own, and nothing said of mail."""
    assert {COM: ("gold",), NET: ()} == members(produced)
    assert Kind.PRODUCED is produced.kind(CATALOG)
    assert abs(produced.serial(CATALOG) - time.time()) < 100
    assert not [each for each in produced.renewal.admission.findings if each.origin == CATALOG]


def test_catalog_is_told_as_one(produced: Keeping) -> None:
    """Nobody's mail goes by it."""
    told = [each.text for each in describe_changes(ZoneSet(), ZoneSet(produced.zones()))]
    version = produced.keeper.standing.get(CATALOG)

    assert isinstance(version, Imaged)
    assert "" == version.description.route
    assert f"added: {CATALOG} serial {version.zone.serial}, 6 records, a catalog" in told
    assert 2 == sum(", mail to " in text for text in told)


def test_catalog_changes_with_what_it_lists(produced: Keeping) -> None:
    """And with nothing else: neither an edit nor a restart changes its serial."""
    serial = produced.serial(CATALOG)
    produced.renew(example_com=GOOD_ZONE.replace("192.0.2.25", "192.0.2.26"))
    assert serial == produced.serial(CATALOG)
    produced.start_anew(produced.renewal.served)
    produced.renew()
    assert () == produced.renewal.admission.versions
    produced.renew(example_org=GOOD_ZONE.replace("example.com", "example.org"))

    assert {COM: ("gold",), NET: (), ORG: ("gold",)} == members(produced)
    assert produced.serial(CATALOG) > serial


def test_catalog_keeps_zones_whose_files_have_a_mistake_or_are_gone(produced: Keeping) -> None:
    """Every server that follows it would drop them; so somebody has to say so."""
    (produced.folder / "zones/example.net.yaml").unlink()
    produced.renew(example_com=BAD_ZONE)
    assert {COM, NET} == members(produced).keys()
    produced.renew(Order(forced=frozenset({NET})))

    assert {COM} == members(produced).keys()


def test_catalog_that_is_configured_no_more_goes(produced: Keeping) -> None:
    """Nobody has to say so twice."""
    produced.settings = replace(produced.settings, transfers=TransferSettings())
    produced.renew()

    assert produced.served(CATALOG) is None


def test_zone_file_wins_over_the_catalog(produced: Keeping) -> None:
    """It is said."""
    produced.renew(catalog_example=GOOD_ZONE.replace("example.com", "catalog.example"))

    assert Kind.PRIMARY is produced.kind(CATALOG)
    assert [CATALOG] == [
        each.origin for each in produced.renewal.admission.findings if each.blocks
    ]


def test_members_of_a_catalog_are_zones_from_elsewhere(tmp_path: Path) -> None:
    """As long as it lists them; of a zone of ours it is said that it is listed."""
    kept = Keeping(tmp_path, BOTH)
    files = MemberFiles.below(tmp_path / "state")
    files.write(CATALOG, {NET: Member("a"), COM: Member("b")})
    kept.renew(example_com=GOOD_ZONE)
    assert {ORG, NET, CATALOG} == kept.keeper.awaited
    assert {COM} == {each.origin for each in kept.renewal.admission.findings if each.blocks}
    kept.copy(COPY.replace("example.org", "example.net"), NET)
    kept.renew()
    assert 7 == kept.serial(NET)
    files.write(CATALOG, {})
    kept.renew()

    assert kept.served(NET) is None
    assert kept.kind(COM) is Kind.PRIMARY


def test_many_awaited_zones_are_told_in_few_lines(tmp_path: Path) -> None:
    """The last one says how many there are beside."""
    origins = [Name.parse(f"{number}.example.") for number in range(MOST_AWAITED + 5)]
    secondaries = tuple(Secondary(each, PRIMARY) for each in origins)
    kept = Keeping(tmp_path, TransferSettings(secondaries=secondaries))
    findings = kept.renew().admission.findings

    assert MOST_AWAITED == len(findings)
    assert "so are 5 further zones" in findings[-1].reason


def test_catalog_that_could_not_be_written_is_made_again(
    produced: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost with a renewal that failed."""

    def fail(*_: object) -> None:
        raise StoreError("no room")

    org = GOOD_ZONE.replace("example.com", "example.org")
    with monkeypatch.context() as patch:
        patch.setattr(produced.store, "write", fail)
        with pytest.raises((StoreError, StartError)):
            produced.renew(example_org=org)
    produced.renew()

    assert {COM, NET, ORG} == members(produced).keys()
