"""Zones that are signed as they are read, with keys that outlive everything."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.servers import BAD_ZONE, GOOD_ZONE, write_zones
from tests.signed_zones import sign
from tests.unit.service.keeping.test_keeper import COM, Keeping
from zoneserver.dnssec.life import Life
from zoneserver.dnssec.lifecycle import begin, create
from zoneserver.dnssec.parent import ParentDs
from zoneserver.dnssec.policy import Policy, Role
from zoneserver.dnssec.rolls import Kind, Stage
from zoneserver.dnssec.sign import PERIOD
from zoneserver.dnssec.wish import Wish
from zoneserver.dnssec.zonemd import ZoneDigest
from zoneserver.errors import SigningKeyError
from zoneserver.records import rtypes
from zoneserver.records.rdata import Rdata
from zoneserver.service.configuration.dnssec_settings import DnssecSettings
from zoneserver.service.keeping import keeper as keeping
from zoneserver.service.keeping.versions import Imaged
from zoneserver.service.keeping.zone_keys import keys_path, read_life, write_life
from zoneserver.service.running.reloads import Order
from zoneserver.zonefile.master import read_master_zone
from zoneserver.zonefile.yaml_writer import write_yaml

NOW = 1_795_000_000.0
SIGNED = f"$dnssec: true\n{GOOD_ZONE}"


class Clock:
    """A time that the test sets."""

    now = NOW

    def time(self) -> float:
        """What time it is."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time at which zones are signed."""
    clock = Clock()
    monkeypatch.setattr(time, "time", clock.time)
    return clock


@pytest.fixture(params=["in process", "by a crew"])
def kept(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,  # noqa: ARG001 - it is set
) -> Keeping:
    """Zones with a state folder that has room for keys."""
    if request.param == "by a crew":
        monkeypatch.setattr(keeping, "MOST_ZONES", 0)
    kept = Keeping(tmp_path)
    kept.settings = replace(kept.settings, state=tmp_path / "state")
    return kept


def served(kept: Keeping) -> Imaged:
    """What is served."""
    version = kept.keeper.standing.get(COM)
    assert isinstance(version, Imaged)
    return version


def wires(kept: Keeping, *types: int) -> set[bytes]:
    """The rdata of some types that is served."""
    rrsets = served(kept).zone.rrsets()
    return {rdata.wire for each in rrsets if each.rtype in types for rdata in each.rdatas}


def test_one_line_signs_a_zone(kept: Keeping) -> None:
    """With keys that are made for it, for its owner's eyes alone."""
    kept.renew(example_com=SIGNED)
    path = keys_path(kept.folder / "state", COM)

    assert set() == kept.codes()
    life = read_life(kept.folder / "state", COM)
    assert life is not None
    assert {each.key.dnskey.octets for each in life.keys} == wires(kept, rtypes.DNSKEY)
    assert wires(kept, rtypes.RRSIG)
    assert path.stat().st_mode & 0o777 == 0o600


def test_signing_begins_and_ends_with_an_edit(kept: Keeping) -> None:
    """The serial rises, and the guard has nothing against it."""
    serials = []
    hashed = SIGNED.replace("true", "{nsec3: true}", 1)
    for text in (GOOD_ZONE, SIGNED, GOOD_ZONE, hashed, GOOD_ZONE, hashed):
        kept.renew(example_com=text)
        serials.append(served(kept).image.serial)
        assert set() == kept.codes()
        assert bool(wires(kept, rtypes.RRSIG)) is text.startswith("$dnssec")

    assert serials == sorted(set(serials))
    assert wires(kept, rtypes.NSEC3)


def test_signatures_are_renewed_without_an_edit(kept: Keeping, clock: Clock) -> None:
    """Once in each period, with a serial that rises; not more often."""
    kept.renew(example_com=SIGNED)
    first, serial = wires(kept, rtypes.RRSIG), served(kept).image.serial
    kept.renew()
    assert first == wires(kept, rtypes.RRSIG)
    clock.now += PERIOD
    kept.renew()

    assert not first & wires(kept, rtypes.RRSIG)
    assert served(kept).image.serial > serial
    second = wires(kept, rtypes.RRSIG)
    clock.now += 60
    kept.renew()
    assert second == wires(kept, rtypes.RRSIG)


def test_signatures_are_renewed_after_a_restart(kept: Keeping, clock: Clock) -> None:
    """With the same key; the image of the last run has the old ones."""
    renewal = kept.renew(example_com=SIGNED)
    first, keys = wires(kept, rtypes.RRSIG), wires(kept, rtypes.DNSKEY)
    clock.now += PERIOD
    kept.start_anew(renewal.served)
    kept.renew()

    assert not first & wires(kept, rtypes.RRSIG)
    assert keys == wires(kept, rtypes.DNSKEY)


def test_digest_comes_and_goes_with_an_edit(kept: Keeping) -> None:
    """With signatures and without them; the serial rises, and the digest is of that one."""
    serials = []
    heads = {"": 0, "$zonemd: true": 1, "$dnssec: true": 1, "$dnssec: true\n$zonemd: false": 0}
    for head, digests in heads.items():
        kept.renew(example_com=f"{head}\n{GOOD_ZONE}")
        serials.append(served(kept).image.serial)
        digest = ZoneDigest(COM)
        digest.add_rrsets(served(kept).zone.rrsets())
        assert set() == kept.codes()
        assert [serials[-1]] * digests == [each.serial for each in digest.published]
        assert digest.find_fault() == ""

    assert serials == sorted(set(serials))


def test_without_a_state_nothing_is_signed(kept: Keeping) -> None:
    """Keys that go with the process would take the zone with them."""
    kept.settings = replace(kept.settings, state=None)
    kept.renew(example_com=SIGNED)

    assert {"SY009"} == kept.codes()
    assert {COM} == kept.renewal.admission.refused


DAMAGE = {
    "not JSON": ("{", "damaged"),
    "no keys": ("{}", "damaged"),
    "an empty list": ('{"keys": []}', "no key that the parent can vouch for"),
    "role": ('{"keys": [{"algorithm": "ED25519", "role": "x", "private": ""}]}', "damaged"),
    "PEM": ('{"keys": [{"algorithm": "ED25519", "role": "csk", "private": "x"}]}', "be read"),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_keys_are_not_made_anew(kept: Keeping, how: str) -> None:
    """The last version is served on: it is signed with the key that the parent knows."""
    text, says = DAMAGE[how]
    kept.renew(example_com=SIGNED)
    before = wires(kept, rtypes.RRSIG)
    path = keys_path(kept.folder / "state", COM)
    path.write_text(text)
    kept.renew(example_com=SIGNED.replace("192.0.2.25", "192.0.2.26"))
    (finding,) = [each for each in kept.renewal.admission.findings if each.blocks]

    assert says in finding.reason
    assert {COM} == kept.renewal.admission.kept
    assert before == wires(kept, rtypes.RRSIG)
    assert text == path.read_text()


def test_keys_that_others_can_read(tmp_path: Path) -> None:
    """Are keys of others, too."""
    write_life(tmp_path, COM, create(Policy(), 1))
    path = keys_path(tmp_path, COM)
    path.chmod(0o640)
    with pytest.raises(SigningKeyError, match="chmod 600"):
        read_life(tmp_path, COM)


def test_two_roles(tmp_path: Path) -> None:
    """A file that somebody wrote may have keys alone: one for the keys, one for the rest."""
    write_life(tmp_path, COM, create(Policy(), 1))
    path = keys_path(tmp_path, COM)
    (key,) = json.loads(path.read_text())["keys"]
    keys = [
        {"algorithm": key["algorithm"], "role": role, "private": key["private"]}
        for role in ("ksk", "zsk")
    ]
    path.write_text(json.dumps({"keys": keys}))
    life = read_life(tmp_path, COM)

    assert life is not None
    assert [Role.KSK, Role.ZSK] == [each.role for each in life.keys]
    assert not life.rolls


FAST = Policy(key_ttl=100, propagation=10, ds_ttl=1000)
POLICIES = DnssecSettings(policies=(("fast", FAST), ("split", replace(FAST, is_split=True))))
NAMED = SIGNED.replace("true", "fast", 1)
FIRST = 300 + 10  # seconds until no cache has the unsigned zone


def renew(kept: Keeping, order: Order | None = None, **zones: str) -> None:
    """A look at the zones, with policies."""
    write_zones(kept.folder, **zones)
    kept.settings = replace(kept.settings, dnssec=POLICIES)
    kept.renewal = kept.keeper.renew(kept.settings, order)


def life(kept: Keeping) -> Life:
    """What the file of keys has."""
    found = read_life(kept.folder / "state", COM)
    assert found is not None
    return found


def stages(kept: Keeping) -> list[Stage]:
    """How far its rollovers are."""
    return [roll.stage for roll in life(kept).rolls]


def wish(what: str, **how: Any) -> Order:
    """As the control socket makes one."""
    return Order(quiet=True, paths=frozenset(), wishes=(Wish(COM, what, **how),))


def look_when_due(kept: Keeping, clock: Clock) -> None:
    """Let time pass until something is due; no file has changed."""
    ((_, outlook),) = kept.keeper.signed.outlooks
    assert outlook.due > clock.now
    clock.now = outlook.due
    renew(kept, Order(quiet=True, paths=frozenset()))


def test_first_signing(kept: Keeping, clock: Clock) -> None:
    """CDS comes when no cache has the unsigned zone; then the parent is asked."""
    renew(kept, example_com=NAMED)
    assert not wires(kept, rtypes.CDS)
    assert [0] == [outlook.ask for _, outlook in kept.keeper.signed.outlooks]
    clock.now += FIRST - 1
    renew(kept)
    assert not wires(kept, rtypes.CDS)
    look_when_due(kept, clock)
    assert wires(kept, rtypes.CDS)
    assert wires(kept, rtypes.CDNSKEY)
    ((_, outlook),) = kept.keeper.signed.outlooks
    assert (0, 1) == (outlook.due, outlook.ask)
    (key,) = life(kept).keys
    parent = ParentDs(frozenset({key.key.ds(COM)}), 300, int(clock.now))
    renew(kept, Order(quiet=True, paths=frozenset(), parents={COM: parent}))
    assert not life(kept).rolls


def test_keys_are_rolled_over(kept: Keeping, clock: Clock) -> None:
    """By a wish, then by themselves, with a serial that rises; a restart changes nothing."""
    renew(kept, example_com=NAMED)
    look_when_due(kept, clock)
    renew(kept, wish("confirm"))
    old = wires(kept, rtypes.DNSKEY)
    renew(kept, wish("roll"))
    assert {} == kept.renewal.refusals
    assert 2 == len(wires(kept, rtypes.DNSKEY))
    look_when_due(kept, clock)
    assert [Stage.RETIRING] == stages(kept)
    kept.start_anew(kept.renewal.served)
    renew(kept)
    look_when_due(kept, clock)
    assert [Stage.SUBMITTING] == stages(kept)
    serial = served(kept).image.serial
    renew(kept, wish("confirm"))
    assert [Stage.SPREADING] == stages(kept)
    look_when_due(kept, clock)

    assert serial < served(kept).image.serial
    assert not stages(kept)
    assert not old & wires(kept, rtypes.DNSKEY)


def test_a_mistake_stops_no_rollover(kept: Keeping, clock: Clock) -> None:
    """It goes on in the version that is served."""
    renew(kept, example_com=NAMED)
    look_when_due(kept, clock)
    renew(kept, wish("roll"), example_com=f"$dnssec: fast\n{BAD_ZONE}")
    assert {COM} == kept.renewal.admission.kept
    assert 2 == len(wires(kept, rtypes.DNSKEY))
    look_when_due(kept, clock)

    assert {COM} == kept.renewal.admission.kept
    assert [Stage.RETIRING] == stages(kept)


REFUSED = {
    "confirm": (wish("confirm"), "nothing waits"),
    "zsk": (wish("roll", kind="zsk"), "there is no zsk"),
    "too early": (wish("roll"), "under way"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_wish_that_is_refused(kept: Keeping, what: str) -> None:
    """It is said why, and nothing changes."""
    order, says = REFUSED[what]
    renew(kept, example_com=NAMED)
    before = keys_path(kept.folder / "state", COM).read_text()
    renew(kept, order)

    assert says in kept.renewal.refusals[COM]
    assert before == keys_path(kept.folder / "state", COM).read_text()


def test_wish_without_keys(kept: Keeping) -> None:
    """A zone that is not signed has none."""
    renew(kept, wish("roll"), example_com=GOOD_ZONE)

    assert "has no keys" in kept.renewal.refusals[COM]
    assert not keys_path(kept.folder / "state", COM).exists()


def test_another_policy_is_taken_up(kept: Keeping, clock: Clock) -> None:
    """With the next look, though no file has changed; also after a restart."""
    renew(kept, example_com=NAMED)
    look_when_due(kept, clock)
    for algorithm, restarts in ((15, False), (16, True)):
        policies = (("fast", replace(FAST, algorithm=algorithm, key_ttl=algorithm)),)
        kept.settings = replace(kept.settings, dnssec=DnssecSettings(policies=policies))
        if restarts:
            kept.start_anew(kept.renewal.served)
        kept.renewal = kept.keeper.renew(kept.settings)
        dnskeys = served(kept).zone.apex.find(rtypes.DNSKEY)
        assert dnskeys is not None
        assert algorithm == dnskeys.ttl
    assert [Kind.ALL] == [roll.kind for roll in life(kept).rolls]


def test_nobody_has_seen_it(kept: Keeping, clock: Clock) -> None:
    """What a server has written that died then does not count, however long ago it was."""
    renew(kept, example_com=NAMED)
    look_when_due(kept, clock)
    write_life(kept.folder / "state", COM, begin(life(kept), Kind.CSK, int(clock.now)))
    clock.now += 10_000
    renew(kept)

    assert [Stage.PUBLISHING] == stages(kept)
    assert 2 == len(wires(kept, rtypes.DNSKEY))
    ((_, outlook),) = kept.keeper.signed.outlooks
    assert clock.now + 110 == outlook.due


def test_unknown_policy(kept: Keeping) -> None:
    """The zone is refused, and it is said which there are."""
    renew(kept, example_com=NAMED.replace("fast", "slow", 1))
    (finding,) = [each for each in kept.renewal.admission.findings if each.blocks]

    assert "there is no policy 'slow'" in finding.reason
    assert "fast, split" in finding.reason


def test_lost_keys_are_not_made_anew(kept: Keeping) -> None:
    """The last version is served on until they are back."""
    kept.renew(example_com=SIGNED)
    before, path = wires(kept, rtypes.DNSKEY), keys_path(kept.folder / "state", COM)
    text = path.read_bytes()
    path.unlink()
    edited = SIGNED.replace("192.0.2.25", "192.0.2.26")
    kept.renew(example_com=edited)
    (finding,) = [each for each in kept.renewal.admission.findings if each.blocks]
    assert f"{path} is gone" in finding.reason
    assert {COM} == kept.renewal.admission.kept
    assert not path.exists()
    path.write_bytes(text)
    path.chmod(0o600)
    kept.renew(example_com=edited)

    assert before == wires(kept, rtypes.DNSKEY)
    assert "192.0.2.26" == kept.address()


def test_keys_that_are_gone_are_missed(kept: Keeping) -> None:
    """When all files are looked at; the zone's own has not changed."""
    kept.renew(example_com=SIGNED)
    keys_path(kept.folder / "state", COM).unlink()
    kept.renew()

    assert {"SY009"} == kept.codes()
    assert wires(kept, rtypes.RRSIG)


def test_what_a_crash_left_in_the_file_is_taken_up(kept: Keeping, clock: Clock) -> None:
    """A wish was written, and the zone that follows from it was not."""
    renew(kept, example_com=NAMED)
    look_when_due(kept, clock)
    write_life(kept.folder / "state", COM, begin(life(kept), Kind.CSK, int(clock.now)))
    kept.start_anew(kept.renewal.served)
    renew(kept)

    assert 2 == len(wires(kept, rtypes.DNSKEY))


def test_split_keys(kept: Keeping) -> None:
    """A KSK and a ZSK, and each signs its part."""
    renew(kept, example_com=NAMED.replace("fast", "split", 1))
    tags = {key.role: key.tag for key in life(kept).keys}
    signing: dict[int, set[int]] = {}
    for rrset in served(kept).zone.rrsets():
        for rrsig in rrset.rdatas if rrset.rtype == rtypes.RRSIG else ():
            covered, tag = (int.from_bytes(rrsig.wire[at : at + 2], "big") for at in (0, 16))
            signing.setdefault(covered, set()).add(tag)

    assert {tags[Role.KSK]} == signing.pop(rtypes.DNSKEY)
    assert {tags[Role.ZSK]} == set.union(*signing.values())


def test_zone_that_the_parent_vouches_for_stays_signed(kept: Keeping, clock: Clock) -> None:
    """Without its line it is refused, until the parent has no DS, or somebody forces it."""
    renew(kept, example_com=NAMED)
    look_when_due(kept, clock)
    renew(kept, wish("confirm"))
    renew(kept, example_com=GOOD_ZONE)
    (finding,) = [each for each in kept.renewal.admission.findings if each.blocks]
    assert "has no $dnssec any more" in finding.reason
    assert {COM} == kept.renewal.admission.kept
    assert wires(kept, rtypes.RRSIG)

    renew(kept, wish("leave"), example_com=NAMED)
    assert {"0 0 0 00"} == {cds.text for cds in find(kept, rtypes.CDS)}
    assert {"0 3 0 AA=="} == {each.text for each in find(kept, rtypes.CDNSKEY)}
    parent = ParentDs(frozenset(), 300, int(clock.now))
    renew(kept, Order(quiet=True, paths=frozenset(), parents={COM: parent}))
    look_when_due(kept, clock)
    assert [Stage.RELEASED] == stages(kept)
    renew(kept, example_com=GOOD_ZONE)
    assert set() == kept.codes()
    assert not wires(kept, rtypes.RRSIG)


def find(kept: Keeping, rtype: int) -> tuple[Rdata, ...]:
    """The records of a type at the apex."""
    rrset = served(kept).zone.apex.find(rtype)
    assert rrset is not None
    return rrset.rdatas


def test_zone_is_forced_to_be_unsigned(kept: Keeping, clock: Clock) -> None:
    """By somebody who knows better."""
    renew(kept, example_com=NAMED)
    look_when_due(kept, clock)
    renew(kept, Order(forced=frozenset({COM})), example_com=GOOD_ZONE)

    assert set() == kept.codes()
    assert not wires(kept, rtypes.RRSIG)


def test_zone_that_comes_signed_is_warned_of_in_time(kept: Keeping, clock: Clock) -> None:
    """Though nobody touches it; once it is too late it is served on, as there is no better."""
    text = "@ SOA ns1 h 1 7200 1800 1209600 3600\n@ NS ns1\n@ NS ns2\n@ MX 10 mail\n"
    text += "ns1 A 192.0.2.1\nns2 A 198.51.100.2\nmail A 192.0.2.25"
    master = sign(text, str(COM)).encode()
    source = read_master_zone("", master, COM, lambda _: b"")
    kept.renew(example_com=write_yaml(COM, source.records))
    ends = datetime(2050, 1, 1, tzinfo=UTC).timestamp()
    seen = []
    for day in (-5, -3, -1, 2):
        clock.now = ends + day * 86_400
        kept.renew()
        found = kept.renewal.admission.findings
        seen.append([str(each.level) for each in found if each.code == "DN004"])
        assert wires(kept, rtypes.RRSIG)

    assert seen == [[], ["warning"], ["warning"], ["error"]]
