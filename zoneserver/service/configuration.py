"""The configuration file: what may stand in it, and what it means.

As in zone files, what is written is what is meant: every value is text until the model
below gives it a type, and a number is a plain decimal.
"""

import difflib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import ErrorDetails

from zoneserver.errors import ConfigurationError, NameSyntaxError
from zoneserver.findings import Mark
from zoneserver.names import Name
from zoneserver.service.configuration_yaml import Places, read_values
from zoneserver.service.files import read_file, reason
from zoneserver.service.settings import MOST_WORKERS, Settings
from zoneserver.transports.endpoint import Endpoint
from zoneserver.zonefile.schema import DRAFT
from zoneserver.zonefile.schema_values import integer
from zoneserver.zonefile.source import Defaults, SoaDefaults

MAX_TTL = 2**31 - 1  # RFC 2181 8
MAX_NSID_OCTETS = 128  # more would not fit 512 octets beside the longest QNAME

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_DEFAULTS = Defaults()

Value = TypeVar("Value")


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


def _text(parse: Callable[[str], Value]) -> Callable[[object], Value]:
    """The parser for a value of the file, which may also be a list or a mapping."""

    def parse_value(value: object) -> Value:
        if not isinstance(value, str):
            raise ValueError("one text is due here")  # noqa: TRY004 - pydantic collects these
        return parse(value)

    return parse_value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _one_or_more(one: dict[str, Any]) -> WithJsonSchema:
    """One value, or a list of them, as `_as_list` takes it."""
    return WithJsonSchema({"anyOf": [one, {"type": "array", "items": one}]})


# What an editor knows of each value: its type as YAML 1.2 has it.
_TEXT = {"type": "string"}
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
NameText = Annotated[Name, PlainValidator(_text(_name))]
OptionalName = Annotated[Name | None, PlainValidator(_text(_name)), WithJsonSchema(_HOST)]
Mailbox = Annotated[Name | None, PlainValidator(_text(_mailbox)), WithJsonSchema(_MAILBOX)]
Names = Annotated[tuple[NameText, ...], BeforeValidator(_as_list), _one_or_more(_HOST)]
FolderPath = Annotated[Path | None, PlainValidator(_text(Path)), WithJsonSchema(_TEXT)]
EndpointText = Annotated[Endpoint, PlainValidator(_text(_endpoint))]
Endpoints = Annotated[tuple[EndpointText, ...], BeforeValidator(_as_list), _one_or_more(_TEXT)]
Nsid = Annotated[bytes, PlainValidator(_text(_octets)), WithJsonSchema(_NSID)]
Engine = Annotated[Literal["auto", "native", "portable"], BeforeValidator(_text(str))]
Workers = Annotated[
    int,
    BeforeValidator(_text(_decimal)),
    Field(ge=0, le=MOST_WORKERS),
    WithJsonSchema(integer(MOST_WORKERS)),
]
Truth = Annotated[bool, PlainValidator(_text(_truth)), WithJsonSchema(_TRUTH)]


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


def read_configuration(path: Path) -> Settings:
    """The settings that a file makes. Raises ConfigurationError with every mistake in it."""
    try:
        octets = read_file(path, Path("/"))
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {reason(error)}") from error
    values, places = read_values(str(path), octets)
    try:
        read = Configuration.model_validate(values)
    except ValidationError as error:
        mistakes = sorted(_explain(each, places) for each in error.errors(include_url=False))
        lines = [f"{mark}: {text}" for mark, text in mistakes]
        raise ConfigurationError("\n".join(lines)) from error
    soa = SoaDefaults(**dict(read.defaults.soa))
    return Settings(
        zones=path.parent / read.zones if read.zones else Settings().zones,
        listen=read.listen,
        state=path.parent / read.state if read.state else None,
        nsid=read.nsid,
        strict_start=read.strict_start,
        defaults=Defaults(read.defaults.ttl, read.defaults.ns, soa),
        engine=read.engine,
        workers=read.workers,
    )


def configuration_schema() -> dict[str, Any]:
    """The JSON Schema of the file."""
    schema = Configuration.model_json_schema()
    for section in (schema, *schema["$defs"].values()):
        for key in section["properties"].values():
            key.pop("title", None)
            if key.get("default", ...) is None:  # no value that could be written
                del key["default"]
    return {"$schema": DRAFT, **schema, "title": "zoneserver configuration"}


def _explain(mistake: ErrorDetails, places: Places) -> tuple[Mark, str]:
    """The place of one mistake, and what it is in our words."""
    route, kind = mistake["loc"], mistake["type"]
    if kind == "extra_forbidden":
        key, known = str(route[-1]), _keys_at(route[:-1])
        close = difflib.get_close_matches(key, known, 1)
        guess = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
        return places.of_key(route), f"unknown key {key!r}: {guess}"
    what = ".".join(str(step) for step in route if isinstance(step, str)) or "the file"
    text = mistake["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if kind in {"model_type", "tuple_type"}:
        text = "a mapping is due here" if kind == "model_type" else "a list is due here"
    elif kind in {"less_than_equal", "greater_than_equal"}:
        text = f"{mistake['input']} is not {text}"
    return places.of_value(route), f"{what}: {text}"


def _keys_at(route: tuple[str | int, ...]) -> list[str]:
    """The keys of the section that a route leads to."""
    section: type[BaseModel] = Configuration
    for step in route:
        kind = section.model_fields[str(step)].annotation
        section = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else section
    return list(section.model_fields)
