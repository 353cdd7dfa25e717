"""The configuration: where it is found, what overrides it, and what is said about mistakes.

A file, then environment variables; flags win over both. Every mistake is told at once.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from zoneserver.errors import ConfigurationError
from zoneserver.service.configuration.keys_file import with_keys
from zoneserver.service.configuration.marks import Places, Route, read_values
from zoneserver.service.configuration.sections import Configuration
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.disk.files import read_file, reason

FILE = "zoneserver.yaml"
FOLDERS = (Path(), Path("/etc/zoneserver"))
PREFIX = "ZONESERVER_"
_OF_KEY = "[key]"  # how pydantic marks a mistake in a key
FILE_VARIABLE = f"{PREFIX}CONFIG"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the configuration comes from: a file, if there is one, and the environment."""

    file: Path | None
    environment: Mapping[str, str]

    @classmethod
    def find(cls, file: Path | None, environment: Mapping[str, str]) -> "Source":
        """The file that is named, or the variable names, or the first that is found."""
        if file is None and (named := environment.get(FILE_VARIABLE)):
            file = Path(named)
        usual = (folder / FILE for folder in FOLDERS)
        return cls(file or next((each for each in usual if each.exists()), None), environment)


@dataclass(frozen=True, slots=True)
class Told:
    """One key that is set: its name, its text, and where that stands."""

    key: str
    value: str
    place: str


def read_configuration(source: Source, *, keys: bool = False) -> Settings:
    """The settings that they make. Raises ConfigurationError with every mistake in them.

    With `keys` the file of these is read, too, which few may read.
    """
    values, places = _gather(source)
    try:
        read = Configuration.model_validate(values)
    except ValidationError as error:
        mistakes = sorted(_explain(each, places) for each in error.errors(include_url=False))
        lines = [f"{place}: {text}" for _, place, text in mistakes]
        raise ConfigurationError("\n".join(lines)) from error
    settings = read.settings(source.file.parent if source.file else Path())
    return with_keys(settings, values, places) if keys else settings


def list_told(source: Source) -> list[Told]:
    """The keys that are set, in their order. Raises ConfigurationError."""
    values, places = _gather(source)
    return [
        Told(".".join(map(str, route)), _show(value), places.show(route))
        for route, value in _walk(values, ())
    ]


def list_unknown(environment: Mapping[str, str]) -> list[str]:
    """Variables with our prefix that no key has."""
    known = {FILE_VARIABLE, *map(variable, list_keys())}
    return sorted(each for each in environment if each.startswith(PREFIX) and each not in known)


def list_keys(section: type[BaseModel] = Configuration, *route: str) -> Iterator[Route]:
    """The routes to all that can be set."""
    for key in _names(section):
        inner = _section_of(section, key)
        if inner is None:
            yield (*route, key)
        else:
            yield from list_keys(inner, *route, key)


def variable(route: Route) -> str:
    """The environment variable that sets a key."""
    return PREFIX + "_".join(map(str, route)).upper()


def _gather(source: Source) -> tuple[object, Places]:
    """What the file says, and above it what the environment says."""
    values: object = {}
    places = Places("the environment")
    if source.file is not None:
        try:
            octets = read_file(source.file, Path("/"))
        except OSError as error:
            message = f"cannot read {source.file}: {reason(error)}"
            raise ConfigurationError(message) from error
        values, places = read_values(str(source.file), octets)
    for route in list_keys():
        text = source.environment.get(variable(route))
        if text is not None and isinstance(values, dict):
            _put(values, route, [each.strip() for each in text.split(",")])
            places.variables[route] = variable(route)
    return values, places


def _put(values: dict[str, Any], route: Route, items: list[str]) -> None:
    """Set a key; a section that is no mapping is left to be complained of."""
    *sections, key = map(str, route)
    section: Any = values
    for name in sections:
        section = section.setdefault(name, {})
        if not isinstance(section, dict):
            return
    section[key] = items[0] if len(items) == 1 else items


def _walk(values: object, route: Route) -> Iterator[tuple[Route, object]]:
    if isinstance(values, dict):
        for key, value in values.items():
            yield from _walk(value, (*route, key))
    else:
        yield route, values


def _show(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_show(each)}' for key, each in value.items())}}}"
    return ", ".join(map(_show, value)) if isinstance(value, list) else str(value)


def _explain(mistake: ErrorDetails, places: Places) -> tuple[object, str, str]:
    """What orders one mistake, its place, and what it is in our words."""
    route, kind = mistake["loc"], mistake["type"]
    if kind == "extra_forbidden":
        key, known = str(route[-1]), _keys_at(route[:-1])
        close = difflib.get_close_matches(key, known, 1)
        guess = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
        mark = places.of_key(route)
        return mark, str(mark), f"unknown key {key!r}: {guess}"
    steps = (step for step in route if isinstance(step, str) and step != _OF_KEY)
    what = ".".join(steps) or "the file"
    text = mistake["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if kind in {"model_type", "dict_type", "tuple_type"}:
        text = "a list is due here" if kind == "tuple_type" else "a mapping is due here"
    elif kind in {"less_than_equal", "greater_than_equal"}:
        text = f"{mistake['input']} is not {text}"
    return places.of_value(route), places.show(route), f"{what}: {text}"


def _keys_at(route: Route) -> list[str]:
    """The keys of the section that a route leads to."""
    section: type[BaseModel] = Configuration
    for step in route:
        section = _item_of(section, str(step)) or section
    return _names(section)


def _names(section: type[BaseModel]) -> list[str]:
    """The keys of a section as a file has them; one may be a word that Python keeps."""
    return [field.alias or name for name, field in section.model_fields.items()]


def _item_of(section: type[BaseModel], key: str) -> type[BaseModel] | None:
    """The section that a key holds, or whose like is in the list or the mapping there."""
    todo: list[Any] = [
        field.annotation
        for name, field in section.model_fields.items()
        if (field.alias or name) == key
    ]
    while todo:
        kind = todo.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
        todo += get_args(kind)
    return None


def _section_of(section: type[BaseModel], key: str) -> type[BaseModel] | None:
    """The section that a key holds, if it holds one."""
    kind = section.model_fields[key].annotation if key in section.model_fields else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
