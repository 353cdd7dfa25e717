"""Errands: what a process of its own does and tells of, so that this one need not.

It is for what waits for others, and for what secrets are read for: whoever runs errands has
neither of these in its memory, nor have the processes that it makes later.
"""

import os
import signal
import socket
from collections.abc import Callable

from zoneserver.service.running.channel import AsyncChannel, Channel, Message
from zoneserver.service.running.processes import fork, wait_for_end


async def run_errand(name: str, work: Callable[[], Message]) -> Message | None:
    """What comes of some work, which a process of that name does; None: it has failed."""
    ours, theirs = socket.socketpair()

    def life() -> int:
        Channel(theirs).send(work())
        return 0

    pid = fork(name, life, [theirs.fileno()])
    theirs.close()
    channel = await AsyncChannel.open(ours)
    try:
        return await channel.receive()
    finally:
        channel.close()
        os.kill(pid, signal.SIGKILL)  # it has said all that it had to say
        await wait_for_end(pid)
