"""The control socket: a Unix socket that the server's own user and root may connect to.

Both ends are here: the server binds it, commands ask over it. Each request and each answer is
one JSON document on a line of its own.
"""

import errno
import json
import os
import socket
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zoneserver.errors import StartError
from zoneserver.service.disk.files import reason

FILE = "control.sock"
REFUSED = "refused"  # the one key of an answer to what is no request
MOST_WAITING = 16  # connections that are not taken yet
ANSWER_SECONDS = 30.0
MOST_PATH = 107  # octets of a path in an address: sockaddr_un in unix(7)

Document = dict[str, Any]


def default_control(environment: Mapping[str, str], state: Path | None) -> Path | None:
    """Where the socket is when nobody says: where systemd has them, else in the state."""
    if folders := environment.get("RUNTIME_DIRECTORY"):  # systemd.exec(5): separated by colons
        return Path(folders.split(":")[0]) / FILE
    return state / FILE if state else None


def bind_control(path: Path) -> socket.socket:
    """A socket that listens at a path.

    What a server left there that is gone is replaced. Raises StartError where something else
    is there: a server that runs, a file, a link, which may lead anywhere. Raises OSError where
    the folder is of no use.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)  # not for a moment is it open to others
    try:
        with _short(path) as address:
            listener.bind(address)
        listener.listen(MOST_WAITING)
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def connect(path: Path, seconds: float | None) -> socket.socket:
    """A connection with the server, which waits for so long. Raises StartError."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(seconds)
    try:
        with _short(path) as address:
            client.connect(address)
    except OSError as error:
        client.close()
        raise StartError(_explain(path, error)) from error
    return client


def ask(path: Path, request: Document, seconds: float | None = ANSWER_SECONDS) -> Document:
    """What the server says to a request. Raises StartError where none answers in time."""
    octets = bytearray()
    try:
        with connect(path, seconds) as client:
            client.sendall(json.dumps(request).encode() + b"\n")
            while not octets.endswith(b"\n") and (piece := client.recv(1 << 16)):
                octets += piece
        answer: Document = json.loads(octets)
    except OSError as error:
        raise StartError(_explain(path, error)) from error
    except ValueError as error:
        raise StartError(f"the server at {path} has ended before it answered") from error
    if REFUSED in answer:
        raise StartError(str(answer[REFUSED]))
    return answer


def _clear(path: Path) -> None:
    """Remove a socket that nobody listens on. Raises StartError or OSError."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        what = "a link" if stat.S_ISLNK(mode) else "no socket"
        raise StartError(f"the control socket cannot be {path}, which is {what}: remove it")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client, _short(path) as place:
            client.settimeout(1)
            client.connect(place)
    except ConnectionRefusedError:
        path.unlink()
        return
    raise StartError(
        f"another server runs, and has its control socket at {path}: stop it, or give this one"
        " another --state or --control"
    )


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """The path as an address can hold it, however long it is. Raises OSError."""
    if len(os.fsencode(path)) <= MOST_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _explain(path: Path, error: OSError) -> str:
    if error.errno in {errno.ENOENT, errno.ECONNREFUSED, errno.ENOTDIR}:
        return f"no server answers at {path}: start one, or name its socket with --control"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"{path} is for the server's user and root: run the command as one of them"
    if isinstance(error, TimeoutError):
        return f"the server at {path} has not answered in time"
    return f"cannot ask the server at {path}: {reason(error)}"
