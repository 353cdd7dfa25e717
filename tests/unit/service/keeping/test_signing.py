"""Zones that are signed as they are read, with keys that outlive everything."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers import GOOD_ZONE
from tests.unit.service.keeping.test_keeper import COM, Keeping
from zoneserver.dnssec.lifecycle import create
from zoneserver.dnssec.policy import Policy, Role
from zoneserver.dnssec.sign import PERIOD
from zoneserver.dnssec.zonemd import ZoneDigest
from zoneserver.errors import SigningKeyError
from zoneserver.records import rtypes
from zoneserver.service.keeping import keeper as keeping
from zoneserver.service.keeping.versions import Imaged
from zoneserver.service.keeping.zone_keys import keys_path, read_life, write_life

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
