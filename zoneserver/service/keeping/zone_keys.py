"""The keys that zones are signed with: a file for each zone in the state directory.

It holds what `Life` is: the keys, when they came, and the rollovers that are under way. It is
written in one step, so that after a crash there is what was, or what was to be. Nothing is ever
made in place of a file that is lost or damaged: the parent vouches for what was in it.
"""

import json
import re
import stat
from pathlib import Path
from typing import Any

from zoneserver.dnssec.keys import SigningKey
from zoneserver.dnssec.life import Lasting, Life
from zoneserver.dnssec.policy import Role
from zoneserver.dnssec.rolls import Kind, Roll, Stage, ZoneKey
from zoneserver.errors import SigningKeyError
from zoneserver.names import Name
from zoneserver.records.algorithms import MNEMONICS, NUMBERS
from zoneserver.service.disk.copies import file_stem
from zoneserver.service.disk.files import reason, replace_file

FOLDER = "keys"
SUFFIX = "json"  # behind the final dot of the origin
_BEGUN = re.compile(rf"\.{SUFFIX}\.[a-z0-9_]{{8}}$")  # as `replace_file` names files first

Document = dict[str, Any]


def keys_path(state: Path, origin: Name) -> Path:
    """Where the keys of a zone are."""
    return state / FOLDER / f"{file_stem(origin)}{SUFFIX}"


def stamp(state: Path, origin: Name) -> int:
    """What tells whether the file of keys of a zone is another one; 0: there is none."""
    try:
        return keys_path(state, origin).stat().st_mtime_ns
    except OSError:
        return 0


def read_life(state: Path, origin: Name) -> Life | None:
    """The keys of a zone; None where it has no file. Raises SigningKeyError."""
    path = keys_path(state, origin)
    try:
        mode, text = path.stat().st_mode, path.read_text("ascii")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SigningKeyError(f"{path} cannot be read: {reason(error)}") from error
    except ValueError as error:
        raise SigningKeyError(f"{path} is damaged") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SigningKeyError(f"others may read {path}: chmod 600 it, or make new keys")
    try:
        life = _read(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SigningKeyError(f"{path} is damaged") from error
    except SigningKeyError as error:
        raise SigningKeyError(f"{path}: {error}") from error
    if not any(key.role.is_entry for key in life.keys):
        raise SigningKeyError(f"{path} has no key that the parent can vouch for")
    if not any(key.role.signs_zone for key in life.keys):
        raise SigningKeyError(f"{path} has no key that signs the zone")
    return life


def write_life(state: Path, origin: Name, life: Life) -> None:
    """Keep the keys of a zone, durably. Raises SigningKeyError."""
    path = keys_path(state, origin)
    text = json.dumps({"zone": str(origin), **_write(life)}, indent=2)
    try:
        replace_file(path, f"{text}\n")  # for its owner alone
    except OSError as error:
        raise SigningKeyError(f"{path} cannot be written: {reason(error)}") from error


def sweep(state: Path) -> None:
    """Remove the beginnings of files that a crash has left: there are secrets in them.

    Nobody else may be writing.
    """
    for path in (state / FOLDER).glob(f"*{SUFFIX}.*"):
        if _BEGUN.search(path.name):
            path.unlink(missing_ok=True)


def _write(life: Life) -> Document:
    return {
        "keys": [_write_key(each) for each in life.keys],
        "rolls": [_write_roll(each) for each in life.rolls],
        "zone_ttl": [life.zone.ttl, life.zone.until],
        "key_ttl": [life.dnskeys.ttl, life.dnskeys.until],
    }


def _read(document: Document) -> Life:
    """The value again. Raises ValueError, KeyError, TypeError or SigningKeyError.

    A file that somebody wrote by hand may have keys alone.
    """
    keys = tuple(map(_read_key, document["keys"]))
    rolls = tuple(map(_read_roll, document.get("rolls", ())))
    tags = {key.tag for key in keys}
    if len(tags) < len(keys):
        raise SigningKeyError("two keys have the same tag")
    if not tags.issuperset(tag for roll in rolls for tag in (*roll.old, *roll.new)):
        raise ValueError("a rollover of keys that are not there")
    lasting = (Lasting(*map(int, document.get(key, (0, 0)))) for key in ("zone_ttl", "key_ttl"))
    return Life(keys, rolls, *lasting)


def _write_key(key: ZoneKey) -> Document:
    return {
        "tag": key.tag,
        "algorithm": MNEMONICS[key.key.algorithm],
        "role": key.role.value,
        "made": key.made,
        "active": key.active,
        "private": key.key.write(),
    }


def _read_key(document: Document) -> ZoneKey:
    algorithm, role = NUMBERS[document["algorithm"]], Role(document["role"])
    key = SigningKey.read(algorithm, document["private"], is_entry=role.is_entry)
    return ZoneKey(key, role, int(document.get("made", 0)), int(document.get("active", 0)))


def _write_roll(roll: Roll) -> Document:
    return {
        "kind": roll.kind.value,
        "old": roll.old,
        "new": roll.new,
        "stage": roll.stage.value,
        "since": roll.since,
        "until": roll.until,
        "ds_ttl": roll.ttl,
        "times": [[stage.value, time] for stage, time in roll.times],
    }


def _read_roll(document: Document) -> Roll:
    roll = Roll(
        Kind(document["kind"]),
        tuple(map(int, document["old"])),
        tuple(map(int, document["new"])),
        Stage(document["stage"]),
        int(document["since"]),
        int(document["until"]),
        int(document["ds_ttl"]),
        tuple((Stage(stage), int(time)) for stage, time in document["times"]),
    )
    if all(step.stage is not roll.stage for step in roll.steps):
        raise ValueError("a rollover of that kind has no such stage")
    return roll
