"""The values that a configuration file may have: each from its text, with its schema.

As in zone files, what is written is what is meant: every value is text until one of these gives
it a type, and a number is a plain decimal.
"""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

from zoneserver.errors import ConfigurationError, NameSyntaxError
from zoneserver.names import Name
from zoneserver.networks import Networks
from zoneserver.service.configuration.settings import MOST_WORKERS
from zoneserver.transports.endpoint import Endpoint
from zoneserver.zonefile.schema_values import integer

MAX_TTL = 2**31 - 1  # RFC 2181 8
MAX_AMOUNT = 10**9
MAX_TRANSFER_SECONDS = 604_800  # a week
MAX_SECONDS = 3600  # RFC 7828 3.1 has room for somewhat more
MIN_UNSENT = 128 << 10  # octets: room for an answer of any length behind another
MAX_NSID_OCTETS = 128  # more would not fit 512 octets beside the longest QNAME

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")

Value = TypeVar("Value")
# Where another server is; None: the port that is usual.
PeerAddress = tuple[str, int | None]


def _decimal(text: str) -> int:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text!r} is no plain decimal number")
    return int(text)


def _truth(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(f"write true or false, not {text!r}")
    return text == "true"


def _octets(text: str) -> bytes:
    octets = text.encode()
    if len(octets) > MAX_NSID_OCTETS:
        raise ValueError(f"it has {len(octets)} octets; {MAX_NSID_OCTETS} is the most")
    return octets


def _endpoint(text: str) -> Endpoint:
    try:
        return Endpoint.parse(text)
    except ConfigurationError as error:
        raise ValueError(str(error)) from error


def _peer(text: str) -> PeerAddress:
    """An address alone, or with its port."""
    try:
        return str(ipaddress.ip_address(text)), None
    except ValueError:
        pass
    try:
        endpoint = Endpoint.parse(text)
    except ConfigurationError as error:
        raise ValueError(
            f"{text!r} is no server: write ADDRESS or ADDRESS:PORT, as in 192.0.2.1 or"
            " '[2001:db8::1]:53'"
        ) from error
    return endpoint.address, endpoint.port


def _http_endpoint(text: str) -> Endpoint:
    """A port alone is one of loopback."""
    return _endpoint(f"127.0.0.1:{text}" if text.isascii() and text.isdecimal() else text)


def _name(text: str) -> Name:
    try:
        return Name.parse(text)
    except NameSyntaxError as error:
        raise ValueError(f"{error}; write the whole name, with its final dot") from error


def _mailbox(text: str) -> Name:
    """The SOA's RNAME, written as `user@host` or in its own form (RFC 1035 8)."""
    local, at, host = text.rpartition("@")
    if not at:
        return _name(text)
    try:
        return _name(host if host.endswith(".") else f"{host}.").prefixed(local.encode())
    except NameSyntaxError as error:
        raise ValueError(f"{text} is no mailbox: {error}") from error


def _user(text: str) -> str:
    name, colon, group = text.partition(":")
    if not name or (colon and not group):
        raise ValueError(f"{text!r} is no user: write NAME or NAME:GROUP")
    return text


def _text(parse: Callable[[str], Value]) -> Callable[[object], Value]:
    """The parser for a value of the file, which may also be a list or a mapping."""

    def parse_value(value: object) -> Value:
        if not isinstance(value, str):
            raise ValueError("one text is due here")  # noqa: TRY004 - pydantic collects these
        return parse(value)

    return parse_value


def _networks(value: object) -> Networks:
    items = _as_list(value)
    if not isinstance(items, list):
        raise ValueError("a list is due here")  # noqa: TRY004 - pydantic collects these
    try:
        return Networks.parse(map(_text(str), items))
    except ConfigurationError as error:
        raise ValueError(str(error)) from error


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _one_or_more(one: dict[str, Any]) -> WithJsonSchema:
    """One value, or a list of them, as `_as_list` takes it."""
    return WithJsonSchema({"anyOf": [one, {"type": "array", "items": one}]})


# What an editor knows of each value: its type as YAML 1.2 has it.
_TEXT = {"type": "string"}
_PORT_OR_TEXT = {"type": ["string", "integer"]}
_HOST = {"type": "string", "pattern": "\\.$"}
_MAILBOX = {"type": "string", "pattern": "@|\\.$"}
_NSID = {"type": ["string", "number"]}
_TRUTH = {"enum": [True, False, "true", "false"]}

Number = Annotated[
    int,
    BeforeValidator(_text(_decimal)),
    Field(ge=0, le=MAX_TTL),
    WithJsonSchema(integer(MAX_TTL)),
]
Amount = Annotated[
    int,
    BeforeValidator(_text(_decimal)),
    Field(ge=0, le=MAX_AMOUNT),
    WithJsonSchema(integer(MAX_AMOUNT)),
]
AtLeastOne = Annotated[Amount, Field(ge=1)]
Seconds = Annotated[Amount, Field(ge=1, le=MAX_SECONDS)]
TransferSeconds = Annotated[Amount, Field(ge=1, le=MAX_TRANSFER_SECONDS)]
Octets = Annotated[Amount, Field(ge=MIN_UNSENT)]
NameText = Annotated[Name, PlainValidator(_text(_name))]
OptionalName = Annotated[Name | None, PlainValidator(_text(_name)), WithJsonSchema(_HOST)]
Mailbox = Annotated[Name | None, PlainValidator(_text(_mailbox)), WithJsonSchema(_MAILBOX)]
Names = Annotated[tuple[NameText, ...], BeforeValidator(_as_list), _one_or_more(_HOST)]
FolderPath = Annotated[Path | None, PlainValidator(_text(Path)), WithJsonSchema(_TEXT)]
FolderPaths = Annotated[
    tuple[Annotated[Path, PlainValidator(_text(Path))], ...],
    BeforeValidator(_as_list),
    _one_or_more(_TEXT),
]
EndpointText = Annotated[Endpoint, PlainValidator(_text(_endpoint))]
Endpoints = Annotated[tuple[EndpointText, ...], BeforeValidator(_as_list), _one_or_more(_TEXT)]
PeerAddresses = Annotated[
    tuple[Annotated[PeerAddress, PlainValidator(_text(_peer))], ...],
    BeforeValidator(_as_list),
    Field(min_length=1),
    _one_or_more(_TEXT),
]
HttpEndpointText = Annotated[Endpoint, PlainValidator(_text(_http_endpoint))]
HttpEndpoints = Annotated[
    tuple[HttpEndpointText, ...], BeforeValidator(_as_list), _one_or_more(_PORT_OR_TEXT)
]
Nsid = Annotated[bytes, PlainValidator(_text(_octets)), WithJsonSchema(_NSID)]
Engine = Annotated[Literal["auto", "native", "portable"], BeforeValidator(_text(str))]
LogFormat = Annotated[Literal["auto", "text", "json", "logfmt"], BeforeValidator(_text(str))]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_text(str))]
Workers = Annotated[
    int,
    BeforeValidator(_text(_decimal)),
    Field(ge=0, le=MOST_WORKERS),
    WithJsonSchema(integer(MOST_WORKERS)),
]
User = Annotated[str, PlainValidator(_text(_user)), WithJsonSchema(_TEXT)]
NetworkList = Annotated[
    Networks,
    PlainValidator(_networks),
    PlainSerializer(Networks.texts),
    _one_or_more(_TEXT),
]
OptionalNetworks = Annotated[Networks | None, PlainValidator(_networks), _one_or_more(_TEXT)]
Truth = Annotated[bool, PlainValidator(_text(_truth)), WithJsonSchema(_TRUTH)]
