"""What the monitor knows: the same as the main process, which tells it every change."""

from collections.abc import Mapping
from typing import Any

from zoneserver.service.observing.overview import Overview, ZoneState
from zoneserver.service.observing.statistics import Totals

Document = Mapping[str, Any]

# Counters of things that were not answered, and why.
DROPS = {
    "dropped_short": "not_a_query",
    "dropped_ports": "source_port",
    "limited": "rate_limit",
    "errors_capped": "error_cap",
    "queue_full": "queue_full",
    "overflows": "receive_queue",
    "send_errors": "send_error",
    "panics": "defect",
    "refused": "proxy_header",
}


class Mirror:
    """The zones, the sums, and what the main process says of itself."""

    def __init__(self) -> None:
        self.overview = Overview()
        self.totals = Totals()
        self.ready = False
        self.counters: Mapping[str, int] = {}
        self.workers: list[Mapping[str, int]] = []

    def update(self, message: Document) -> None:
        """Take in one message of the main process."""
        if "overview" in message:
            self.overview.update(message["overview"])
        elif "statistics" in message:
            self.totals.add(message["statistics"])
        elif "server" in message:
            server = message["server"]
            self.overview.version, self.overview.engine = server["version"], server["engine"]
            self.overview.started = server["started"]
            self.overview.reloads, self.overview.failures = server["reloads"]
            self.ready, self.counters = server["ready"], server["counters"]
            self.workers, self.overview.builders = server["workers"], server["builders"]
            self.overview.certificate_end = server["certificate_end"]

    def drops(self) -> dict[str, int]:
        """What was not answered, by reason."""
        return {word: self.counters.get(name, 0) for name, word in DROPS.items()}

    def mail(self, zone: ZoneState) -> Mapping[tuple[str, str], int]:
        """What mail servers asked of a zone and were told, and how often."""
        return self.totals.mail.get(zone.origin.lower(), {})
