"""What zones are sent to whom, and which come from where: the settings of transfers."""

from dataclasses import dataclass, field
from pathlib import Path

from zoneserver.names import Name
from zoneserver.networks import Networks
from zoneserver.transfer.keys import NO_KEYS, Keyring
from zoneserver.transports.endpoint import Endpoint

DNS_PORT, TLS_PORT = 53, 853  # RFC 1035 4.2, RFC 9103 7.1


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may take which zones out; no `zones`: all of them.

    Both must fit where both are set: the address that asks, the key that it signs with.
    """

    networks: Networks | None = None
    key: Name | None = None
    zones: frozenset[Name] = frozenset()

    def permits(self, origin: Name, address: bytes, key: Name | None) -> bool:
        """Whether who asks from `address`, and has signed with `key`, may take a zone."""
        return (
            (not self.zones or origin in self.zones)
            and (self.networks is None or address in self.networks)
            and (self.key is None or self.key == key)
        )


@dataclass(frozen=True, slots=True)
class PeerTls:
    """How a server over TLS is known (RFC 9103 9.3), and what we show where it wants that.

    `name` is the one in its certificate, `ca` a file of those that may have signed it; None:
    those of the system.
    """

    name: str
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """Another server: where it is, the key that we share, and whether over TLS."""

    endpoint: Endpoint
    key: Name | None = None
    tls: PeerTls | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Who is told of new versions of which zones; no `zones`: all of them."""

    peer: Peer
    zones: frozenset[Name] = frozenset()

    def covers(self, origin: Name) -> bool:
        """Whether it is told of this zone."""
        return not self.zones or origin in self.zones


@dataclass(frozen=True, slots=True)
class Secondary:
    """A zone that is taken from one of these servers, tried in their order."""

    origin: Name
    primaries: tuple[Peer, ...]


@dataclass(frozen=True, slots=True)
class CatalogSource:
    """A catalog zone, and where its members come from (RFC 9432).

    No `members`: from where it comes itself. `groups`: by the value of a member's `group`.
    """

    origin: Name
    primaries: tuple[Peer, ...]
    members: tuple[Peer, ...] = ()
    groups: tuple[tuple[str, tuple[Peer, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class TransferSettings:
    """All of it. Nobody may take anything that no rule lets them.

    `notify_ns`: whether the servers that a zone names itself are told, too. `catalog`: the
    catalog zone that we make of our own, with some of them in `catalog_groups`. `sessions` go
    out at a time, each within `seconds` and never for `stall` seconds without an octet taken.
    `journal_octets` of differences are kept for a zone, `most_octets` of one taken in.
    """

    keyring: Keyring = NO_KEYS
    allow: tuple[Rule, ...] = ()
    notify: tuple[Target, ...] = ()
    notify_ns: bool = False
    catalog: Name | None = None
    catalog_groups: tuple[tuple[str, frozenset[Name]], ...] = ()
    sessions: int = 10
    seconds: int = 3600
    stall: int = 30
    journal_octets: int = 64 << 20
    secondaries: tuple[Secondary, ...] = field(default=())
    catalogs: tuple[CatalogSource, ...] = field(default=())
    most_octets: int = 512 << 20

    @property
    def is_used(self) -> bool:
        """Whether there is anything to send, to tell or to fetch."""
        sending = self.allow or self.notify or self.notify_ns
        return bool(sending or self.secondaries or self.catalogs)

    def permits(self, origin: Name, address: bytes, key: Name | None) -> bool:
        """Whether who asks from `address`, and has signed with `key`, may take a zone."""
        return any(rule.permits(origin, address, key) for rule in self.allow)

    def groups_of(self, origin: Name) -> list[str]:
        """The groups of a zone in the catalog that we make."""
        return [group for group, zones in self.catalog_groups if origin in zones]

    def may_send(self, origin: Name) -> bool:
        """Whether anybody may take a zone."""
        return any(not rule.zones or origin in rule.zones for rule in self.allow)


NO_TRANSFERS = TransferSettings()
