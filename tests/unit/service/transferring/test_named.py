"""The servers that a zone names itself: which they are, and where."""

import asyncio
import socket
from typing import Any

import pytest

from tests.images import Both
from tests.unit.transports.streams import in_loop
from tests.zones_text import name, zone
from zoneserver.image.images import Images
from zoneserver.names import Name
from zoneserver.service.transferring import named as module
from zoneserver.service.transferring.named import (
    NamedServers,
    find_ours,
    is_own,
    list_named,
)
from zoneserver.transports.endpoint import Endpoint

ORIGIN = Name.parse("example.")
IMAGES = Both.of(
    zone(
        """
        @ NS ns1
        @ NS ns2
        @ NS ns.sub
        @ NS ns.other.
        @ NS ns.elsewhere.
        ns2 A 192.0.2.2
        ns2 AAAA 2001:db8::2
        sub NS ns.sub
        ns.sub A 192.0.2.3
        """,
        apex="@ SOA ns1 hostmaster 1 7200 1800 1209600 300",
    ),
    zone("ns A 192.0.2.4", "other."),
).images


def test_the_primary_is_left_out() -> None:
    """RFC 1996 2.1: the one that the SOA names; a zone that is not here names nobody."""
    expected = ["ns2.example.", "ns.sub.example.", "ns.other.", "ns.elsewhere."]
    assert expected == [str(each) for each in list_named(IMAGES, ORIGIN)]
    assert [] == list_named(Images({}), ORIGIN)


@pytest.mark.parametrize(
    ("server", "addresses"),
    [
        ("ns2.example.", ["192.0.2.2", "2001:db8::2"]),
        ("ns.sub.example.", ["192.0.2.3"]),  # glue
        ("ns.other.", ["192.0.2.4"]),
        ("ns1.example.", []),
        ("ns.elsewhere.", []),
    ],
)
def test_addresses_of_our_own(server: str, addresses: list[str]) -> None:
    """From any zone that is here."""
    assert addresses == find_ours(IMAGES, name(server))


def test_an_address_of_this_host() -> None:
    """It is not told of what it has."""
    assert is_own("127.0.0.1")
    assert not is_own("192.0.2.1")


@in_loop
async def test_all_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are elsewhere by the system's resolver, which is asked once."""
    asked: list[str] = []

    async def getaddrinfo(host: str, *_: object, **__: object) -> list[Any]:
        asked.append(host)
        if len(asked) > 1:
            raise socket.gaierror
        return [(socket.AF_INET, 0, 0, "", ("192.0.2.5", 0))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(module, "is_own", lambda address: address == "192.0.2.4")
    found: asyncio.Queue[tuple[Name, list[Endpoint]]] = asyncio.Queue()
    servers = NamedServers(lambda *each: found.put_nowait(each))
    running = asyncio.create_task(servers.run())
    expected = ["192.0.2.2", "2001:db8::2", "192.0.2.3", "192.0.2.5"]
    for _ in range(2):
        servers.seek(ORIGIN, IMAGES)
        async with asyncio.timeout(10):
            assert (ORIGIN, [Endpoint(each, 53) for each in expected]) == await found.get()
    monkeypatch.setattr(module, "KEPT_SECONDS", -1.0)
    servers._known.clear()
    servers.seek(ORIGIN, IMAGES)
    async with asyncio.timeout(10):
        assert "192.0.2.5" not in [each.address for each in (await found.get())[1]]
    running.cancel()
    assert ["ns.elsewhere."] * 2 == asked
