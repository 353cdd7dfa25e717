"""What the kernel has counted for a server: processor time and memory.

A server may be many processes: all of its session count, which is why servers are
started in one of their own.
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
GONE = (FileNotFoundError, ProcessLookupError)
# Positions in /proc/PID/stat behind the name of the program, see proc(5): the session,
# user and system time of the process, and of its children that have ended.
SESSION = 3
OWN_TIMES, CHILDREN_TIMES = slice(11, 13), slice(13, 15)
# The clock of all threads of a process, as Linux numbers it: see clock_getcpuclockid(3).
PROCESS_CLOCK = 2


@dataclass(frozen=True)
class Memory:
    """Resident memory in MiB, summed over the processes of a server.

    `rss` counts a page once per process that maps it, `pss` shares it out among them.
    """

    rss: float
    pss: float


def processor_seconds(session: int) -> float:
    """User and system time that the processes of `session` have used so far.

    To the nanosecond for those that live, in ticks for those that have ended.
    """
    return sum(
        _own_seconds(int(folder.name), stat) + _ticks(stat[CHILDREN_TIMES])
        for folder, stat in _processes(session)
    )


def memory(session: int) -> Memory:
    """The memory that the processes of `session` hold now."""
    folders = [folder for folder, _ in _processes(session)]
    return Memory(
        rss=sum(_mebibytes(folder / "status", "VmRSS") for folder in folders),
        pss=sum(_mebibytes(folder / "smaps_rollup", "Pss") for folder in folders),
    )


def _own_seconds(pid: int, stat: list[str]) -> float:
    with suppress(OSError):
        return time.clock_gettime(~pid << 3 | PROCESS_CLOCK)
    return _ticks(stat[OWN_TIMES])  # it has ended, and its parent has not noticed yet


def _ticks(fields: list[str]) -> float:
    return sum(map(int, fields)) / TICKS_PER_SECOND


def _processes(session: int) -> Iterator[tuple[Path, list[str]]]:
    for folder in PROC.glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text()
        except GONE:
            continue  # it ended between the listing and the reading
        fields = text.rpartition(")")[2].split()
        if int(fields[SESSION]) == session:
            yield folder, fields


def _mebibytes(path: Path, key: str) -> float:
    with suppress(*GONE):
        for line in path.read_text().splitlines():
            name, _, value = line.partition(":")
            if name == key:
                return int(value.split()[0]) / 1024
    return 0.0
