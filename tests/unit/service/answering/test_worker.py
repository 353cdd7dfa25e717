"""The parts of a worker that no client sees."""

import asyncio

import pytest

from tests.certificates import make_pair
from tests.logs import read_log
from zoneserver.engine.respond import MAX_UDP_PAYLOAD
from zoneserver.image.lookup import Identity
from zoneserver.service.answering.portable import PortableEngine
from zoneserver.service.answering.worker import Worker
from zoneserver.service.running.certificates import Pair
from zoneserver.transports.ledger import Ledger
from zoneserver.transports.limiter import RateLimits
from zoneserver.transports.limits import TcpLimits


def test_trouble_in_the_loop_is_said_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    """Once for many, on one line."""

    async def scenario() -> None:
        engine = PortableEngine(Identity(MAX_UDP_PAYLOAD), RateLimits(), Ledger())
        worker, loop = Worker(engine, [], TcpLimits()), asyncio.get_running_loop()
        for _ in range(100):
            worker._report(
                loop, {"message": "no descriptors", "exception": OSError(24, "x\ny")}
            )

    asyncio.run(scenario())
    (line,) = read_log(caplog).splitlines()
    assert line.startswith("error: no descriptors: OSError(24")


def test_certificate_that_a_worker_cannot_use(caplog: pytest.LogCaptureFixture) -> None:
    """It is said, and the worker goes on with what it has."""

    async def scenario() -> None:
        engine = PortableEngine(Identity(MAX_UDP_PAYLOAD), RateLimits(), Ledger())
        worker = Worker(engine, [], TcpLimits())
        certificate, key = make_pair()
        worker._show(Pair(certificate.decode(), key.decode()))
        worker._show(Pair("", ""))
        assert worker._tls.begin()

    asyncio.run(scenario())
    (line,) = read_log(caplog).splitlines()
    assert line.startswith("error: a worker cannot use the certificate: ")
