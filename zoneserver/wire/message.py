"""The values that a query is read into, and the registries' numbers that we use."""

from dataclasses import dataclass

from zoneserver.names import Name

HEADER_OCTETS = 12

# Opcodes (RFC 1035 4.1.1, RFC 1996, RFC 2136)
QUERY, NOTIFY, UPDATE = 0, 4, 5
# Classes (RFC 1035 3.2.4)
IN, CH, ANY_CLASS = 1, 3, 255
# RCODEs (RFC 1035 4.1.1, RFC 2136, RFC 6891 9, RFC 7873 8, RFC 8945)
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 0, 1, 2, 3, 4, 5
YXDOMAIN, NOTAUTH, BADVERS, BADCOOKIE = 6, 9, 16, 23
# Errors of a TSIG (RFC 8945 3)
BADSIG, BADKEY, BADTIME, BADTRUNC = 16, 17, 18, 22
# EDNS options (RFC 5001, RFC 7873, RFC 7828, RFC 7830, RFC 8914)
NSID, COOKIE, KEEPALIVE, PADDING, EXTENDED_ERROR = 3, 10, 11, 12, 15


@dataclass(frozen=True, slots=True)
class Edns:
    """The OPT record of a query (RFC 6891 6.1.2); `payload` is in octets."""

    version: int
    payload: int
    do: bool
    options: tuple[tuple[int, bytes], ...] = ()

    def has(self, option: int) -> bool:
        """Whether the option is there, however often."""
        return any(code == option for code, _ in self.options)

    @property
    def cookie(self) -> bytes | None:
        """The first cookie, which is the one that counts (RFC 7873 5.2)."""
        return next((octets for code, octets in self.options if code == COOKIE), None)


@dataclass(frozen=True, slots=True)
class Tsig:
    """A transaction signature (RFC 8945 4.2); times are in seconds, since 1970."""

    key: Name
    algorithm: Name
    time_signed: int
    fudge: int
    mac: bytes
    original_id: int
    error: int = 0
    other: bytes = b""


@dataclass(frozen=True, slots=True)
class Query:
    """One question, and how its answer is to be sent."""

    message_id: int
    opcode: int
    recursion_desired: bool
    qname: Name
    qtype: int
    qclass: int
    edns: Edns | None = None
    tsig: Tsig | None = None


@dataclass(frozen=True, slots=True)
class ExtendedError:
    """Why an answer is an error (RFC 8914 2): a code of the registry, and a few words."""

    code: int
    text: str = ""
