"""The file of keys: what it may say, who may read it, and which keys the configuration names.

    ns2.example.com.: {algorithm: hmac-sha256, secret: BASE64}

No text made here repeats a secret.
"""

import base64
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from zoneserver.errors import ConfigurationError, NameSyntaxError
from zoneserver.names import Name
from zoneserver.service.configuration.marks import Places, Route, read_values
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.disk.files import read_file, reason
from zoneserver.service.logs import log
from zoneserver.transfer.keys import (
    DEFAULT_ALGORITHM,
    NO_KEYS,
    Key,
    Keyring,
    list_weak,
    parse_algorithm,
    parse_secret,
)

Value = TypeVar("Value")

_ENTRIES = frozenset({"algorithm", "secret"})
_HINT = ": the user that the server runs as must be able to read it (chown, chmod 600)"


# Where a key of these files is named; below `tls` the word means another thing.
_NAMING = frozenset({"transfer", "secondary"})
_CERTIFICATES = "tls"
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")  # what YAML takes for text as it stands


@dataclass(frozen=True, slots=True)
class KeysFile:
    """The keys of a file, and what its reader should be warned of."""

    keyring: Keyring
    warnings: tuple[str, ...] = ()


def read_keys(path: Path) -> KeysFile:
    """Read a file of keys. Raises ConfigurationError with every mistake in it."""
    try:
        mode = path.stat().st_mode
        octets = read_file(path, Path("/"))
    except OSError as error:
        hint = _HINT if isinstance(error, PermissionError) else ""
        raise ConfigurationError(f"cannot read {path}: {reason(error)}{hint}") from error
    if mode & stat.S_IWOTH:
        raise ConfigurationError(
            f"{path}: every user of this host can write it, so these may be anybody's keys:"
            f" make new ones, and let nobody else have them (chmod 600 {path})"
        )
    keyring = _read_keyring(path, octets)
    return KeysFile(keyring, tuple(_warn(path, mode, keyring)))


def format_key(key: Key) -> str:
    """A key as the file has it, with its secret."""
    name, secret = str(key.name), base64.b64encode(key.secret).decode()
    quoted = name if _PLAIN.fullmatch(name) else f"'{name.replace(chr(39), 2 * chr(39))}'"
    return f"{quoted}: {{algorithm: {key.algorithm}, secret: {secret}}}"


def with_keys(settings: Settings, values: object, places: Places) -> Settings:
    """The settings with the keys that they name, as the configuration file has these names.

    Raises ConfigurationError.
    """
    path = settings.keys
    keyring = read_keys(path).keyring if path else NO_KEYS
    missing = f"there is no such key in {path}" if path else "`keys` names no file of keys"
    mistakes = [
        f"{places.show(route)}: {'.'.join(map(str, route))}: {text}: {missing}"
        for route, text in _list_named(values, ())
        if Name.parse(text) not in keyring
    ]
    if mistakes:
        raise ConfigurationError("\n".join(mistakes))
    return replace(settings, transfers=replace(settings.transfers, keyring=keyring))


def warn_of_keys(path: Path | None) -> None:
    """Log what is not as it should be with a file of keys. Raises ConfigurationError."""
    for text in read_keys(path).warnings if path else ():
        log.warning("keys-exposed", text, file=str(path))


def _list_named(value: object, route: Route) -> Iterator[tuple[Route, str]]:
    """Every name of a key in the file, and where it stands."""
    items: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for step, inner in items:
        if step == "key" and isinstance(inner, str):
            yield (*route, step), inner
        elif step != _CERTIFICATES and (route or step in _NAMING):
            yield from _list_named(inner, (*route, step))


def _warn(path: Path, mode: int, keyring: Keyring) -> Iterator[str]:
    if mode & (stat.S_IROTH | stat.S_IWGRP):
        who = "every user of this host" if mode & stat.S_IROTH else "its group"
        can = "read" if mode & stat.S_IROTH else "write"
        yield f"{path}: {who} can {can} the keys: chmod 600 {path}"
    for key in list_weak(keyring):
        yield (
            f"{path}: the secret of {key.name} has {len(key.secret)} octets, and"
            f" {key.mac_octets} are what {key.algorithm} is worth: `zoneserver key generate"
            f" {key.name}` makes one (RFC 8945 8)"
        )


def _read_keyring(path: Path, octets: bytes) -> Keyring:
    values, places = read_values(str(path), octets)
    if not isinstance(values, dict):
        raise ConfigurationError(f"{path}:1:1: a mapping is due here: NAME: {{secret: BASE64}}")
    keys: dict[Name, Key] = {}
    mistakes = []
    for text, value in values.items():
        try:
            key = _read_key(text, value, places)
        except ConfigurationError as error:
            mistakes.append(str(error))
            continue
        if key.name in keys:
            mistakes.append(f"{places.of_key((text,))}: the key {key.name} stands twice")
        keys[key.name] = key
    if mistakes:
        raise ConfigurationError("\n".join(mistakes))
    return Keyring(tuple(keys.values()))


def _read_key(text: str, value: object, places: Places) -> Key:
    try:
        name = Name.parse(text)
    except NameSyntaxError as error:
        hint = "; write the whole name, with its final dot"
        raise ConfigurationError(f"{places.of_key((text,))}: {error}{hint}") from error
    if not isinstance(value, dict):
        place = places.of_value((text,))
        raise ConfigurationError(f"{place}: a mapping is due here: {{secret: BASE64}}")
    for entry in value.keys() - _ENTRIES:
        place = places.of_key((text, entry))
        raise ConfigurationError(
            f"{place}: unknown key {entry!r}: there are algorithm and secret"
        )
    if "secret" not in value:
        raise ConfigurationError(f"{places.of_key((text,))}: {text} has no secret")
    algorithm = DEFAULT_ALGORITHM
    if "algorithm" in value:
        algorithm = _parse(parse_algorithm, value, (text, "algorithm"), places)
    return Key(name, algorithm, _parse(parse_secret, value, (text, "secret"), places))


def _parse(
    parse: Callable[[str], Value], entries: dict[str, object], route: Route, places: Places
) -> Value:
    """One entry of a key, with its place where it cannot be read."""
    text = entries[str(route[-1])]
    if not isinstance(text, str):
        raise ConfigurationError(f"{places.of_value(route)}: one text is due here")
    try:
        return parse(text)
    except ConfigurationError as error:
        raise ConfigurationError(f"{places.of_value(route)}: {error}") from error
