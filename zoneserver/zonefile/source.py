"""What reading a zone file yields: records with marks, waivers, findings.

A source is not a zone yet: it may hold two SOAs, or data below a DNAME. The validator
judges that; nothing is dropped or mended on the way.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from zoneserver.findings import Finding, Mark
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import SOA
from zoneserver.records.rrset import Record

# How a file that another one names is read: path as written -> octets. Raises OSError.
Include = Callable[[str], bytes]


class Kind(StrEnum):
    """Where the content of a zone comes from; the value is what people read.

    PRIMARY are our own zone files, SECONDARY is a copy of what another server has. The other
    two are catalogs (RFC 9432), which list zones: PRODUCED ones ours, CONSUMED ones those of
    another server.
    """

    PRIMARY = "primary"
    SECONDARY = "secondary"
    PRODUCED = "catalog"
    CONSUMED = "consumed catalog"

    @property
    def is_foreign(self) -> bool:
        """Whether it is a copy: its owner is elsewhere, and mends it there."""
        return self in (Kind.SECONDARY, Kind.CONSUMED)

    @property
    def is_catalog(self) -> bool:
        """Whether it is there for servers alone: no mail goes by it, and no rule is for it."""
        return self in (Kind.PRODUCED, Kind.CONSUMED)


@dataclass(frozen=True, slots=True)
class SoaDefaults:
    """The SOA of a zone that writes none; no mname means the first apex NS.

    All timers are in seconds.
    """

    mname: Name | None = None
    rname: Name | None = None  # None: hostmaster at the origin
    refresh: int = 7200
    retry: int = 1800
    expire: int = 1209600
    minimum: int = 3600


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the server's configuration adds to zone files that leave it out.

    In the folders `certificates` are files that they may name, beside those of their own.
    """

    ttl: int = 3600
    ns: tuple[Name, ...] = ()
    soa: SoaDefaults = field(default_factory=SoaDefaults)
    certificates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiver:
    """A rule that the zone's owner lifts: for one owner name (None: all), until a day."""

    code: str
    owner: Name | None
    reason: str
    until: date | None
    mark: Mark


class Exchanger(NamedTuple):
    """A host that takes mail, and where it is written."""

    host: Name
    mark: Mark


@dataclass(frozen=True, slots=True)
class MailBlock:
    """What `$mail` says of one owner; what it means is for the mail layer.

    `exchangers` are hosts in the order senders shall try them, `provider` is the name of a
    preset; with neither, the owner takes no mail. `backup` is where it is written that the
    exchanger is the backup of the owner itself. `mark` is where all that begins.
    """

    owner: Name
    ttl: int
    mark: Mark
    exchangers: tuple[Exchanger, ...] = ()
    provider: str = ""
    backup: Mark | None = None


@dataclass(frozen=True, slots=True)
class StsText:
    """The policy that a domain's mta-sts host hands out (RFC 8461 3.2), kept with its zone.

    `mark` is where the first line of the text stands.
    """

    owner: Name
    text: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class ServerKey:
    """The public key of a server, out of a file that the zone names, and where it is named.

    `digest` is the SHA-256 that TLSA 3 1 1 has (RFC 6698 2.1). A certificate is for some
    `names` of hosts, and good up to the day on which it `ends`; None: it is no certificate.
    """

    path: str
    mark: Mark
    digest: bytes
    names: tuple[str, ...] | None = None
    ends: date | None = None


@dataclass(frozen=True, slots=True)
class TlsaBlock:
    """Which keys servers show, by `$tlsa` or `$mail`: one of `keys` at each of `hosts`.

    `services` are the labels in front of a host, such as _25 and _tcp. Of the hosts `of_mail`
    some may be those of others.
    """

    mark: Mark
    ttl: int
    hosts: tuple[Name, ...]
    services: tuple[tuple[bytes, bytes], ...]
    keys: tuple[ServerKey, ...]
    of_mail: bool = False


@dataclass(frozen=True, slots=True)
class Dnssec:
    """How a zone asks to be signed, and where.

    That is as the `policy` of that name says, or without one as we think best; but for the
    `algorithm`, which is a number, and the proofs of what is not there, if it says these.
    """

    mark: Mark
    policy: str = ""
    algorithm: int | None = None
    nsec3: bool | None = None
    opt_out: bool | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to come of the keys of a zone that was signed.

    Something is `due` at a time, in seconds since 1970; 0: nothing is. Every `ask` seconds
    the parent should be asked for its DS; 0: that is not waited for. It was signed by the
    `policy` of that name, which was `meant` so. `stamp` tells whether the file of keys is
    still the one that it was signed by.
    """

    due: int = 0
    ask: int = 0
    policy: str = ""
    meant: str = ""
    stamp: int = 0


@dataclass(frozen=True, slots=True)
class ZoneSource:
    """One zone as its files have it.

    `unreadable` are owners with a record that could not be read, so that no rule
    mistakes them for missing. `lenient` are owners whose octoDNS metadata asks for
    leniency. With `auto_serial` the SOA's serial is ours to choose,
    with `default_rname` its mailbox is one that nobody wrote. `mta_sts` are policies
    to hold against the MX records; they are not served from here. `added` are those of
    the records that no file writes out: they come from directives and from defaults. Without
    `dnssec` the zone is served as it is; `signed` tells two ways of signing it apart.
    `zonemd` is where a digest of the zone was asked for.
    """

    origin: Name
    records: tuple[Record, ...]
    findings: tuple[Finding, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    unreadable: frozenset[Name] = frozenset()
    lenient: frozenset[Name] = frozenset()
    auto_serial: bool = False
    default_rname: bool = False
    mta_sts: tuple[StsText, ...] = ()
    mail: tuple[MailBlock, ...] = ()
    tlsa: tuple[TlsaBlock, ...] = ()
    added: tuple[Record, ...] = ()
    kind: Kind = Kind.PRIMARY
    dnssec: Dnssec | None = None
    signed: str = ""
    outlook: Outlook = field(default_factory=Outlook)
    zonemd: Mark | None = None

    def with_serial(self, serial: int) -> "ZoneSource":
        """The same source with another serial in its SOA."""
        return replace(
            self,
            records=_with_serial(self.records, serial),
            added=_with_serial(self.added, serial),
        )

    def with_finding(self, finding: Finding) -> "ZoneSource":
        """The same source with one more finding."""
        return replace(self, findings=(*self.findings, finding))

    def with_records(self, added: Iterable[Record]) -> "ZoneSource":
        """The same source with further records that no file writes out."""
        more = tuple(added)
        return replace(self, records=self.records + more, added=self.added + more)


def _with_serial(records: tuple[Record, ...], serial: int) -> tuple[Record, ...]:
    return tuple(
        record._replace(rdata=replace(record.rdata, serial=serial))
        if record.rtype == rtypes.SOA and isinstance(record.rdata, SOA)
        else record
        for record in records
    )
