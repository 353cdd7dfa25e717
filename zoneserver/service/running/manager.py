"""The service manager that has started this server, if one has: sd_notify(3), sd_listen_fds(3).

It is told when queries are answered, when zones are reloaded, and when the server stops; it may
have bound the sockets; and it may want to hear, again and again, that all is well.
"""

import asyncio
import os
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from zoneserver.service.checking.report import count
from zoneserver.service.observing.overview import Overview
from zoneserver.transports.ask import is_answering
from zoneserver.transports.endpoint import Endpoint

_FIRST_DESCRIPTOR = 3


class ServiceManager:
    """What its environment variables say. Without them nothing is told to anybody.

    `descriptors` are those of the sockets that it passes. `patience` is how many seconds it
    waits for `WATCHDOG=1` before it starts the server anew; None: for ever.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        count = _number(environment, "LISTEN_FDS", "LISTEN_PID")
        self.descriptors = range(_FIRST_DESCRIPTOR, _FIRST_DESCRIPTOR + count)
        microseconds = _number(environment, "WATCHDOG_USEC", "WATCHDOG_PID")
        self.patience = microseconds / 1e6 if microseconds and self._address else None

    @property
    def is_there(self) -> bool:
        """Whether there is one, as far as is known."""
        return bool(self._address)

    def document(self) -> dict[str, Any]:
        """How it is told, as plain values, for a server that it has not started itself."""
        return {"address": self._address, "patience": self.patience}

    def inherit(self, document: Mapping[str, Any]) -> None:
        """Tell, from now on, the manager of the server that this one has replaced, if any.

        Raises KeyError.
        """
        if document["address"]:
            self._address, self.patience = document["address"], document["patience"]

    def follow(self, pid: int) -> None:
        """Say that another process is the server now, and nothing any more."""
        self.tell(f"MAINPID={pid}")
        self._address = ""

    def tell(self, *assignments: str) -> None:
        """Say something, such as READY=1. Whether anybody listens is not for us to mind."""
        if self._address[:1] not in {"/", "@"}:
            return
        is_abstract = self._address[0] == "@"  # no file: in unix(7) it begins with a NUL
        address = f"\0{self._address[1:]}" if is_abstract else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as teller:
            teller.settimeout(0)
            teller.sendto("\n".join(assignments).encode(), address)

    def tell_reloading(self) -> None:
        """Say that a reload begins; READY=1 ends it."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def tell_ready(self, overview: Overview) -> None:
        """Say that queries are answered, and to people for how many zones."""
        status = f"{count(len(overview.zones), 'zone')}, {len(overview.stale())} with errors"
        # At the start nothing may be known of the zones as yet, though they are served.
        self.tell("READY=1", *([f"STATUS={status}"] if overview.zones else ()))

    async def keep_watchdog(self, endpoints: Sequence[Endpoint]) -> None:
        """Say that all is well as long as every endpoint answers over UDP or TCP.

        Where nobody wants to hear it, return at once.

        Over UDP a query may be lost in a flood; over TCP it still comes through.
        """
        while self.patience is not None:
            asked = [is_answering(each, self.patience / 8) for each in endpoints]
            if all(await asyncio.gather(*asked)):
                self.tell("WATCHDOG=1")
            await asyncio.sleep(self.patience / 4)


def _number(environment: Mapping[str, str], key: str, pid: str) -> int:
    """A number for this process, and for no other that has inherited the variables."""
    if environment.get(pid, str(os.getpid())) != str(os.getpid()):
        return 0
    text = environment.get(key, "")
    return int(text) if text.isascii() and text.isdecimal() else 0
