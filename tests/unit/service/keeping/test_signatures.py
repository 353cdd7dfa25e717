"""What is signed already is not signed again, and what is left is shared."""

import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers import GOOD_ZONE
from tests.unit.service.keeping.test_keeper import COM, Keeping
from tests.zones_text import zone
from zoneserver.dnssec.keys import SigningKey, find_tag
from zoneserver.dnssec.policy import Role
from zoneserver.dnssec.rolls import ACTIVE, Use
from zoneserver.dnssec.sign import PERIOD, Plan, sign_zone
from zoneserver.errors import StartError
from zoneserver.findings import Mark
from zoneserver.image.compile import compile_zone
from zoneserver.image.reader import ZoneImage
from zoneserver.records import rtypes
from zoneserver.records.rdata import Opaque
from zoneserver.records.rrset import RRset
from zoneserver.service.keeping import signatures
from zoneserver.service.keeping.signatures import Earlier, sign_by
from zoneserver.service.keeping.versions import Imaged

SIGNED = f"$dnssec: true\n{GOOD_ZONE}"
MARK = Mark("example.yaml", 1, 1)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The types of what is signed, as it is."""
    types: list[int] = []
    sign = SigningKey.sign

    def note(key: SigningKey, octets: bytes) -> bytes:
        types.append(int.from_bytes(octets[:2], "big"))
        return sign(key, octets)

    monkeypatch.setattr(SigningKey, "sign", note)
    return types


@pytest.fixture
def kept(tmp_path: Path) -> Keeping:
    """Zones with a state folder that has room for keys."""
    kept = Keeping(tmp_path)
    kept.settings = replace(kept.settings, state=tmp_path / "state")
    return kept


def served(kept: Keeping) -> set[tuple[bytes, bytes]]:
    """The owners of the signatures that are served, and what they are."""
    version = kept.keeper.standing.get(COM)
    assert isinstance(version, Imaged)
    sets = (each for each in version.zone.rrsets() if each.rtype == rtypes.RRSIG)
    return {(each.owner.key, rdata.wire) for each in sets for rdata in each.rdatas}


ALWAYS = [rtypes.SOA, rtypes.ZONEMD]
EDITS = {
    "another address": (
        GOOD_ZONE.replace("192.0.2.25", "192.0.2.26"),
        [rtypes.A],
    ),
    "another TTL": (
        GOOD_ZONE.replace(
            "{type: A, value: 192.0.2.25}", "{type: A, ttl: 60, value: 192.0.2.25}"
        ),
        [rtypes.A],
    ),
    # Its own address and NSEC, and the NSEC of the name before it.
    "one more name": (
        f"{GOOD_ZONE}new: {{type: A, value: 192.0.2.3}}\n",
        [rtypes.A, rtypes.NSEC, rtypes.NSEC],
    ),
    "one more type": (
        GOOD_ZONE.replace(
            "mail: {type: A, value: 192.0.2.25}",
            "mail: [{type: A, value: 192.0.2.25}, {type: TXT, value: x}]",
        ),
        [rtypes.TXT, rtypes.NSEC],
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_edit_costs_what_it_changes(kept: Keeping, made: list[int], edit: str) -> None:
    """The signatures are those that a server makes which has none yet."""
    text, types = EDITS[edit]
    kept.renew(example_com=SIGNED)
    made.clear()
    kept.renew(example_com=f"$dnssec: true\n{text}")

    assert sorted([*types, *ALWAYS]) == sorted(made)
    edited = served(kept)
    made.clear()
    kept.start_anew()
    kept.renew()
    assert len(edited) == len(made)
    assert edited == served(kept)


def test_next_period_signs_all_again(
    kept: Keeping, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that was made before holds long enough."""
    kept.renew(example_com=SIGNED)
    first, count = served(kept), len(made)
    made.clear()
    now = 1_795_000_000.0 + 3 * PERIOD
    monkeypatch.setattr("time.time", lambda: now)
    kept.renew()

    assert count <= len(made)  # by then the parent is asked for its DS, too
    assert not first & served(kept)


TEXT = """
mail A 192.0.2.25
*.w TXT wild
w MX 10 mail
"""


def signed_by(*keys: SigningKey, shown: Sequence[bytes] = ()) -> ZoneImage:
    """A zone, signed; `shown` are further keys in it, as they are in DNSKEY records."""
    plan = Plan(tuple(Use(key, Role.CSK, ACTIVE) for key in keys), 1000)
    records = [
        f"{each.owner} {each.ttl} TYPE{each.rtype} {_rfc3597(each.rdata.wire)}"
        for each in sign_zone(zone(TEXT), plan, MARK)
    ]
    records += [f"@ 3600 DNSKEY {_rfc3597(each)}" for each in shown]
    return ZoneImage(memoryview(compile_zone(zone("\n".join([TEXT, *records])))))


def _rfc3597(octets: bytes) -> str:
    return rf"\# {len(octets)} {octets.hex()}"


def found(image: ZoneImage, text: str, *keys: SigningKey) -> list[int]:
    """How many signatures are found over each set of a zone that is signed with these keys."""
    unsigned = zone(text)
    earlier = Earlier(image, unsigned.origin, [key.dnskey.octets for key in keys])
    return [len(earlier.find(each)) for each in unsigned.rrsets()]


def with_same_tag(dnskey: bytes) -> bytes:
    """Another key that signatures cannot tell from this one (RFC 4034 appendix B)."""
    other = dnskey[:4] + dnskey[6:8] + dnskey[4:6] + dnskey[8:]
    assert find_tag(other) == find_tag(dnskey)
    return other


KEY, OTHER = SigningKey.generate(15), SigningKey.generate(15)


def test_signatures_of_the_same_set_are_found() -> None:
    """Of each key that signs, and of no other."""
    assert [1, 1, 1, 1, 1] == found(signed_by(KEY), TEXT, KEY)
    assert [2, 2, 2, 2, 2] == found(signed_by(KEY, OTHER), TEXT, KEY, OTHER)
    assert [1, 1, 1, 1, 1] == found(signed_by(KEY, OTHER), TEXT, OTHER)
    assert [0, 0, 0, 0, 0] == found(signed_by(KEY), TEXT, OTHER)


@pytest.mark.parametrize(
    ("old", "new"), [("192.0.2.25", "192.0.2.24"), ("mail A", "mail 60 A"), ("mail", "other")]
)
def test_signatures_of_another_set_are_none(old: str, new: str) -> None:
    """Every octet that is signed counts."""
    counts = found(signed_by(KEY), TEXT.replace(old, new), KEY)

    assert 5 == len(counts)
    assert 0 in counts


def test_signatures_of_keys_with_one_tag_are_none() -> None:
    """Nobody knows which of them has made a signature."""
    twin = with_same_tag(KEY.dnskey.octets)

    assert [0, 0, 0, 0, 0] == found(signed_by(KEY, shown=[twin]), TEXT, KEY)


def test_damaged_image_has_no_signatures() -> None:
    """They are made anew, whatever the old version has become."""
    image = signed_by(KEY)
    octets = bytearray(image.octets)
    earlier = Earlier(ZoneImage(memoryview(octets)), zone(TEXT).origin, [KEY.dnskey.octets])
    octets[image.rrsets_at :] = bytes(b"\xff" * (len(octets) - image.rrsets_at))
    (rrset,) = zone(TEXT).nodes[b"\x04mail\x07example\0"].rrsets

    assert not earlier.find(rrset)


def numbers(rrset: RRset) -> list[Opaque]:
    """As many as the set has records; none where the TTL is 0."""
    return [Opaque(rtypes.RRSIG, rdata.wire) for rdata in rrset.rdatas if rrset.ttl]


@pytest.mark.parametrize("hands", [1, 2, 3, 100])
def test_shares_are_put_together_in_order(hands: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if one process had signed all of it."""
    monkeypatch.setattr(signatures, "FEWEST_SETS", 5)
    text = "\n".join(
        f"n{n} {n % 3} TXT {'x' * 200} {n}\nn{n} TXT {n}y\nn{n} TYPE65280 \\# 1 00"
        for n in range(31)
    )
    rrsets = list(zone(text).rrsets())

    assert list(map(numbers, rrsets)) == list(sign_by(hands)(numbers, rrsets))


def test_process_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """No zone is half signed."""
    ours = os.getpid()

    def sign_or_die(rrset: RRset) -> list[Opaque]:
        if os.getpid() != ours:
            os.kill(os.getpid(), signal.SIGKILL)
        return numbers(rrset)

    monkeypatch.setattr(signatures, "FEWEST_SETS", 1)
    with pytest.raises(StartError, match="ended too early"):
        list(sign_by(2)(sign_or_die, list(zone(TEXT).rrsets())))
