"""Transfers with octets changed at random: refused or taken, and nothing else happens."""

import sys
import time
from collections import Counter
from random import Random

from tests.effort import examples
from tests.figures import Figures
from tests.unit.transfer.answers import A1, A2, A3, NOW, NS, ORIGIN, answer, changes, soa, whole
from zoneserver.errors import TransferError
from zoneserver.transfer.changes import Changes
from zoneserver.transfer.lines import LineWriter

MUTANTS = 2000
MOST_SECONDS = 2.5 if sys.gettrace() else 0.25  # for one of them; traced tests are slow
MORE = [
    "b.example.org. 300 IN MX 10 mail.example.org.",
    'b.example.org. 300 IN TXT "a;b" "c"',
    "b.example.org. 300 IN SRV 1 2 3 mail.example.org.",
    'b.example.org. 300 IN NAPTR 1 2 "u" "E2U+sip" "!a!b!" mail.example.org.',
    "b.example.org. 300 IN AAAA 2001:db8::1",
    'b.example.org. 300 IN CAA 0 issue "ca.example"',
    "c.example.org. 300 IN CNAME b.example.org.",
    r"d.example.org. 300 IN TYPE65280 \# 4 0a000001",
]
WHOLE = [answer(soa(7), NS, A1, *MORE), answer(A2, soa(7))]
DIFFERENCE = [
    answer(soa(9), soa(7), A1, *MORE, soa(8), A2, qtype="IXFR"),
    answer(soa(8), A2, soa(9), A3, *MORE, soa(9), qtype="IXFR"),
]
COPY = ["\t".join(row.split(" ", 4)) for row in (NS, A1, *MORE)]


def _mutate(random: Random, octets: bytes) -> bytes:
    """Octets changed, cut out, doubled or cut off."""
    mutant = bytearray(octets)
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        at = random.randrange(len(mutant) or 1)
        match random.randrange(6):
            case 0:
                del mutant[at : at + random.randrange(1, 12)]
            case 1:
                mutant[at:at] = mutant[at : at + random.randrange(1, 30)]
            case 2:
                del mutant[max(at, 12) :]
            case 3:
                mutant[at : at + 1] = bytes((random.choice((0, 1, 63, 64, 192, 255)),))
            case _:
                mutant[at : at + 1] = bytes((random.randrange(256),))
    return bytes(mutant)


def _take(random: Random, *, incremental: bool) -> str:
    """What becomes of a mutated transfer: done, not yet, or refused."""
    incoming = changes(7) if incremental else whole()
    messages = list(DIFFERENCE if incremental else WHOLE)
    place = random.randrange(2)
    messages[place] = _mutate(random, messages[place])
    writer = LineWriter()
    try:
        for message in messages:
            for record in incoming.receive(message, NOW):
                assert "\n" not in writer.write(record)
        if incoming.is_done and incremental:
            lines = list(Changes(ORIGIN, incoming.differences).apply(COPY))
            assert all("\n" not in line for line in lines)
    except TransferError:
        return "refused"
    return "taken" if incoming.is_done else "not complete"


def test_mutants(figures: Figures) -> None:
    """Acceptance 85: no other error than the one declared, and none takes long."""
    random, found, longest = Random(85), Counter[str](), 0.0
    count = examples(MUTANTS)
    for number in range(count):
        begun = time.process_time()
        found[_take(random, incremental=bool(number % 2))] += 1
        longest = max(longest, time.process_time() - begun)

    assert longest < MOST_SECONDS
    assert min(found[each] for each in ("refused", "taken")) > count // 100
    figures.add(
        "85 mutants of transfers",
        f"{count}: {dict(found)}, the longest took {longest * 1000:.1f} ms",
    )
