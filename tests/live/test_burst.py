"""More queries than can be answered: what is lost is counted, and it is over when they stop."""

import os
import re
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import dns.message
import pytest

from tests.figures import Figures
from tests.live.test_workers import workers
from tests.servers import GOOD_ZONE, WAIT_SECONDS, running, write_zones

BURST_SECONDS = 5.0
# The worker gets so much of the time only, so that any load is many times what it can answer.
RUN_SECONDS, REST_SECONDS = 0.002, 0.098
BACK_SECONDS = 1.0
NORMAL_SECONDS = 0.1  # an answer that takes no longer has not waited in a queue
QUERY = dns.message.make_query("example.com", "MX", id=1).to_wire()


class Flood:
    """Asks the same again and again, as fast as one thread can, and keeps what it is told."""

    def __init__(self, port: int) -> None:
        self.sent = self.answered = 0
        self.answers: set[bytes] = set()
        self._port = port
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", self._port))
            while not self._over.is_set():
                for _ in range(100):
                    client.send(QUERY)
                self.sent += 100
                with suppress(BlockingIOError):
                    while True:
                        self.answers.add(client.recv(4096, socket.MSG_DONTWAIT))
                        self.answered += 1


@pytest.mark.parametrize("engine", ["native", "portable"])
def test_burst(tmp_path: Path, engine: str, figures: Figures) -> None:
    """Acceptance 101: a burst of five seconds at five times the capacity and more.

    What the queue cannot hold is counted and told, every answer is right, and within a second
    they come as fast as before.
    """
    if engine == "native":
        pytest.importorskip("zoneserver._fastpath", reason="it is not installed")
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path, "--workers", "1", "--engine", engine) as server:
        (worker,) = workers(server)
        right = _ask(server.port, WAIT_SECONDS)
        with Flood(server.port) as flood:
            _hold_back(worker, BURST_SECONDS)
        back = _time_until_normal(server.port)
        told = server.log.wait_for("datagrams lost because the receive queues were full")
    (lost,) = re.findall(r": (\d+)$", told)
    figures.add(
        f"101 burst, {engine}",
        f"{flood.sent} queries, {flood.answered} answers, normal after {back * 1000:.0f} ms",
    )
    assert int(lost) > 0
    assert flood.sent >= 5 * flood.answered
    assert flood.answers == {right}
    assert back <= BACK_SECONDS


def _hold_back(worker: int, seconds: float) -> None:
    """Let a process run for a small part of the time only."""
    end, pause = time.monotonic() + seconds, threading.Event()
    try:
        while time.monotonic() < end:
            os.kill(worker, signal.SIGSTOP)
            pause.wait(REST_SECONDS)
            os.kill(worker, signal.SIGCONT)
            pause.wait(RUN_SECONDS)
    finally:
        os.kill(worker, signal.SIGCONT)


def _time_until_normal(port: int) -> float:
    """How long it takes until an answer comes at once."""
    begin = time.monotonic()
    while time.monotonic() < begin + WAIT_SECONDS:
        asked = time.monotonic()
        if _ask(port, NORMAL_SECONDS) is not None:
            return asked - begin
    raise AssertionError("answers stayed slow")


def _ask(port: int, seconds: float) -> bytes | None:
    """An answer, if it comes in time."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(seconds)
        client.connect(("127.0.0.1", port))
        client.send(QUERY)
        try:
            return client.recv(4096)
        except TimeoutError:
            return None
