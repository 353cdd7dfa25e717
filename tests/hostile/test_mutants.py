"""No query gone wrong raises, takes long, is answered against the rules or beyond parsing."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.figures import Figures
from tests.hostile.cost import allowance
from tests.hostile.mutants import CHUNK, SLOW, Tally, run_chunk

# A full run has a million; ZONESERVER_MUTANTS says how many.
COUNT = int(os.environ.get("ZONESERVER_MUTANTS", "100000"))


def test_mutants(figures: Figures) -> None:
    """Acceptance 2: octets in, octets or silence out: never an exception, never 5 ms."""
    tally = Tally()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for chunk in pool.map(run_chunk, range(-(-COUNT // CHUNK))):
            tally.add(chunk)
    total = tally.verdicts.total()
    figures.add("2 mutants", f"{total} answered, {len(tally.faults)} faults")
    figures.add("2 mutants, slowest", f"{tally.slowest * 1e6:.0f} us of CPU")
    figures.add("2 mutants, verdicts", str(dict(tally.verdicts.most_common())))
    assert [] == tally.faults[:10]
    assert total >= COUNT
    assert tally.slowest < SLOW * allowance(), tally.slowest_octets.hex()
    # Enough of them get far enough for every kind of answer.
    kinds = {
        "drop",
        "NOERROR",
        "NXDOMAIN",
        "FORMERR",
        "NOTIMP",
        "REFUSED",
        "NOTAUTH",
        "SERVFAIL",
    }
    assert set() == kinds - set(tally.verdicts)
