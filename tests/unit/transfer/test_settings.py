"""Who may take which zone, and who is told of it."""

import pytest

from zoneserver.names import Name
from zoneserver.networks import Networks
from zoneserver.transfer.settings import Peer, Rule, Secondary, Target, TransferSettings
from zoneserver.transports.endpoint import Endpoint

HERE, THERE = b"\x7f\0\0\1", b"\xc0\0\2\1"
COM, NET = Name.parse("Example.com."), Name.parse("example.net.")
KEY, OTHER = Name.parse("ns2.example."), Name.parse("ns3.example.")
LOOPBACK = Networks.parse(["127.0.0.0/8"])
PEER = Peer(Endpoint("192.0.2.1", 53))

ADDRESS, KEYED, BOTH = Rule(LOOPBACK), Rule(key=KEY), Rule(LOOPBACK, KEY)
ONE_ZONE = Rule(LOOPBACK, zones=frozenset({COM}))


@pytest.mark.parametrize(
    ("rule", "address", "key", "permitted"),
    [
        (ADDRESS, HERE, None, True),
        (ADDRESS, HERE, KEY, True),
        (ADDRESS, THERE, KEY, False),
        (KEYED, THERE, KEY, True),
        (KEYED, THERE, Name.parse("NS2.example."), True),
        (KEYED, HERE, OTHER, False),
        (KEYED, HERE, None, False),
        (BOTH, HERE, KEY, True),
        (BOTH, HERE, None, False),
        (BOTH, THERE, KEY, False),
    ],
)
def test_rules(rule: Rule, address: bytes, key: Name | None, *, permitted: bool) -> None:
    """Where address and key both stand, both must fit."""
    settings = TransferSettings(allow=(rule,))

    assert permitted == settings.permits(COM, address, key)


def test_rules_for_zones() -> None:
    """Without zones a rule holds for all; with some, for these and not for what is below."""
    settings = TransferSettings(allow=(ONE_ZONE,))
    names = [Name.parse("example.COM."), NET, Name.parse("sub.example.com.")]

    assert [settings.permits(name, HERE, None) for name in names] == [True, False, False]
    assert [settings.may_send(name) for name in names] == [True, False, False]
    assert TransferSettings(allow=(KEYED,)).may_send(NET)


def test_one_rule_is_enough() -> None:
    """And without any, nobody may take anything."""
    settings = TransferSettings(allow=(KEYED, ONE_ZONE))

    assert settings.permits(COM, HERE, None)
    assert settings.permits(NET, THERE, KEY)
    assert not settings.permits(NET, HERE, None)
    assert not TransferSettings().permits(COM, HERE, KEY)


def test_targets() -> None:
    """Who is told of all zones, or of some."""
    assert Target(PEER).covers(NET)
    assert [Target(PEER, frozenset({COM})).covers(each) for each in (COM, NET)] == [True, False]


@pytest.mark.parametrize(
    ("settings", "is_used"),
    [
        (TransferSettings(), False),
        (TransferSettings(sessions=1), False),
        (TransferSettings(allow=(KEYED,)), True),
        (TransferSettings(notify=(Target(PEER),)), True),
        (TransferSettings(notify_ns=True), True),
        (TransferSettings(secondaries=(Secondary(COM, (PEER,)),)), True),
    ],
)
def test_what_is_used(settings: TransferSettings, *, is_used: bool) -> None:
    """Without anything to send, to tell or to fetch, no process is kept for it."""
    assert is_used == settings.is_used
