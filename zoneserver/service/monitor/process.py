"""The monitor: a process that is told everything and shows it over HTTP.

However many clients there are, and however slow, no query waits for them: it shares nothing
with those who answer.
"""

import asyncio
import importlib.resources
import socket
import time
from collections.abc import Callable, Sequence

from zoneserver.service.monitor.history import SAMPLE_SECONDS, History
from zoneserver.service.monitor.http import HttpServer, Request, Response
from zoneserver.service.monitor.metrics import CONTENT_TYPE, write_metrics
from zoneserver.service.monitor.mirror import Mirror
from zoneserver.service.monitor.page import write_page
from zoneserver.service.running.channel import AsyncChannel
from zoneserver.service.running.processes import let_others_go_first

HTML = "text/html; charset=utf-8"


class Monitor:
    """Keeps the mirror, and answers from it."""

    def __init__(self) -> None:
        self._mirror = Mirror()
        self._history = History()
        self._pages: dict[str, Callable[[Request], Response]] = {
            "/": self._show_page,
            "/metrics": lambda _: Response(200, write_metrics(self._mirror), CONTENT_TYPE),
            "/healthz": lambda _: Response(200, b"ok\n"),
            "/readyz": self._show_ready,
            "/status.css": _serve_file("status.css", "text/css; charset=utf-8"),
            "/status.js": _serve_file("status.js", "text/javascript; charset=utf-8"),
        }

    async def run(self, listeners: Sequence[socket.socket], end: socket.socket) -> int:
        """Answer until the main process closes its end. Returns the exit status."""
        channel, http = await AsyncChannel.open(end), HttpServer(self.respond)
        for listener in listeners:
            await http.listen(listener)
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(http.keep_time()), group.create_task(self._sample())]
            while (message := await channel.receive()) is not None:
                self._mirror.update(message)
            http.stop()
            for task in beside:
                task.cancel()
        return 0

    def respond(self, request: Request) -> Response:
        """What is said to a request."""
        page = self._pages.get(request.path)
        if page is None:
            return Response(404, ("There are " + ", ".join(self._pages) + "\n").encode())
        return page(request)

    async def _sample(self) -> None:
        while True:
            self._history.note(self._mirror, time.monotonic())
            await asyncio.sleep(SAMPLE_SECONDS)

    def _show_page(self, request: Request) -> Response:
        page = write_page(self._mirror, self._history, request.parameters, time.time())
        return Response(200, page, HTML)

    def _show_ready(self, _: Request) -> Response:
        if self._mirror.ready:
            return Response(200, b"ready\n")
        return Response(503, b"no worker answers queries yet\n")


def run_monitor(listeners: Sequence[socket.socket], end: socket.socket) -> int:
    """The life of a monitor process. Returns its exit status."""
    let_others_go_first()
    return asyncio.run(Monitor().run(listeners, end))


def _serve_file(name: str, content_type: str) -> Callable[[Request], Response]:
    octets = importlib.resources.files(__package__).joinpath(name).read_bytes()
    return lambda _: Response(200, octets, content_type)
