"""The receive queues of the sockets: what the kernel drops because nobody takes it."""

import asyncio
import socket
from collections.abc import Collection

from zoneserver.service.answering.responder import Throttle
from zoneserver.service.logs import log
from zoneserver.service.observing.counters import KERNEL, Counters
from zoneserver.transports.listen import count_overflows

LOOK_SECONDS = 1.0


async def watch_queues(sockets: Collection[socket.socket], counters: Counters) -> None:
    """Count, and say now and then, that more queries have come than the workers could take."""
    throttle, before = Throttle(), sum(map(count_overflows, sockets))  # another server's
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        overflows = sum(map(count_overflows, sockets))
        counters.note(KERNEL, {"overflows": overflows})
        if overflows > before and throttle.take() is not None:
            lost = overflows - before
            text = f"datagrams lost because the receive queues were full: {lost}"
            log.warning("queries-lost", text, lost=lost)
            before = overflows
