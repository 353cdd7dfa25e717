"""The zones folder: which files make which zone.

`example.com.yaml` is the zone example.com., and so is a folder `example.com./` of several
YAML files. Folders without the final dot hold what zone files include.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from zoneserver.errors import NameSyntaxError, StartError
from zoneserver.findings import Finding, Mark, make_finding
from zoneserver.names import Name
from zoneserver.service.disk.files import Includer, read_file, reason
from zoneserver.zonefile.encoding import MAX_FILE_OCTETS
from zoneserver.zonefile.source import Kind

YAML_SUFFIX = ".yaml"
# Dotfiles, and what editors and Kubernetes keep beside the files people work on.
_HIDDEN = (".", "#")


@dataclass(frozen=True, slots=True)
class ZoneFiles:
    """What there is on disk for one zone.

    `files` maps each path, as it is shown to people, to its octets. `findings` are what
    kept files from being read; without an `origin` it is the zone's name that is missing.
    A zone `is_master` when it is written as one master file (RFC 1035 5) and not in YAML, as
    are all that are not of the kind PRIMARY.
    """

    path: Path
    origin: Name | None
    include: Includer
    files: Mapping[str, bytes] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    is_master: bool = False
    kind: Kind = Kind.PRIMARY

    @property
    def octets(self) -> int:
        """The size of its files."""
        return sum(map(len, self.files.values()))

    def texts(self) -> dict[str, bytes]:
        """The octets of its files, and of those that they were found to name."""
        return {**self.files, **self.include.files}

    def with_finding(self, reason: str, fix: str = "", *also: "ZoneFiles") -> "ZoneFiles":
        """The same with a finding about all of it; `also` are the files it disagrees with."""
        related = tuple((Mark(str(other.path), 1, 1), "the other one") for other in also)
        finding = _finding(self.path, self.origin, reason, fix, related)
        return replace(self, findings=(*self.findings, finding))


def _finding(
    path: Path,
    origin: Name | None,
    reason: str,
    fix: str = "",
    related: tuple[tuple[Mark, str], ...] = (),
) -> Finding:
    mark = Mark(str(path), 1, 1)
    return make_finding(
        "SY009", mark, reason, fix, origin=origin, owner=origin, related=related
    )


def read_folder(folder: Path) -> list[ZoneFiles]:
    """The zones of a folder, by file name. Raises StartError."""
    entries = list_entries(folder)
    return list(refuse_twins(read_entry(Path(entry), root_of(folder)) for entry in entries))


def list_entries(folder: Path) -> list[str]:
    """The paths of a folder's zones, by name. Raises StartError."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.path for entry in entries if _names_zone(entry))
    except OSError as error:
        raise StartError(f"cannot read the zones folder {folder}: {reason(error)}") from error


def root_of(folder: Path) -> Path:
    """The folder that no zone may lead out of. Raises StartError."""
    try:
        return real_path(folder)
    except OSError as error:
        raise StartError(f"cannot read the zones folder {folder}: {reason(error)}") from error


def real_path(path: Path) -> Path:
    """The path with every symbolic link resolved. Raises OSError."""
    return Path(os.path.realpath(path, strict=True))


def _names_zone(entry: "os.DirEntry[str]") -> bool:
    if entry.name.startswith(_HIDDEN):
        return False
    return is_zone_file(entry.name) or is_split_zone(entry)


def is_zone_file(name: str) -> bool:
    """Whether a file in the zones folder is named like one that holds a zone."""
    return name.endswith((YAML_SUFFIX, ".yml")) and not name.startswith(_HIDDEN)


def is_split_zone(path: "Path | os.DirEntry[str]") -> bool:
    """Whether a path is a folder that holds one zone, as octoDNS splits it."""
    return path.name.endswith(".") and path.name.strip(".") != "" and path.is_dir()


def read_entry(entry: Path, root: Path, origin: Name | None = None) -> ZoneFiles:
    """The zone that a file or a folder holds; what is wrong with it becomes a finding.

    Its name is the zone's, unless there is an `origin`.
    """
    is_folder = is_split_zone(entry)
    zone = ZoneFiles(entry, origin, Includer(entry if is_folder else entry.parent, root))
    try:
        named = origin or Name.parse(entry.name if is_folder else f"{entry.stem}.")
    except NameSyntaxError as error:
        return zone.with_finding(f"the file is not named like a zone: {error}", "rename it")
    zone = replace(zone, origin=named)
    if is_folder:
        return _read_split(zone, root)
    if entry.suffix != YAML_SUFFIX:
        fix = f"rename it to {entry.stem}{YAML_SUFFIX}"
        return zone.with_finding(f"zone files end in {YAML_SUFFIX}; this one is not read", fix)
    return read_files(zone, [entry], root)


def _read_split(zone: ZoneFiles, root: Path) -> ZoneFiles:
    """A zone in several files."""
    try:
        members = list_members(zone.path)
    except OSError as error:
        return zone.with_finding(f"the folder cannot be read: {reason(error)}")
    if not members:
        return zone.with_finding(f"the folder holds no {YAML_SUFFIX} file", "delete it")
    return read_files(zone, members, root)


def list_members(folder: Path) -> list[Path]:
    """The files of a split zone, by name. Raises OSError."""
    return sorted(
        member
        for member in folder.iterdir()
        if member.suffix == YAML_SUFFIX and not member.name.startswith(_HIDDEN)
    )


def read_files(
    zone: ZoneFiles, paths: list[Path], root: Path, most: int = MAX_FILE_OCTETS
) -> ZoneFiles:
    """The zone with the octets of its files, as far as they can be read, at most so many."""
    files: dict[str, bytes] = {}
    findings = list(zone.findings)
    for path in paths:
        try:
            files[str(path)] = read_file(path, root, most)
        except OSError as error:
            problem = f"the file cannot be read: {reason(error)}"
            findings.append(_finding(path, zone.origin, problem))
    return replace(zone, files=files, findings=tuple(findings))


def refuse_twins(zones: Iterable[ZoneFiles]) -> Iterator[ZoneFiles]:
    """Each zone once. Where there are several of one origin, none is the right one."""
    by_origin: dict[Name | None, list[ZoneFiles]] = {}
    for zone in zones:
        by_origin.setdefault(zone.origin, []).append(zone)
    yield from by_origin.pop(None, [])
    for origin, twins in by_origin.items():
        if len(twins) == 1:
            yield twins[0]
            continue
        problem = f"the zone {origin} is written in {len(twins)} places"
        findings = [
            zone.with_finding(
                problem, "keep one of them", *(other for other in twins if other is not zone)
            ).findings
            for zone in twins
        ]
        yield replace(twins[0], findings=tuple(each for pair in findings for each in pair))
