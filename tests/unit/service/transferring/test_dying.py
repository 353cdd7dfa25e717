"""A primary that dies in the middle of a transfer: the old copy stays, whole."""

import asyncio
import random
from pathlib import Path

import pytest

from tests.effort import examples
from tests.figures import Figures
from tests.unit.service.transferring.primary import Asked, answering, following
from tests.unit.transfer.answers import NS, ORIGIN, answer, soa
from zoneserver.errors import TransferError
from zoneserver.service.transferring.copies import Copies
from zoneserver.service.transferring.fetching import Fetcher
from zoneserver.transfer.settings import TransferSettings
from zoneserver.transports.framing import frame

KILLS = 200
SETTINGS = TransferSettings(seconds=5, stall=5, most_octets=1 << 20)


def _addresses(serial: int) -> list[str]:
    """Records of which each tells the version."""
    return [f"n{number}.example.org. 300 IN A 192.0.{serial}.{number}" for number in range(60)]


def _records(serial: int) -> list[str]:
    return [soa(serial), NS, *_addresses(serial)]


def _messages(records: list[str], qtype: str) -> list[bytes]:
    """Seven records in each message."""
    parts = (records[at : at + 7] for at in range(0, len(records), 7))
    return [answer(*part, qtype=qtype) for part in parts]


WHOLE = _messages([*_records(8), soa(8)], "AXFR")
DIFFERENCE = _messages([soa(8), soa(7), *_addresses(7), soa(8), *_addresses(8), soa(8)], "IXFR")


def test_primary_dies(tmp_path: Path, figures: Figures) -> None:
    """Acceptance 92: at 200 points of transfers, whole and incremental; then it works."""
    copies, chance = Copies(tmp_path), random.Random(92)
    sent = {"AXFR": 0, "IXFR": 0}

    async def die(asked: Asked) -> None:
        if asked.qtype == "SOA":
            await asked.send(answer(soa(8), qtype="SOA"))
            return
        messages = WHOLE if asked.qtype == "AXFR" else DIFFERENCE
        octets = b"".join(frame(asked.octets[:2] + each[2:]) for each in messages)
        sent[asked.qtype] += 1
        await asked.send_raw(octets[: chance.randrange(len(octets))])
        # Killed, its host closes the connection; with the host, it is reset.
        chance.choice((asked.writer.close, asked.writer.transport.abort))()

    def lines() -> list[str]:
        text = (tmp_path / "copies/example.org.zone").read_text()
        return [line.replace("\t", " ") for line in text.splitlines()[2:]]

    async def fetch_all() -> None:
        fetcher = Fetcher(SETTINGS, copies)
        async with answering(
            following(7, AXFR=_messages([*_records(7), soa(7)], "AXFR"))
        ) as first:
            await fetcher.fetch(ORIGIN, first.peer, None)
        old = copies.read_soa(ORIGIN)
        async with answering(die) as primary:
            while sum(sent.values()) < examples(KILLS):
                # Without a version of ours it is the whole zone that is asked for.
                ours = chance.choice((old, None))
                with pytest.raises(TransferError):
                    await fetcher.fetch(ORIGIN, primary.peer, ours)
                assert _records(7) == lines()
        async with answering(following(8, IXFR=DIFFERENCE)) as primary:
            await fetcher.fetch(ORIGIN, primary.peer, old)

    asyncio.run(fetch_all())

    assert min(sent.values()) > 2
    assert sorted(_records(8)) == sorted(lines())
    figures.add(
        f"92 a primary dies {sum(sent.values())} times in a transfer",
        f"{sent['AXFR']} AXFR, {sent['IXFR']} IXFR: the old copy stays, 0 mixed",
    )
