"""The keys of the configuration file about transfers: `transfer` and `secondary`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from zoneserver.names import Name
from zoneserver.service.configuration.section import Section
from zoneserver.service.configuration.values import (
    AtLeastOne,
    FolderPath,
    Names,
    NameText,
    OptionalName,
    OptionalNetworks,
    PeerAddresses,
    Seconds,
    TransferSeconds,
    Truth,
)
from zoneserver.transfer.settings import (
    DNS_PORT,
    TLS_PORT,
    CatalogSource,
    Peer,
    PeerTls,
    Rule,
    Secondary,
    Target,
    TransferSettings,
)
from zoneserver.transports.endpoint import Endpoint

_DEFAULTS = TransferSettings()


class RuleSection(Section):
    """An item of `transfer.allow`: who may take which zones."""

    sources: OptionalNetworks = Field(default=None, alias="from")
    key: OptionalName = None
    zones: Names = ()

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.sources is None and self.key is None:
            raise ValueError(
                "say who: `from`, `key`, or both (everybody is from: ['0.0.0.0/0', '::/0'])"
            )
        return self

    def rule(self) -> Rule:
        """What it means."""
        return Rule(self.sources, self.key, frozenset(self.zones))


class TargetSection(Section):
    """An item of `transfer.notify`: who is told of new versions of which zones."""

    to: PeerAddresses
    key: OptionalName = None
    zones: Names = ()

    def targets(self) -> Iterator[Target]:
        """One for each address."""
        for address, port in self.to:
            peer = Peer(Endpoint(address, DNS_PORT if port is None else port), self.key)
            yield Target(peer, frozenset(self.zones))


class TransferSection(Section):
    """`transfer`: which zones go out, to whom, and who is told of new versions."""

    allow: tuple[RuleSection, ...] = ()
    notify: tuple[TargetSection, ...] = ()
    notify_ns: Truth = _DEFAULTS.notify_ns
    catalog: OptionalName = None
    catalog_groups: dict[str, Names] = Field(default_factory=dict)
    sessions: AtLeastOne = _DEFAULTS.sessions
    seconds: TransferSeconds = _DEFAULTS.seconds
    stall: Seconds = _DEFAULTS.stall
    journal_megabytes: AtLeastOne = _DEFAULTS.journal_octets >> 20


class PeerTlsSection(Section):
    """`tls` of a primary: the name in its certificate, who signed that, what we show."""

    name: str
    ca: FolderPath = None
    certificate: FolderPath = None
    key: FolderPath = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.certificate is None) is not (self.key is None):
            raise ValueError("certificate and key are set together or not at all")
        return self

    def settings(self, folder: Path) -> PeerTls:
        """What it means in a file that stands in `folder`."""
        files = (self.ca, self.certificate, self.key)
        return PeerTls(self.name, *(folder / each if each else None for each in files))


class PrimariesSection(Section):
    """Where zones come from."""

    sources: PeerAddresses = Field(alias="from")
    key: OptionalName = None
    tls: PeerTlsSection | None = None

    def peers(self, folder: Path) -> tuple[Peer, ...]:
        """One for each address, in their order."""
        tls = self.tls.settings(folder) if self.tls else None
        usual = TLS_PORT if tls else DNS_PORT
        return tuple(
            Peer(Endpoint(address, usual if port is None else port), self.key, tls)
            for address, port in self.sources
        )


class CatalogSection(PrimariesSection):
    """`secondary.catalogs.NAME`: where a catalog zone and its members come from."""

    members: PrimariesSection | None = None
    groups: dict[str, PrimariesSection] = Field(default_factory=dict)

    def source(self, origin: Name, folder: Path) -> CatalogSource:
        """What it means."""
        return CatalogSource(
            origin,
            self.peers(folder),
            self.members.peers(folder) if self.members else (),
            tuple((group, each.peers(folder)) for group, each in self.groups.items()),
        )


class SecondarySection(Section):
    """`secondary`: zones that come from other servers."""

    zones: dict[NameText, PrimariesSection] = Field(default_factory=dict)
    catalogs: dict[NameText, CatalogSection] = Field(default_factory=dict)
    most_megabytes: AtLeastOne = _DEFAULTS.most_octets >> 20

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        if both := [name for name in self.zones if name in self.catalogs]:
            names = ", ".join(map(str, both))
            raise ValueError(f"{names} stands in zones and in catalogs; a catalog is not both")
        return self


def transfer_settings(
    transfer: TransferSection, secondary: SecondarySection, folder: Path
) -> TransferSettings:
    """What they mean in a file that stands in `folder`, without the keys that they name."""
    zones, catalogs = secondary.zones.items(), secondary.catalogs.items()
    return TransferSettings(
        allow=tuple(each.rule() for each in transfer.allow),
        notify=tuple(target for each in transfer.notify for target in each.targets()),
        notify_ns=transfer.notify_ns,
        catalog=transfer.catalog,
        catalog_groups=tuple(
            (group, frozenset(zones)) for group, zones in transfer.catalog_groups.items()
        ),
        sessions=transfer.sessions,
        seconds=transfer.seconds,
        stall=transfer.stall,
        journal_octets=transfer.journal_megabytes << 20,
        secondaries=tuple(Secondary(origin, each.peers(folder)) for origin, each in zones),
        catalogs=tuple(each.source(origin, folder) for origin, each in catalogs),
        most_octets=secondary.most_megabytes << 20,
    )
