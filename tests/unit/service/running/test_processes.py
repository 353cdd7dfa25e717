"""Processes of our own: what they keep, how they end, and that none outlives its maker."""

import asyncio
import json
import os
import select
import signal
import socket
from collections.abc import Callable

import pytest

from zoneserver.service.logs import log
from zoneserver.service.running.processes import FAILED, fork, wait_for_end


def _status(run: Callable[[], int]) -> int:
    """How a process ends that does this."""

    async def scenario() -> int:
        async with asyncio.timeout(10):
            return await wait_for_end(fork("child", run, []))

    return asyncio.run(scenario())


def _end_by(number: signal.Signals) -> int:
    os.kill(os.getpid(), number)
    return 1


@pytest.mark.parametrize("status", [0, 1, 70, 255])
def test_exit_status(status: int) -> None:
    """What `run` returns."""
    assert status == _status(lambda: status)


def test_end_by_a_signal() -> None:
    """It is told as a negative number."""
    assert -signal.SIGKILL == _status(lambda: _end_by(signal.SIGKILL))


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_signals_are_for_the_main_process(number: signal.Signals) -> None:
    """A terminal's Ctrl-C reaches all, and only one heeds it."""
    assert _status(lambda: _end_by(number)) == 1


@pytest.mark.parametrize("error", [ValueError("\x1bboom"), SystemExit(0), KeyboardInterrupt()])
def test_failure(error: BaseException) -> None:
    """It is logged, and nothing of it goes on in the parent."""

    def run() -> int:
        raise error

    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        log.attach(ours, "info")
        try:
            assert FAILED == _status(run)
        finally:
            log.detach()
        event = json.loads(theirs.recv(log.MOST_OCTETS))
    assert (event["event"], event["process"]) == ("process-failed", "child")
    assert type(error).__name__ in event["fields"]["trace"]


def test_descriptors_are_closed() -> None:
    """All but the terminal's and those that are kept, wherever they stand."""
    ours, theirs = socket.socketpair()
    opened = [os.open("/dev/null", os.O_RDONLY) for _ in range(5)]
    kept = {0, 1, 2, theirs.fileno(), opened[1], opened[4]}

    def run() -> int:
        known = set()
        for descriptor in range(1024):
            try:
                os.fstat(descriptor)
            except OSError:
                continue
            known.add(descriptor)
        theirs.sendall(repr(sorted(known)).encode())
        return 0

    async def scenario() -> int:
        return await wait_for_end(fork("child", run, [opened[4], theirs.fileno(), opened[1]]))

    assert asyncio.run(scenario()) == 0
    theirs.close()
    found = ours.recv(65_536).decode()
    ours.close()
    for descriptor in opened:
        os.close(descriptor)

    assert repr(sorted(kept)) == found


def test_no_process_outlives_its_maker() -> None:
    """However that ended: the kernel sees to it."""
    reading, writing = os.pipe()

    def make() -> int:
        def outlive() -> int:
            signal.pause()
            return 0

        pid = fork("child", outlive, [writing])
        os.write(writing, pid.to_bytes(4, "big"))
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    async def scenario() -> int:
        return await wait_for_end(fork("child", make, [writing]))

    assert -signal.SIGKILL == asyncio.run(scenario())
    os.close(writing)
    pid = int.from_bytes(os.read(reading, 4), "big")
    ready, _, _ = select.select([reading], [], [], 5)  # it had the last writing end
    ended = ready and os.read(reading, 1)
    os.close(reading)

    assert pid > 0
    assert ended == b""
