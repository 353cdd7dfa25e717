"""Rdata: one frozen class per type that the server or the validator looks into.

Every class lists its `layout`: one field per attribute, in wire order. All other types
are `Opaque`: octets that are served as they are, read and written by dnspython.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from zoneserver.errors import RdataError
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.fields import (
    MAX_STRING_OCTETS,
    Address,
    HostName,
    Integer,
    Rest,
    String,
    Tag,
    Token,
    quote,
)
from zoneserver.records.layout import (
    Layout,
    check_size,
    decode_fields,
    encode_fields,
    format_fields,
    parse_fields,
)
from zoneserver.records.rare import format_octets


@dataclass(frozen=True, slots=True)
class Rdata:
    """The data of one record. Two are equal when their octets are, names case-folded."""

    rtype: ClassVar[int]
    layout: ClassVar[Layout]

    @classmethod
    def parse(cls, tokens: Sequence[Token], origin: Name | None) -> Self:
        """Read the tokens of presentation format, one per field.

        Raises RdataError; its `position` is the index of the token.
        """
        rdata = cls(*parse_fields(cls.rtype, cls.layout, tokens, origin))
        if isinstance(cls.layout[-1], Rest):
            check_size(len(rdata.wire))
        return rdata

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Read uncompressed rdata. Raises RdataError."""
        return cls(*decode_fields(cls.layout, octets))

    @property
    def parts(self) -> tuple[bytes | Name, ...]:
        """The rdata as octets and, where they may be compressed, names."""
        return encode_fields(self.layout, self.values)

    @property
    def values(self) -> tuple[Any, ...]:
        """The fields' values in wire order."""
        return tuple(getattr(self, field.name) for field in self.layout)

    @property
    def wire(self) -> bytes:
        """The rdata without compression."""
        return b"".join(part.wire if isinstance(part, Name) else part for part in self.parts)

    @property
    def text(self) -> str:
        """The rdata in presentation format."""
        return format_fields(self.layout, self.values)

    @property
    def points_to(self) -> Name | None:
        """The host that this rdata sends its reader to, if it names one."""
        return None


@dataclass(frozen=True, slots=True)
class _Host(Rdata):
    """Rdata that is a single address."""

    address: bytes

    @property
    def parts(self) -> tuple[bytes]:  # written out: most records are of these types
        return (self.address,)

    @property
    def wire(self) -> bytes:
        return self.address


class A(_Host):
    """An IPv4 address (RFC 1035 3.4.1)."""

    __slots__ = ()
    rtype = rtypes.A
    layout = (Address("address", octets=4),)


class AAAA(_Host):
    """An IPv6 address (RFC 3596 2.2)."""

    __slots__ = ()
    rtype = rtypes.AAAA
    layout = (Address("address", octets=16),)


@dataclass(frozen=True, slots=True)
class _Pointer(Rdata):
    """Rdata that is a single name."""

    layout = (HostName("target", compressed=True),)
    target: Name

    @property
    def parts(self) -> tuple[bytes | Name]:
        return (self.target if self.layout[0].compressed else self.target.wire,)

    @property
    def points_to(self) -> Name:
        """The target."""
        return self.target


class NS(_Pointer):
    """A nameserver of the zone that starts here (RFC 1035 3.3.11)."""

    __slots__ = ()
    rtype = rtypes.NS


class CNAME(_Pointer):
    """The canonical name of an alias (RFC 1035 3.3.1)."""

    __slots__ = ()
    rtype = rtypes.CNAME


class PTR(_Pointer):
    """A name that an address, or another name, stands for (RFC 1035 3.3.12)."""

    __slots__ = ()
    rtype = rtypes.PTR


class DNAME(_Pointer):
    """A redirection of all names below this one (RFC 6672 2.1)."""

    __slots__ = ()
    rtype = rtypes.DNAME
    layout = (HostName("target"),)  # RFC 6672 2.5: never compressed


@dataclass(frozen=True, slots=True)
class SOA(Rdata):
    """The start of a zone of authority (RFC 1035 3.3.13)."""

    rtype = rtypes.SOA
    layout = (
        HostName("mname", compressed=True),
        HostName("rname", compressed=True),
        Integer("serial", octets=4),
        Integer("refresh", octets=4),
        Integer("retry", octets=4),
        Integer("expire", octets=4),
        Integer("minimum", octets=4),
    )
    mname: Name
    rname: Name
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int


@dataclass(frozen=True, slots=True)
class MX(Rdata):
    """A mail exchanger (RFC 1035 3.3.9)."""

    rtype = rtypes.MX
    layout = (Integer("preference", code="MX013"), HostName("exchange", compressed=True))
    preference: int
    exchange: Name

    @property
    def parts(self) -> tuple[bytes, Name]:
        return (self.preference.to_bytes(2, "big"), self.exchange)

    @property
    def points_to(self) -> Name:
        """The exchange."""
        return self.exchange

    @classmethod
    def parse(cls, tokens: Sequence[Token], origin: Name | None) -> Self:
        """As any rdata, with the two usual mistakes explained."""
        words = [token.text for token in tokens]
        if len(words) == 1 and not words[0].isdecimal():
            fix = f"write: MX 10 {words[0]}"
            raise RdataError("the preference is missing", code="MX013", fix=fix, position=0)
        if len(words) == 2 and words[1].isdecimal() and not words[0].isdecimal():
            raise RdataError(
                f"preference and exchange look written backwards: {words[0]} {words[1]}",
                code="MX013",
                fix=f"write: MX {words[1]} {words[0]}",
                position=0,
            )
        return super(MX, cls).parse(tokens, origin)  # zero-argument super() fails with slots


@dataclass(frozen=True, slots=True)
class TXT(Rdata):
    """One or more character-strings (RFC 1035 3.3.14)."""

    rtype = rtypes.TXT
    layout = (String("text"),)
    strings: tuple[bytes, ...]

    @classmethod
    def parse(cls, tokens: Sequence[Token], origin: Name | None) -> Self:
        """One token for each string."""
        if not tokens:
            raise RdataError(f"{cls.__name__} takes at least one character-string")
        strings = []
        for position, token in enumerate(tokens):
            try:
                strings.append(cls.layout[0].parse(token, origin))
            except RdataError as error:
                error.position = position
                raise
        return cls._sized(strings)

    @classmethod
    def split(cls, octets: bytes) -> Self:
        """The text as strings of at most 255 octets, as RFC 7208 3.3 joins them again.

        Raises RdataError for more text than a record has room for.
        """
        pieces = range(0, max(len(octets), 1), MAX_STRING_OCTETS)
        return cls._sized([octets[at : at + MAX_STRING_OCTETS] for at in pieces])

    @classmethod
    def _sized(cls, strings: Sequence[bytes]) -> Self:
        check_size(sum(map(len, strings)) + len(strings))
        return cls(tuple(strings))

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Strings up to the end, at least one."""
        strings: list[bytes] = []
        at = 0
        while at < len(octets) or not strings:
            string, at = cls.layout[0].decode(octets, at)
            strings.append(string)
        return cls(tuple(strings))

    @property
    def parts(self) -> tuple[bytes | Name, ...]:
        """Each string behind its length octet."""
        return tuple(self.layout[0].encode(string) for string in self.strings)

    @property
    def text(self) -> str:
        """The strings, quoted."""
        return " ".join(quote(string) for string in self.strings)

    @property
    def joined(self) -> bytes:
        """The strings as one, the way SPF, DKIM and DMARC read them (RFC 7208 3.3)."""
        return b"".join(self.strings)


class SPF(TXT):
    """The abandoned type 99 (RFC 7208 3.1), laid out as TXT."""

    __slots__ = ()
    rtype = rtypes.SPF


@dataclass(frozen=True, slots=True)
class SRV(Rdata):
    """The host and port of a service (RFC 2782)."""

    rtype = rtypes.SRV
    layout = (Integer("priority"), Integer("weight"), Integer("port"), HostName("target"))
    priority: int
    weight: int
    port: int
    target: Name

    @property
    def points_to(self) -> Name:
        """The target."""
        return self.target


@dataclass(frozen=True, slots=True)
class NAPTR(Rdata):
    """A rewrite rule (RFC 3403 4.1)."""

    rtype = rtypes.NAPTR
    layout = (
        Integer("order"),
        Integer("preference"),
        String("flags"),
        String("service"),
        String("regexp"),
        HostName("replacement"),
    )
    order: int
    preference: int
    flags: bytes
    service: bytes
    regexp: bytes
    replacement: Name


@dataclass(frozen=True, slots=True)
class DS(Rdata):
    """The digest of a child zone's key (RFC 4034 5.1)."""

    rtype = rtypes.DS
    layout = (
        Integer("key_tag"),
        Integer("algorithm", octets=1),
        Integer("digest_type", octets=1),
        Rest("digest"),
    )
    key_tag: int
    algorithm: int
    digest_type: int
    digest: bytes


class CDS(DS):
    """The DS that the child wants at its parent (RFC 7344 3.1)."""

    __slots__ = ()
    rtype = rtypes.CDS


@dataclass(frozen=True, slots=True)
class ZONEMD(Rdata):
    """The digest of a version of the zone (RFC 8976 2.2)."""

    rtype = rtypes.ZONEMD
    layout = (
        Integer("serial", octets=4),
        Integer("scheme", octets=1),
        Integer("hash_algorithm", octets=1),
        Rest("digest"),
    )
    serial: int
    scheme: int
    hash_algorithm: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class SSHFP(Rdata):
    """The fingerprint of an SSH host key (RFC 4255 3.1)."""

    rtype = rtypes.SSHFP
    layout = (
        Integer("algorithm", octets=1),
        Integer("fingerprint_type", octets=1),
        Rest("fingerprint"),
    )
    algorithm: int
    fingerprint_type: int
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class TLSA(Rdata):
    """The certificate that a TLS service shows (RFC 6698 2.1)."""

    rtype = rtypes.TLSA
    layout = (
        Integer("certificate_usage", octets=1),
        Integer("selector", octets=1),
        Integer("matching_type", octets=1),
        Rest("certificate_association_data", code="TL003"),
    )
    certificate_usage: int
    selector: int
    matching_type: int
    certificate_association_data: bytes


class SMIMEA(TLSA):
    """The certificate of a mailbox (RFC 8162 2), laid out as TLSA."""

    __slots__ = ()
    rtype = rtypes.SMIMEA


@dataclass(frozen=True, slots=True)
class OPENPGPKEY(Rdata):
    """The OpenPGP key of a mailbox (RFC 7929 2.1)."""

    rtype = rtypes.OPENPGPKEY
    layout = (Rest("public_key", form="base64"),)
    public_key: bytes


@dataclass(frozen=True, slots=True)
class CAA(Rdata):
    """Which authority may issue certificates (RFC 8659 4.1)."""

    rtype = rtypes.CAA
    layout = (
        Integer("flags", "CA001", octets=1),
        Tag("tag", "CA001"),
        Rest("value", "CA001", form="text"),
    )
    flags: int
    tag: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class URI(Rdata):
    """A URI for a service (RFC 7553 4.1)."""

    rtype = rtypes.URI
    layout = (Integer("priority"), Integer("weight"), Rest("target", form="text"))
    priority: int
    weight: int
    target: bytes


@dataclass(frozen=True, slots=True)
class SVCB(Rdata):
    """A service binding (RFC 9460 2.2); dnspython reads and writes its parameters."""

    rtype = rtypes.SVCB
    layout = (Integer("svcpriority"), HostName("targetname"), Rest("svcparams"))
    svcpriority: int
    targetname: Name
    svcparams: bytes

    @property
    def points_to(self) -> Name:
        """The target, `.` as it stands."""
        return self.targetname

    @property
    def text(self) -> str:
        """Parameters by name, as dnspython writes them."""
        return Opaque(self.rtype, self.wire).text


class HTTPS(SVCB):
    """The service binding of a web origin (RFC 9460 9)."""

    __slots__ = ()
    rtype = rtypes.HTTPS


@dataclass(frozen=True, slots=True)
class Opaque(Rdata):
    """Rdata of a type that nothing here looks into (RFC 3597)."""

    layout = ()
    rtype: int  # type: ignore[misc]
    octets: bytes

    @property
    def parts(self) -> tuple[bytes | Name, ...]:
        """The octets; a name among them is never compressed (RFC 3597 4)."""
        return (self.octets,)

    @property
    def wire(self) -> bytes:  # written out: most records of signed zones are of these types
        return self.octets

    @property
    def text(self) -> str:
        r"""As dnspython writes the type, or as `\# length hex`."""
        return format_octets(self.rtype, self.octets)


# The types that have a class above; every other type is Opaque.
TYPED: dict[int, type[Rdata]] = {
    kind.rtype: kind
    for kind in (
        A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, NAPTR, DNAME, DS, SSHFP, TLSA,
        SMIMEA, CDS, OPENPGPKEY, SVCB, HTTPS, SPF, URI, CAA, ZONEMD,
    )
}  # fmt: skip
