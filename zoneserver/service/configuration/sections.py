"""The keys of a configuration file, section by section, and the settings that they make."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from zoneserver.networks import EVERYBODY, Networks
from zoneserver.service.answering.access import Access
from zoneserver.service.configuration.dnssec_section import DnssecSection
from zoneserver.service.configuration.section import Section
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.configuration.transfer_sections import (
    SecondarySection,
    TransferSection,
    transfer_settings,
)
from zoneserver.service.configuration.values import (
    Amount,
    AtLeastOne,
    Endpoints,
    Engine,
    FolderPath,
    FolderPaths,
    HttpEndpoints,
    LogFormat,
    LogLevel,
    Mailbox,
    Names,
    NameText,
    NetworkList,
    Nsid,
    Number,
    Octets,
    OptionalName,
    Seconds,
    Truth,
    User,
    Workers,
)
from zoneserver.service.logs.log import LogSettings
from zoneserver.service.logs.query_log import QueryLogSettings
from zoneserver.service.logs.recorder import DnstapSettings, RecorderSettings
from zoneserver.service.running.privileges import Privileges
from zoneserver.transports.limiter import RateLimits
from zoneserver.transports.limits import TcpLimits
from zoneserver.transports.tls import TlsSettings
from zoneserver.zonefile.source import Defaults, SoaDefaults

_DEFAULTS = Defaults()
_RATES = RateLimits()
_TCP = TcpLimits()


class SoaSection(Section):
    """`defaults.soa`: the SOA of zones that write none; times in seconds."""

    mname: OptionalName = None
    rname: Mailbox = None
    refresh: Number = _DEFAULTS.soa.refresh
    retry: Number = _DEFAULTS.soa.retry
    expire: Number = _DEFAULTS.soa.expire
    minimum: Number = _DEFAULTS.soa.minimum


class DefaultsSection(Section):
    """`defaults`: what zone files may leave out."""

    ttl: Number = _DEFAULTS.ttl
    ns: Names = ()
    soa: SoaSection = SoaSection()


class TcpSection(Section):
    """`limits.tcp`: what connections may hold; times in seconds."""

    connections: AtLeastOne = _TCP.connections
    per_source: AtLeastOne = _TCP.per_source
    first_octet: Seconds = int(_TCP.first_octet)
    message: Seconds = int(_TCP.message)
    idle: Seconds = int(_TCP.idle)
    stall: Seconds = int(_TCP.stall)
    in_flight: AtLeastOne = _TCP.in_flight
    unsent: Octets = _TCP.unsent


class LimitsSection(Section):
    """`limits`: what one asker, or all of them, may have; 0 where there is no limit."""

    rate: Amount = _RATES.rate
    slip: Amount = _RATES.slip
    errors: Amount = _RATES.errors
    log_only: Truth = _RATES.log_only
    exempt: NetworkList = _RATES.exempt
    tcp: TcpSection = TcpSection()

    def rates(self) -> RateLimits:
        """Those of answers."""
        return RateLimits(self.rate, self.slip, self.errors, self.log_only, self.exempt)


class TlsSection(Section):
    """`tls`: where DNS over TLS is answered, and with which certificate."""

    listen: Endpoints = ()
    certificate: FolderPath = None
    key: FolderPath = None

    def settings(self, folder: Path) -> TlsSettings | None:
        """None where it is not to be answered."""
        if not (self.listen and self.certificate and self.key):
            return None
        return TlsSettings(self.listen, folder / self.certificate, folder / self.key)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        given = [key for key in ("listen", "certificate", "key") if getattr(self, key)]
        if len(given) in {1, 2}:
            missing = {"listen", "certificate", "key"} - set(given)
            raise ValueError(f"{' and '.join(sorted(missing))} must be set, too")
        return self


class ProxySection(Section):
    """`proxy`: whose connections and datagrams begin with a PROXY header."""

    sources: NetworkList = Field(default=Networks(), alias="from")


class ZoneAccess(Section):
    """`acl.zones.NAME`: who may ask for one zone."""

    allow_query: NetworkList


class AccessSection(Section):
    """`acl`: who may ask."""

    allow_query: NetworkList = EVERYBODY
    zones: dict[NameText, ZoneAccess] = Field(default_factory=dict)

    def rules(self) -> Access:
        """The same as rules; one that shuts nobody out is none."""
        everywhere = None if self.allow_query == EVERYBODY else self.allow_query
        zones = ((name, zone.allow_query) for name, zone in self.zones.items())
        return Access(everywhere, tuple(zones))


class LogSection(Section):
    """`log`: how what happens is written down, and how much of it."""

    format: LogFormat = "auto"
    level: LogLevel = "info"


class HttpSection(Section):
    """`http`: where the status page and the metrics are; nowhere unless `listen` says so."""

    listen: HttpEndpoints = ()


class QueryLogSection(Section):
    """`query_log`: which queries are written down, and where."""

    sample: Amount = 0
    zones: Names = ()
    file: FolderPath = None
    megabytes: AtLeastOne = QueryLogSettings().megabytes


class DnstapSection(Section):
    """`dnstap`: the socket of a receiver."""

    socket: FolderPath = None
    sample: AtLeastOne = 1
    identity: str = ""


class Configuration(Section):
    """The whole file. Paths are relative to the folder that it stands in."""

    zones: FolderPath = None
    listen: Endpoints = ()
    state: FolderPath = None
    certificates: FolderPaths = ()
    nsid: Nsid = b""
    strict_start: Truth = False
    defaults: DefaultsSection = DefaultsSection()
    engine: Engine = "auto"
    workers: Workers = 0
    user: User = ""
    allow_root: Truth = False
    acl: AccessSection = AccessSection()
    limits: LimitsSection = LimitsSection()
    watch: Truth = True
    control: FolderPath = None
    tls: TlsSection = TlsSection()
    proxy: ProxySection = ProxySection()
    log: LogSection = LogSection()
    query_log: QueryLogSection = QueryLogSection()
    dnstap: DnstapSection = DnstapSection()
    http: HttpSection = HttpSection()
    keys: FolderPath = None
    transfer: TransferSection = TransferSection()
    secondary: SecondarySection = SecondarySection()
    dnssec: DnssecSection = DnssecSection()

    def recorder(self, folder: Path) -> RecorderSettings:
        """What is made of queries, by a file that stands in `folder`."""
        queries, tap = self.query_log, self.dnstap
        file = folder / queries.file if queries.file else None
        return RecorderSettings(
            QueryLogSettings(queries.sample, queries.zones, file, queries.megabytes),
            DnstapSettings(
                folder / tap.socket if tap.socket else None, tap.sample, tap.identity
            ),
            self.log.format,
        )

    def settings(self, folder: Path) -> Settings:
        """What they mean in a file that stands in `folder`."""
        soa = SoaDefaults(**dict(self.defaults.soa))
        certificates = tuple(str(folder / each) for each in self.certificates)
        return Settings(
            zones=folder / (self.zones or Settings().zones),
            listen=self.listen,
            state=folder / self.state if self.state else None,
            nsid=self.nsid,
            strict_start=self.strict_start,
            defaults=Defaults(self.defaults.ttl, self.defaults.ns, soa, certificates),
            engine=self.engine,
            workers=self.workers,
            privileges=Privileges(self.user, self.allow_root),
            access=self.acl.rules(),
            rate_limits=self.limits.rates(),
            tcp_limits=TcpLimits(**dict(self.limits.tcp)),
            watch=self.watch,
            control=folder / self.control if self.control else None,
            tls=self.tls.settings(folder),
            proxies=self.proxy.sources,
            log=LogSettings(**dict(self.log)),
            recorder=self.recorder(folder),
            http=self.http.listen,
            keys=folder / self.keys if self.keys else None,
            transfers=transfer_settings(self.transfer, self.secondary, folder),
            dnssec=self.dnssec.settings(),
        )
