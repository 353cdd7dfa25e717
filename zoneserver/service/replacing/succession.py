"""The server that runs, and may be replaced: it leaves all it has, and ends once that is taken.

Until then it answers, and so it does if whoever was to take its place fails.
"""

import asyncio
import json
import os
import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from zoneserver.errors import StartError
from zoneserver.service.control.control_socket import REFUSED
from zoneserver.service.logs import log
from zoneserver.service.replacing.estate import Document, Estate
from zoneserver.service.running.manager import ServiceManager
from zoneserver.service.running.reloads import Reloads

START_SECONDS = 600.0  # for the new server to answer; it may have zones to read
_CREDENTIALS = struct.Struct("@3i")  # struct ucred of unix(7): process, user, group


class Succession:
    """Leaves the `estate` to whoever asks for it, and then calls `leave`: the server shall end.

    No zone is read meanwhile, because both would write into one state folder.
    """

    def __init__(
        self,
        manager: ServiceManager,
        reloads: Reloads,
        estate: Callable[[], Estate],
        leave: Callable[[], None],
    ) -> None:
        self.is_over = False  # somebody answers in our place
        self._manager = manager
        self._reloads = reloads
        self._estate = estate
        self._leave = leave
        self._heir: socket.socket | None = None

    async def offer(self, connection: socket.socket) -> None:
        """Have the process at the other end take our place, if it may and can.

        `connection` does not block; it is closed here, or by `settle`.
        """
        if self._heir is not None:
            await _refuse(connection, "another process is about to take the server's place")
            return
        self._heir = connection
        try:
            pid = self._require_peer(connection)
            log.info("replacing", f"process {pid} is to take this one's place", pid=pid)
            async with asyncio.timeout(START_SECONDS):
                await self._reloads.hold()
                pid = await self._bequeath(connection)
        except (StartError, TimeoutError, OSError, ValueError, KeyError) as error:
            await self._go_on(connection, error)
            return
        text = f"process {pid} answers in this one's place, which ends"
        log.info("replaced", text, pid=pid)
        self.is_over = True
        self._manager.follow(pid)
        self._leave()

    async def settle(self) -> None:
        """Tell whoever waits for it that all is theirs now; or that we end without them."""
        if self._heir is None:
            return
        if self.is_over:
            await _send(self._heir, {"yours": True})
            self._heir.close()
        else:
            await _refuse(self._heir, "the running server was told to stop")

    async def _bequeath(self, connection: socket.socket) -> int:
        """Leave everything, and wait until that is answered from: the id of the new process."""
        for parcel in self._estate().parcels():
            await _send(connection, *parcel)
            await _hear(connection)
        return int(json.loads(await _hear(connection))["answers"])

    def _require_peer(self, connection: socket.socket) -> int:
        """The process at the other end. Raises StartError where it may not replace us."""
        octets = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        pid: int
        pid, user, _ = _CREDENTIALS.unpack(octets)
        if user != os.geteuid():
            raise StartError(
                f"the running server is user {os.geteuid()}, this process is user {user}:"
                " only one of the same user can take its place; write --user"
            )
        if self._manager.is_there and _read_group(pid) != _read_group(os.getpid()):
            raise StartError(
                "a service manager keeps the running server, and would not know this process:"
                " have it start the new one, as `systemctl reload` does where ExecReload= says"
            )
        return pid

    async def _go_on(self, connection: socket.socket, error: Exception) -> None:
        reasons = {TimeoutError: "it has not answered in time", KeyError: "it makes no sense"}
        reason = reasons.get(type(error)) or str(error) or "it has ended"
        await _refuse(connection, reason)
        self._heir = None
        self._reloads.release()
        text = f"nobody takes this server's place, and it goes on: {reason}"
        log.warning("not-replaced", text, reason=reason)


async def _send(
    connection: socket.socket, document: Document, sockets: Sequence[socket.socket] = ()
) -> None:
    """Send a line, with its sockets. Raises OSError."""
    octets = json.dumps(document).encode() + b"\n"
    sent = 0
    if sockets:
        descriptors = [each.fileno() for each in sockets]
        sent = socket.send_fds(connection, [octets], descriptors)
    await asyncio.get_running_loop().sock_sendall(connection, octets[sent:])


async def _hear(connection: socket.socket) -> bytes:
    """What is said. Raises StartError where the other end is gone, and OSError."""
    octets = await asyncio.get_running_loop().sock_recv(connection, 1 << 16)
    if not octets:
        raise StartError("the process that was to take it has ended")
    return octets


async def _refuse(connection: socket.socket, reason: str) -> None:
    with connection, suppress(OSError):  # it may have ended
        await _send(connection, {REFUSED: reason})


def _read_group(pid: int) -> bytes:
    """What a service manager knows a process by: its control group."""
    try:
        return Path(f"/proc/{pid}/cgroup").read_bytes()
    except OSError:
        return b""
