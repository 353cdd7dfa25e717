"""What the kernel counted, for processes whose use of it is known."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from benchmarks import accounting

MEBIBYTES = 64
# In a session of its own: a child that takes half a second of processor time and is still
# there, one that has ended after as much, and memory that is really used.
PROGRAM = f"""
import os, signal, sys, time

def work():
    while time.process_time() < 0.5:
        pass

used = bytearray(os.urandom(1)) * ({MEBIBYTES} << 20)
for stays in (False, True):
    read, write = os.pipe()
    if os.fork() == 0:
        del used
        work()
        os.write(write, b"x")
        if stays:
            signal.pause()
        os._exit(0)
    os.read(read, 1)
    if not stays:
        os.wait()
print("ready", flush=True)
signal.pause()
"""


@pytest.fixture(scope="module")
def session() -> Iterator[int]:
    """The session of three processes, one of which has ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    try:
        assert b"ready\n" == process.stdout.readline()
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=10)


def test_processor_seconds(session: int) -> None:
    """All processes count, those that have ended too."""
    assert 1.0 <= accounting.processor_seconds(session) < 3.0


def test_processor_seconds_of_nobody() -> None:
    """A session that does not exist has used nothing."""
    assert 0 == accounting.processor_seconds(2**30)


def test_memory(session: int) -> None:
    """What is used counts, and once only in the proportional size."""
    memory = accounting.memory(session)

    assert MEBIBYTES <= memory.pss <= memory.rss
