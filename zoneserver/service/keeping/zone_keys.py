"""The keys that zones are signed with: a file for each zone in the state directory.

A key is made when its zone is signed for the first time, and never again: whoever lost it
would lose the zone with it, for as long as the parent vouches for that key.
"""

import json
import stat
from collections.abc import Sequence
from pathlib import Path

from zoneserver.dnssec.algorithms import ALGORITHMS, MNEMONICS
from zoneserver.dnssec.keys import SigningKey
from zoneserver.errors import SigningKeyError
from zoneserver.names import Name
from zoneserver.service.disk.copies import file_stem
from zoneserver.service.disk.files import reason, replace_file

FOLDER = "keys"
SUFFIX = "json"  # behind the final dot of the origin
_ROLES = {"csk": True, "ksk": True, "zsk": False}  # whether the parent vouches for it


def keys_path(state: Path, origin: Name) -> Path:
    """Where the keys of a zone are."""
    return state / FOLDER / f"{file_stem(origin)}{SUFFIX}"


def read_zone_keys(state: Path, origin: Name) -> tuple[SigningKey, ...]:
    """The keys of a zone, none where it has no file. Raises SigningKeyError."""
    path = keys_path(state, origin)
    try:
        mode, text = path.stat().st_mode, path.read_text("ascii")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SigningKeyError(f"{path} cannot be read: {reason(error)}") from error
    except ValueError as error:
        raise SigningKeyError(f"{path} is damaged") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SigningKeyError(f"others may read {path}: chmod 600 it, or make new keys")
    try:
        keys = tuple(_read(each) for each in json.loads(text)["keys"])
    except (ValueError, KeyError, TypeError) as error:
        raise SigningKeyError(f"{path} is damaged") from error
    except SigningKeyError as error:
        raise SigningKeyError(f"{path}: {error}") from error
    if not any(key.is_entry for key in keys):
        raise SigningKeyError(f"{path} has no key that the parent can vouch for")
    return keys


def make_zone_keys(state: Path, origin: Name, algorithm: int) -> tuple[SigningKey, ...]:
    """Make the key of a zone that has none, and keep it. Raises SigningKeyError."""
    keys = (SigningKey.generate(algorithm),)
    path = keys_path(state, origin)
    document = {"zone": str(origin), "keys": [_write(each, "csk") for each in keys]}
    try:
        replace_file(path, json.dumps(document, indent=2) + "\n")  # for its owner alone
    except OSError as error:
        raise SigningKeyError(f"{path} cannot be written: {reason(error)}") from error
    return keys


def find_zone_keys(state: Path, origin: Name, algorithm: int) -> Sequence[SigningKey]:
    """The keys of a zone; if it has none, new ones. Raises SigningKeyError."""
    keys = read_zone_keys(state, origin) or make_zone_keys(state, origin, algorithm)
    others = {ALGORITHMS[key.algorithm].mnemonic for key in keys if key.algorithm != algorithm}
    if others:
        wanted = ALGORITHMS[algorithm].mnemonic
        raise SigningKeyError(
            f"the keys in {keys_path(state, origin)} are of {', '.join(sorted(others))}, and"
            f" $dnssec asks for {wanted}"
        )
    return keys


def _read(document: dict[str, str]) -> SigningKey:
    """One key of a file. Raises ValueError, KeyError, TypeError or SigningKeyError."""
    algorithm, is_entry = MNEMONICS[document["algorithm"]], _ROLES[document["role"]]
    return SigningKey.read(algorithm, document["private"], is_entry=is_entry)


def _write(key: SigningKey, role: str) -> dict[str, str]:
    mnemonic = ALGORITHMS[key.algorithm].mnemonic
    return {"algorithm": mnemonic, "role": role, "private": key.write()}
