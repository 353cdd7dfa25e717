"""What the kernel has counted for a server: processor time and memory.

A server may be many processes: all of its session count, which is why servers are
started in one of their own.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# Positions in /proc/PID/stat behind the name of the program, see proc(5): the session,
# then user and system time of the process and of its children that have ended.
SESSION = 3
TIMES = slice(11, 15)


@dataclass(frozen=True)
class Memory:
    """Resident memory in MiB, summed over the processes of a server.

    `rss` counts a page once per process that maps it, `pss` shares it out among them.
    """

    rss: float
    pss: float


def processor_seconds(session: int) -> float:
    """User and system time that the processes of `session` have used so far."""
    ticks = sum(int(ticks) for _, stat in _processes(session) for ticks in stat[TIMES])
    return ticks / TICKS_PER_SECOND


def memory(session: int) -> Memory:
    """The memory that the processes of `session` hold now."""
    folders = [folder for folder, _ in _processes(session)]
    return Memory(
        rss=sum(_mebibytes(folder / "status", "VmRSS") for folder in folders),
        pss=sum(_mebibytes(folder / "smaps_rollup", "Pss") for folder in folders),
    )


def _processes(session: int) -> Iterator[tuple[Path, list[str]]]:
    for folder in PROC.glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended between the listing and the reading
        fields = text.rpartition(")")[2].split()
        if int(fields[SESSION]) == session:
            yield folder, fields


def _mebibytes(path: Path, key: str) -> float:
    for line in path.read_text().splitlines():
        name, _, value = line.partition(":")
        if name == key:
            return int(value.split()[0]) / 1024
    return 0.0
