"""The keys of a configuration file, section by section, and the settings that they make."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from zoneserver.service.configuration_values import (
    Endpoints,
    Engine,
    FolderPath,
    Mailbox,
    Names,
    Nsid,
    Number,
    OptionalName,
    Truth,
    User,
    Workers,
)
from zoneserver.service.privileges import Privileges
from zoneserver.service.settings import Settings
from zoneserver.zonefile.source import Defaults, SoaDefaults

_DEFAULTS = Defaults()


class Section(BaseModel):
    """A mapping in the file: it has these keys and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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


class Configuration(Section):
    """The whole file. Paths are relative to the folder that it stands in."""

    zones: FolderPath = None
    listen: Endpoints = ()
    state: FolderPath = None
    nsid: Nsid = b""
    strict_start: Truth = False
    defaults: DefaultsSection = DefaultsSection()
    engine: Engine = "auto"
    workers: Workers = 0
    user: User = ""
    allow_root: Truth = False

    def settings(self, folder: Path) -> Settings:
        """What they mean in a file that stands in `folder`."""
        soa = SoaDefaults(**dict(self.defaults.soa))
        return Settings(
            zones=folder / (self.zones or Settings().zones),
            listen=self.listen,
            state=folder / self.state if self.state else None,
            nsid=self.nsid,
            strict_start=self.strict_start,
            defaults=Defaults(self.defaults.ttl, self.defaults.ns, soa),
            engine=self.engine,
            workers=self.workers,
            privileges=Privileges(self.user, self.allow_root),
        )
