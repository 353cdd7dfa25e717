"""What the server is told: by the configuration file, by flags, or by nobody."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from zoneserver.networks import Networks
from zoneserver.service.answering.access import ANYBODY, Access
from zoneserver.service.configuration.dnssec_settings import DnssecSettings
from zoneserver.service.logs.log import LogSettings
from zoneserver.service.logs.recorder import RecorderSettings
from zoneserver.service.running.privileges import Privileges
from zoneserver.transfer.settings import TransferSettings
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.limiter import RateLimits
from zoneserver.transports.limits import TcpLimits
from zoneserver.transports.tls import TlsSettings
from zoneserver.zonefile.source import Defaults

ENGINES = ("auto", "native", "portable")
MOST_WORKERS = 256


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set; each has a value that does without.

    An empty `listen` means port 5300 on loopback. `nsid` is who we say we are (RFC 5001).
    With `strict_start` one zone that is refused is enough not to start. `engine` is native,
    portable, or auto: native where it is installed. `workers` 0 means one for each core.
    With `watch` an edit is noticed; without, somebody has to ask for a reload. `control` is
    the path of the control socket; None: it is in the state directory.
    Without `tls` there is no DNS over TLS. From `proxies` comes a PROXY header. `http` is
    where the status page and the metrics are; empty: nowhere. `keys` is the file of the keys
    that `transfers` has in its keyring, where somebody has read it. Zones are signed as
    `dnssec` says.
    """

    zones: Path = Path("zones")
    listen: tuple[Endpoint, ...] = ()
    state: Path | None = None
    nsid: bytes = b""
    strict_start: bool = False
    defaults: Defaults = field(default_factory=Defaults)
    engine: str = "auto"
    workers: int = 0
    privileges: Privileges = field(default_factory=Privileges)
    access: Access = ANYBODY
    rate_limits: RateLimits = field(default_factory=RateLimits)
    tcp_limits: TcpLimits = field(default_factory=TcpLimits)
    watch: bool = True
    control: Path | None = None
    tls: TlsSettings | None = None
    proxies: Networks = field(default_factory=Networks)
    log: LogSettings = field(default_factory=LogSettings)
    recorder: RecorderSettings = field(default_factory=RecorderSettings)
    http: tuple[Endpoint, ...] = ()
    keys: Path | None = None
    transfers: TransferSettings = field(default_factory=TransferSettings)
    dnssec: DnssecSettings = field(default_factory=DnssecSettings)

    @property
    def watched(self) -> tuple[Path, ...]:
        """The folders whose files are to be watched."""
        if not self.watch:
            return ()
        return (self.zones, *map(Path, self.defaults.certificates))

    def needs_restart(self, running: "Settings") -> bool:
        """Whether these settings differ from the running ones where only a start helps."""
        ours = replace(self, zones=running.zones, defaults=running.defaults)
        ours = replace(ours, watch=running.watch, listen=running.listen)
        return replace(ours, dnssec=running.dnssec) != running


def default_state(environment: Mapping[str, str], user: str = "") -> Path | None:
    """Where the state goes when nobody says: as systemd has it, else as XDG has it.

    Where the server becomes another `user`, the home that it has is not that user's.
    """
    if folders := environment.get("STATE_DIRECTORY"):  # systemd.exec(5): separated by colons
        return Path(folders.split(":")[0])
    if user:
        return Path("/var/lib/zoneserver")
    if base := environment.get("XDG_STATE_HOME"):
        return Path(base) / "zoneserver"
    home = environment.get("HOME")
    return Path(home) / ".local/state/zoneserver" if home else None
