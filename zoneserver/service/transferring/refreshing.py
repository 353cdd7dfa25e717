"""One secondary zone: when its primaries are asked, and what becomes of the copy."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from ipaddress import ip_address

from zoneserver.errors import TransferError
from zoneserver.records.rdata import SOA
from zoneserver.service.disk.files import reason
from zoneserver.service.logs import log
from zoneserver.service.observing.transfers import CopyState, Document
from zoneserver.service.transferring.copies import Copies, Facts
from zoneserver.service.transferring.fetching import Fetched, Fetcher
from zoneserver.transfer.serial import is_newer
from zoneserver.transfer.settings import Peer, Secondary
from zoneserver.transfer.timers import Timers

PAUSE_SECONDS = 0.5  # from one check to the next, however often a primary calls for one


@dataclass(slots=True)
class Surroundings:
    """What the refreshers of all zones share.

    `changed` is called when a copy has come or gone, `tell` with what is known of one. `turns`
    are for as many as may fetch at a time.
    """

    copies: Copies
    fetcher: Fetcher
    timers: Timers
    changed: Callable[[], None]
    tell: Callable[[Document], None]
    turns: asyncio.Semaphore
    counters: Counter[str] = field(default_factory=Counter)


class Refresher:
    """Keeps the copy of one zone as new as its primaries have it, from `start` to `stop`."""

    def __init__(self, secondary: Secondary, around: Surroundings) -> None:
        self._origin = secondary.origin
        self._primaries = secondary.primaries
        self._around = around
        self._soa: SOA | None = None
        self._facts = Facts()
        self._failures = 0
        self._problem = ""
        self._next = 0.0
        self._called = asyncio.Event()  # a primary says that there is a newer version
        self._caller = ""
        self._expiry: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def secondary(self) -> Secondary:
        """What it looks after."""
        return Secondary(self._origin, self._primaries)

    def start(self, delay: float) -> None:
        """Take up what is on disk, and ask the primaries after `delay` seconds."""
        copies = self._around.copies
        self._soa, self._facts = copies.read_soa(self._origin), copies.read_facts(self._origin)
        if self._soa is not None:
            # The clock may have been set back meanwhile.
            age = max(0.0, time.time() - self._facts.checked)
            self._expire_after(self._around.timers.expire(self._soa) - age)
        self._task = asyncio.get_running_loop().create_task(self._run(delay))

    def stop(self) -> None:
        """Let it be; the copy stays."""
        if self._expiry is not None:
            self._expiry.cancel()
        if self._task is not None:
            self._task.cancel()

    def call(self, address: str, serial: int | None) -> bool:
        """A primary at this address says that there is a new version, perhaps which one.

        Returns whether it is asked about that.
        """
        if serial is not None and self._soa and not is_newer(serial, self._soa.serial):
            return False
        self._caller = address
        self._called.set()
        return True

    async def _run(self, delay: float) -> None:
        while True:
            self._next = time.time() + delay
            self._report()
            with suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._called.wait()
            async with self._around.turns:
                self._called.clear()
                called, self._caller = self._caller, ""
                delay = await self._try(called)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _try(self, caller: str) -> float:
        try:
            return await self._refresh(caller)
        except Exception as error:  # noqa: BLE001 - a zone must not be forgotten for a defect
            return self._fail(f"unexpected: {error!r}")

    async def _refresh(self, caller: str) -> float:
        """Ask the primaries, the one who called first. Returns when to do so again."""
        around, problems, is_checked = self._around, [], False
        around.counters["copies_checked"] += 1
        for peer in sorted(self._primaries, key=lambda each: _address(each) != caller):
            try:
                fetched = await around.fetcher.fetch(self._origin, peer, self._soa)
            except TransferError as error:
                problems.append(f"{peer.endpoint}: {error}")
                around.counters["copies_failed"] += 1
                continue
            is_checked = True
            self._take(fetched, peer)
            if fetched.style:
                break
        if not is_checked:
            return self._fail("; ".join(problems))
        self._failures, self._problem = 0, ""
        await self._note()
        return around.timers.refresh(self._soa) if self._soa else 0.0

    def _take(self, fetched: Fetched, peer: Peer) -> None:
        """A primary has given us its version, or said that it is ours."""
        now = time.time()
        fetched_at, primary = self._facts.fetched, self._facts.primary
        if fetched.style:
            fetched_at, primary = now, str(peer.endpoint)
            self._around.counters[f"copies_by_{fetched.style.lower()}"] += 1
            self._say(fetched, primary)
            self._around.changed()
        elif self._soa is None:  # it has expired while this was asked
            self._around.copies.revive(self._origin)
            self._around.changed()
        self._soa, self._facts = fetched.soa, Facts(primary, fetched_at, now)
        self._expire_after(self._around.timers.expire(fetched.soa))

    def _say(self, fetched: Fetched, primary: str) -> None:
        zone = str(self._origin)
        text = (
            f"{zone} serial {fetched.soa.serial} has come from {primary}:"
            f" {fetched.records} records by {fetched.style} in {fetched.seconds:.3f} s"
        )
        log.info(
            "zone-fetched",
            text,
            zone=zone,
            serial=fetched.soa.serial,
            primary=primary,
            style=fetched.style,
            records=fetched.records,
            octets=fetched.octets,
            seconds=round(fetched.seconds, 3),
        )

    def _fail(self, problem: str) -> float:
        """No primary could be asked. Returns when to try again."""
        self._failures += 1
        if problem != self._problem:
            self._problem = problem
            zone = str(self._origin)
            have = (
                "the copy stays" if self._soa else "there is no copy: it is answered SERVFAIL"
            )
            text = f"{zone} cannot be fetched; {have}. {problem}"
            log.warning("zone-not-fetched", text, zone=zone, reason=problem)
        return self._around.timers.retry(self._soa, self._failures)

    async def _note(self) -> None:
        copies = self._around.copies
        try:
            await asyncio.to_thread(copies.note, self._origin, self._facts)
            copies.forget_expired(self._origin)
        except OSError as error:
            zone = str(self._origin)
            text = f"what is known of {zone} cannot be written: {reason(error)}"
            log.warning("copy-unwritable", text, zone=zone, reason=reason(error))

    def _expire_after(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = loop.call_later(max(0.0, seconds), self._expire)

    def _expire(self) -> None:
        """No primary has said for too long that the copy is the newest (RFC 1034 4.3.5)."""
        self._soa, self._failures = None, 0  # from now on it is urgent
        zone = str(self._origin)
        text = (
            f"{zone} has expired: no primary could be asked for too long; it is served no more"
        )
        log.error("zone-expired", text, zone=zone)
        try:
            self._around.copies.expire(self._origin)
        except OSError as error:
            log.error("copy-unwritable", f"{zone}: {reason(error)}", zone=zone)
        self._around.counters["copies_expired"] += 1
        self._around.changed()
        self._report()

    def _report(self) -> None:
        """Tell what is known of the copy."""
        soa, facts = self._soa, self._facts
        state = CopyState(
            str(self._origin).lower(),
            facts.primary,
            soa.serial if soa else None,
            facts.fetched,
            facts.checked,
            facts.checked + self._around.timers.expire(soa) if soa else 0,
            self._next,
            self._problem,
        )
        self._around.tell({"copies": [asdict(state)]})


def _address(peer: Peer) -> str:
    """Where a primary is, in the one form that an address has here (RFC 5952)."""
    return str(ip_address(peer.endpoint.address.partition("%")[0]))
