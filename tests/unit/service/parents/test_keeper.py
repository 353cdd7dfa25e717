"""Who is asked for, how often, and what the builder is told."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import dns.rcode
import pytest

from tests.logs import read_log
from tests.unit.service.parents.resolver import DIGEST, SOA, Resolver, resolving
from zoneserver.service.parents import keeper as keeping
from zoneserver.service.parents.keeper import ParentsKeeper

FIRST = f"example.com. 60 IN DS 1 13 2 {DIGEST}"
SECOND = FIRST.replace(" 1 13", " 2 13")
TEXT = f"1 13 2 {DIGEST}"


class Asking:
    """A keeper, a resolver, and what was told."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.keeper = ParentsKeeper(self._note)
        self._told: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

    def _note(self, found: Mapping[str, Any]) -> None:
        self._told.put_nowait(found)

    def seek(self, **zones: float) -> None:
        """Have these zones asked for."""
        named = {f"{zone.replace('_', '.')}.": seconds for zone, seconds in zones.items()}
        self.keeper.seek({"zones": named, "resolvers": [str(self.resolver.endpoint)]})

    async def hear(self) -> dict[str, list[str]]:
        """The records that are told of next, by zone."""
        told = await self._told.get()
        return {zone: each["records"] for zone, each in told.items()}


def ask(
    scenario: Callable[[Asking], Awaitable[None]], **says: list[str] | dns.rcode.Rcode
) -> None:
    """Run a scenario."""

    async def run() -> None:
        async with asyncio.timeout(20), resolving(**says) as resolver:
            asking = Asking(resolver)
            running = asyncio.create_task(asking.keeper.run())
            try:
                await scenario(asking)
            finally:
                running.cancel()

    asyncio.run(run())


def test_what_is_there_is_told() -> None:
    """Of all zones at once, whether or not there are records."""

    async def scenario(asking: Asking) -> None:
        asking.seek(example_com=600, example_net=600)
        assert await asking.hear() == {"example.com.": [TEXT], "example.net.": []}

    ask(scenario, example_com=[FIRST], example_net=[SOA])


def test_what_changes_is_told() -> None:
    """And nothing else, however often it is asked for."""

    async def scenario(asking: Asking) -> None:
        asking.seek(example_com=0.01)
        assert await asking.hear() == {"example.com.": []}
        while len(asking.resolver.asked) < 4:
            await asyncio.sleep(0.01)
        asking.resolver.says["example.com."] = [FIRST, SECOND]
        both = [TEXT, TEXT.replace("1 13", "2 13", 1)]
        assert await asking.hear() == {"example.com.": both}

    ask(scenario, example_com=[SOA])


def test_another_wish() -> None:
    """Only what is wanted is asked for, and what was asked for already not sooner for it."""

    async def scenario(asking: Asking) -> None:
        asking.seek(example_com=600)
        await asking.hear()
        asking.seek(example_com=600, example_net=600)
        assert await asking.hear() == {"example.net.": []}
        assert asking.resolver.asked == ["example.com.", "example.net."]

    ask(scenario, example_com=[FIRST], example_net=[SOA])


def test_another_builder() -> None:
    """Is told anew: what the last one was told is lost."""

    async def scenario(asking: Asking) -> None:
        for _ in range(2):
            asking.keeper.forget()
            asking.seek(example_com=600)
            assert await asking.hear() == {"example.com.": [TEXT]}

    ask(scenario, example_com=[FIRST])


def test_nobody_to_be_asked(caplog: pytest.LogCaptureFixture) -> None:
    """It is said once, and tried again."""

    async def scenario(asking: Asking) -> None:
        asking.seek(example_com=0.01)
        while len(asking.resolver.asked) < 3:
            await asyncio.sleep(0.01)
        asking.resolver.says["example.com."] = [FIRST]
        assert await asking.hear() == {"example.com.": [TEXT]}

    ask(scenario, example_com=dns.rcode.SERVFAIL)
    assert read_log(caplog).count("SERVFAIL") == 1


def test_an_asker_that_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Costs a try, and no more."""

    async def scenario(asking: Asking) -> None:
        monkeypatch.setattr(keeping, "ROUND_SECONDS", 0.0)
        asking.seek(example_com=0.01)
        while "no answer at all" not in read_log(caplog):
            await asyncio.sleep(0.01)
        monkeypatch.setattr(keeping, "ROUND_SECONDS", 10.0)
        assert await asking.hear() == {"example.com.": [TEXT]}

    ask(scenario, example_com=[FIRST])


def test_resolvers_are_those_of_the_wish() -> None:
    """The last one."""

    async def scenario(asking: Asking) -> None:
        asking.keeper.seek({"zones": {"example.com.": 0.01}, "resolvers": ["127.0.0.1:1"]})
        asking.seek(example_com=0.01)
        assert await asking.hear() == {"example.com.": [TEXT]}

    ask(scenario, example_com=[FIRST])
