"""The server that runs, as the one that is to take its place sees it."""

import asyncio
import json
import os
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from zoneserver.errors import NameSyntaxError, StartError
from zoneserver.service.control.control_socket import REFUSED, connect
from zoneserver.service.replacing.estate import Document, Estate, Parcel, receive
from zoneserver.transports.endpoint import Endpoint

PATIENCE_SECONDS = 600.0  # until it has read the zones that it may be about to read

_UNREADABLE = "the running server says what this version does not understand: restart it"


class Predecessor:
    """Has left us its `estate`, and answers until `replace` is done.

    `on_replaced` is called then.
    """

    def __init__(self, connection: socket.socket, estate: Estate) -> None:
        self.estate = estate
        self.on_replaced: Callable[[], None] = lambda: None
        self._connection = connection

    @classmethod
    def ask(cls, control: Path | None) -> Self:
        """Have the server with this control socket leave us what it has.

        It goes on as if nothing had happened, should we end. Raises StartError.
        """
        if control is None:
            raise StartError("nothing says where the running server's control socket is")
        connection = connect(control, PATIENCE_SECONDS)
        with ExitStack() as stack:
            stack.enter_context(connection)
            estate = _take_estate(connection, control)
            stack.pop_all()
        return cls(connection, estate)

    @property
    def is_managed(self) -> bool:
        """Whether a service manager has started it."""
        return bool(self.estate.manager["address"])

    def require_same(self, endpoints: Iterable[Endpoint]) -> None:
        """See to it that we are to listen where it does. Raises StartError."""
        ours, theirs = set(endpoints), set(self.estate.dns)
        if self.estate.is_fixed or ours == theirs:
            return
        raise StartError(
            f"the running server listens on {_join(theirs)}, this one would on {_join(ours)}:"
            " give it the same --listen or `listen`; or have the running one move first,"
            " with another `listen` and `zoneserver reload`"
        )

    async def replace(self) -> None:
        """Say that we answer; it has put down all it had when this returns.

        One that was killed meanwhile is replaced as well. Raises StartError where it goes on.
        """
        self._connection.settimeout(0)
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(self._connection, _line({"answers": os.getpid()}))
            async with asyncio.timeout(PATIENCE_SECONDS):
                said = await loop.sock_recv(self._connection, 1 << 16)
        except TimeoutError as error:
            raise StartError("the running server does not make way") from error
        except OSError:
            said = b""
        finally:
            self._connection.close()
        if said:
            _require_consent(json.loads(said))
        self.estate.close()
        self.on_replaced()


def _take_estate(connection: socket.socket, control: Path) -> Estate:
    """All that the server leaves. Raises StartError."""
    try:
        connection.sendall(b'{"command": "replace"}\n')
        return Estate.collect(_parcels(connection))
    except TimeoutError as error:
        raise StartError(f"the server at {control} has not answered in time") from error
    except OSError as error:
        raise StartError(f"the server at {control} has ended: {error.strerror}") from error
    except (ValueError, LookupError, TypeError, NameSyntaxError) as error:
        raise StartError(_UNREADABLE) from error


def _parcels(connection: socket.socket) -> Iterator[Parcel]:
    """What comes, each parcel acknowledged, so that few are on their way at a time."""
    while True:
        parcel = receive(connection)
        _require_consent(parcel.document)
        connection.sendall(b"\n")
        yield parcel


def _require_consent(document: Document) -> None:
    if REFUSED in document:
        raise StartError(str(document[REFUSED]))


def _line(document: Document) -> bytes:
    return json.dumps(document).encode() + b"\n"


def _join(endpoints: Iterable[Endpoint]) -> str:
    return ", ".join(sorted(map(str, endpoints))) or "nothing"
