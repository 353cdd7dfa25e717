"""Where the server listens: its sockets, shared out among the workers, and how they move."""

import os
import socket
from collections.abc import Iterable, Sequence

from zoneserver.errors import StartError
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.logs import log
from zoneserver.service.running.binding import bind_all, endpoints_of
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.listen import Sockets, bind_pair, bind_shared


class Places:
    """The sockets of every endpoint, one for each worker.

    `endpoints` are those that are bound, `queues` their sockets for datagrams: each is one
    list or set for ever, which changes when the server moves.
    """

    def __init__(self, workers: int) -> None:
        """`workers` 0: one for each core."""
        self.workers = workers or len(os.sched_getaffinity(0))
        self.endpoints: list[Endpoint] = []
        self.queues: set[socket.socket] = set()
        self._bound: dict[Endpoint, list[Sockets]] = {}  # by what was asked for
        self._is_fixed = False

    def bind(self, settings: Settings, passed: Sequence[Sockets]) -> None:
        """Bind all, or take what was passed by who started the server. Raises StartError."""
        bound = bind_all(settings, passed, self.workers)
        asked = [each.endpoint for each in passed] or endpoints_of(settings)
        self._is_fixed = bool(passed)
        self._bound = dict(zip(asked, bound, strict=True))
        self._note()

    def take(self, left: dict[Endpoint, list[Sockets]], *, is_fixed: bool) -> None:
        """Take what another server has left. Raises StartError.

        None of it is closed: queries may wait in it.
        """
        self._is_fixed = is_fixed
        for asked in list(left):
            shares = left.pop(asked)
            missing = self.workers - len(shares)
            more = shares * missing if is_fixed else _bind_more(shares[0].endpoint, missing)
            self._bound[asked] = shares + more
        self._note()

    def leave(self) -> tuple[dict[Endpoint, list[Sockets]], bool]:
        """The sockets by what was asked for, each once, and whether they were passed."""
        once = slice(1 if self._is_fixed else None)
        return {asked: shares[once] for asked, shares in self._bound.items()}, self._is_fixed

    def share(self, number: int) -> list[Sockets]:
        """What one worker listens on."""
        return [
            each for shares in self._bound.values() for each in shares[number :: self.workers]
        ]

    def move(self, asked: Sequence[Endpoint]) -> dict[Endpoint, list[Sockets]]:
        """Bind what is new among these endpoints; the sockets of those that are not any more.

        They are open still. Raises StartError, and leaves all as it was, where one of them
        cannot be had.
        """
        if self._is_fixed:
            raise StartError("who started the server has passed the sockets that it listens on")
        if not asked:
            raise StartError("it would listen nowhere")
        bound: dict[Endpoint, list[Sockets]] = {}
        try:
            for each in asked:
                bound[each] = self._bound.get(each) or bind_shared(each, self.workers)
        except StartError:
            _close(shares for each, shares in bound.items() if each not in self._bound)
            raise
        old = {each: shares for each, shares in self._bound.items() if each not in bound}
        self._bound = bound
        self._note()
        return old

    def close(self, old: dict[Endpoint, list[Sockets]]) -> None:
        """Listen there no more."""
        self.queues.difference_update(each.udp for shares in old.values() for each in shares)
        for shares in old.values():
            endpoint = str(shares[0].endpoint)
            log.info("not-listening", f"no longer listening on {endpoint}", endpoint=endpoint)
        _close(old.values())

    def announce(self) -> None:
        """Say where it listens."""
        for endpoint in map(str, self.endpoints):
            text = f"listening on {endpoint} (UDP and TCP)"
            log.announce("listening", text, endpoint=endpoint)

    def _note(self) -> None:
        self.endpoints[:] = [shares[0].endpoint for shares in self._bound.values()]
        self.queues.update(each.udp for shares in self._bound.values() for each in shares)


def _bind_more(endpoint: Endpoint, missing: int) -> list[Sockets]:
    return [bind_pair(endpoint, shared=True) for _ in range(missing)]


def _close(bound: Iterable[Sequence[Sockets]]) -> None:
    for shares in bound:
        for each in shares:
            each.udp.close()
            each.tcp.close()
