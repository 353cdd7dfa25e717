"""Zones whose files are of no use any more: their signatures are renewed all the same."""

import pytest

from tests.servers import BAD_ZONE
from tests.unit.service.keeping.test_keeper import COM, Keeping
from tests.unit.service.keeping.test_signing import SIGNED, Clock, clock, kept, served, wires
from zoneserver.dnssec.sign import PERIOD
from zoneserver.records import rtypes
from zoneserver.service.keeping.zone_keys import keys_path

__all__ = ["clock", "kept"]

MISTAKES = {
    "a rule": f"$dnssec: true\n{BAD_ZONE}",
    "no YAML": "{",
    "the signatures themselves": "$dnssec: {algorithm: x}\n",
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_zone_with_a_mistake(kept: Keeping, clock: Clock, what: str) -> None:
    """Stays as it was, and is proven for as long as that takes; the serial rises."""
    kept.renew(example_com=SIGNED)
    kept.renew(example_com=MISTAKES[what])
    for _ in range(2):
        first, serial = wires(kept, rtypes.RRSIG), served(kept).image.serial
        others = wires(kept, rtypes.MX, rtypes.A, rtypes.DNSKEY)
        clock.now += PERIOD
        kept.renew()

        assert {COM} == kept.renewal.admission.kept
        assert not first & wires(kept, rtypes.RRSIG)
        assert others == wires(kept, rtypes.MX, rtypes.A, rtypes.DNSKEY)
        assert served(kept).image.serial > serial
        assert kept.renewal.served.files


def test_a_zone_without_a_file(kept: Keeping, clock: Clock) -> None:
    """It is missed, and goes on."""
    kept.renew(example_com=SIGNED, example_net=SIGNED.replace("example.com", "example.net"))
    (kept.folder / "zones/example.com.yaml").unlink()
    first = wires(kept, rtypes.RRSIG)
    clock.now += PERIOD
    kept.renew()

    assert "SY009" in kept.codes()
    assert not first & wires(kept, rtypes.RRSIG)


def test_a_zone_that_cannot_be_signed(kept: Keeping, clock: Clock) -> None:
    """Has the signatures that it had: none would be worse."""
    kept.renew(example_com=SIGNED)
    first = wires(kept, rtypes.RRSIG)
    keys_path(kept.folder / "state", COM).write_text("{")
    clock.now += PERIOD
    kept.renew(example_com=MISTAKES["a rule"])

    assert {COM} == kept.renewal.admission.kept
    assert first == wires(kept, rtypes.RRSIG)


def test_what_is_mended_is_served(kept: Keeping, clock: Clock) -> None:
    """After all that."""
    kept.renew(example_com=SIGNED)
    clock.now += PERIOD
    kept.renew(example_com=MISTAKES["a rule"])
    kept.start_anew(kept.renewal.served)
    kept.renew(example_com=SIGNED.replace("192.0.2.25", "192.0.2.26"))

    assert set() == kept.codes()
    assert kept.address() == "192.0.2.26"
