"""DNS over TLS in the main process: its sockets, and the certificate that all workers show."""

from collections.abc import Sequence

from zoneserver.service.logs import log
from zoneserver.service.observing.overview import Overview
from zoneserver.service.running.certificates import CertificateKeeper, Pair
from zoneserver.service.running.validity import Validity
from zoneserver.service.running.workers import WorkerSlot
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.listen_tls import TlsListener, bind_share_tls, bind_shared_tls
from zoneserver.transports.tls import TlsSettings


class Encrypted:
    """What the workers in `slots` need to answer over TLS; nothing, where that is not set.

    `listeners` are the sockets of each endpoint.
    """

    def __init__(
        self, settings: TlsSettings | None, slots: Sequence[WorkerSlot], overview: Overview
    ) -> None:
        self._endpoints = settings.listen if settings else ()
        self._slots = slots
        self._overview = overview
        self.listeners: dict[Endpoint, list[TlsListener]] = {}
        self._pair: Pair | None = None
        self._keeper = CertificateKeeper(settings, self._show) if settings else None

    def bind(self, workers: int, left: dict[Endpoint, list[TlsListener]]) -> None:
        """Bind every endpoint, once for each worker, or take it from what another server left.

        Raises StartError.
        """
        for each in self._endpoints:
            shares = left.pop(each, None) or bind_shared_tls(each, workers)
            missing = range(workers - len(shares))
            self.listeners[each] = shares + [
                bind_share_tls(shares[0].endpoint) for _ in missing
            ]

    def share(self, number: int, workers: int) -> list[TlsListener]:
        """What one of the workers listens on."""
        return [each for shares in self.listeners.values() for each in shares[number::workers]]

    def announce(self) -> None:
        """Say where it is."""
        for shares in self.listeners.values():
            endpoint = str(shares[0].endpoint)
            log.announce("listening", f"listening on {endpoint} (TLS)", endpoint=endpoint)

    async def keep(self) -> None:
        """Show the certificate, and each that takes its place, for ever."""
        if self._keeper is not None:
            self._keeper.look()
            await self._keeper.run()

    def greet(self, slot: WorkerSlot) -> None:
        """Have a worker that has just been made show what the others do."""
        if self._pair is not None:
            slot.show(self._pair)

    def _show(self, pair: Pair, validity: Validity) -> None:
        self._pair = pair
        self._overview.certificate_end = validity.end.timestamp()
        for slot in self._slots:
            slot.show(pair)
