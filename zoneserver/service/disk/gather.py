"""The zones that somebody names on the command line: folders, YAML files, master files.

A folder is read as the server reads it. One without YAML zones may hold master files.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from zoneserver.errors import ConfigurationError, NameSyntaxError, StartError
from zoneserver.names import Name
from zoneserver.service.disk.files import Includer, reason
from zoneserver.service.disk.folder import (
    YAML_SUFFIX,
    ZoneFiles,
    is_split_zone,
    read_entry,
    read_files,
    read_folder,
    real_path,
    refuse_twins,
)
from zoneserver.zonefile.master import find_origin

MASTER_SUFFIXES = frozenset({".zone", ".db"})


def gather(paths: Iterable[Path], origin: Name | None = None) -> list[ZoneFiles]:
    """The zones behind `paths`, each once; an `origin` is what the only one is called.

    Raises StartError for a path that is not there or holds no zone, ConfigurationError for
    an origin where there are several zones.
    """
    found: dict[Path, ZoneFiles] = {}
    for path in paths:
        try:
            for zone in _read_path(path, origin):
                found.setdefault(real_path(zone.path), zone)
        except OSError as error:
            raise StartError(f"cannot read {path}: {reason(error)}") from error
    if origin is not None and len(found) != 1:
        raise ConfigurationError(f"--origin names one zone, and there are {len(found)} here")
    return list(refuse_twins(found.values()))


def _read_path(path: Path, origin: Name | None) -> list[ZoneFiles]:
    """The zones behind one path. Raises OSError or StartError."""
    real_path(path)  # raises where there is nothing
    if is_split_zone(path):
        return [read_entry(path, real_path(path.parent), origin)]
    if not path.is_dir():
        return [_read_file(path, origin)]
    if zones := read_folder(path):
        return zones
    masters = sorted(each for each in path.iterdir() if each.suffix in MASTER_SUFFIXES)
    if not masters:
        raise StartError(f"no zones in {path}: zone files are named ORIGIN{YAML_SUFFIX}")
    return [_read_master(each, origin) for each in masters]


def _read_file(path: Path, origin: Name | None) -> ZoneFiles:
    """The zone of a file that was named, or of the split zone that it is a part of."""
    if path.suffix not in {YAML_SUFFIX, ".yml"}:
        return _read_master(path, origin)
    entry = path.parent if is_split_zone(path.parent) else path
    return read_entry(entry, real_path(entry.parent), origin)


def _read_master(path: Path, origin: Name | None) -> ZoneFiles:
    """A master file. It tells itself which zone it is; if not, its name does."""
    root = real_path(path).parent
    zone = ZoneFiles(path, origin, Includer(path.parent, root), is_master=True)
    zone = read_files(zone, [path], root)
    if zone.findings or origin is not None:
        return zone
    (octets,) = zone.files.values()
    try:
        return replace(zone, origin=find_origin(octets) or Name.parse(f"{path.stem}."))
    except NameSyntaxError as error:
        return zone.with_finding(f"nothing says which zone this is: {error}", "use --origin")
