"""`import`, `export` and `show`: zones from one form into another."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from zoneserver.cli.parameters import config_option, origin_option, parse_origin, read_settings
from zoneserver.cli.status import EXIT_FINDINGS, ends_with_status
from zoneserver.errors import StartError
from zoneserver.findings import Level
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rrset import Record
from zoneserver.service.checking.report import Texts, format_finding
from zoneserver.service.disk.gather import gather
from zoneserver.service.disk.loading import Loaded, judge_loaded, load
from zoneserver.service.logs.terminal import log, say
from zoneserver.zonefile.export import write_master
from zoneserver.zonefile.source import Defaults, ZoneSource
from zoneserver.zonefile.yaml_writer import write_yaml

_zones_option = click.option(
    "--zones",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of zone files.  [default: ./zones]",
)


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@origin_option
@ends_with_status
def import_command(*, file: Path, origin: Name | None) -> int:
    """Turn a master file into a YAML zone file.

    The YAML goes to standard output; what the old server let through goes to standard error.
    Exit status 1 where an error would keep the zone from being served.
    """
    loaded = load(gather((file,), origin), Defaults())
    blocked = _complain(loaded)
    say(write_yaml(*_contents(_only_source(loaded, file))).rstrip("\n"))
    return EXIT_FINDINGS if blocked else 0


@click.command("export")
@click.argument("zone")
@_zones_option
@config_option
@ends_with_status
def export_command(*, zone: str, zones: Path | None, config: Path | None) -> int:
    """Turn a YAML zone into a master file that every nameserver reads.

    ZONE is the name of a zone in the zones folder, or a zone file. Exit status 1, and no
    output, where it has an error.
    """
    source, loaded = _load_zone(zone, zones, config)
    if _complain(loaded, source.origin):
        return EXIT_FINDINGS
    say(write_master(*_contents(source)).rstrip("\n"))
    return 0


@click.command("show")
@click.argument("zone")
@_zones_option
@config_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "master", "json"]),
    default="yaml",
    show_default=True,
    help="In which form.",
)
@click.option(
    "--expanded",
    is_flag=True,
    help="Only what the file does not write out: the records of $mail, $soa and defaults.",
)
@ends_with_status
def show_command(
    *, zone: str, zones: Path | None, config: Path | None, form: str, expanded: bool
) -> int:
    """Show what a zone came to: every record that is served, nothing left to a default.

    ZONE is the name of a zone in the zones folder, or a zone file.
    """
    source, loaded = _load_zone(zone, zones, config)
    origin, records = _contents(source, expanded=expanded)
    if form == "json":
        say(json.dumps([_as_json(record) for record in records], indent=2))
    else:
        text = write_yaml(origin, records) if form == "yaml" else write_master(origin, records)
        say(text.rstrip("\n"))
    return EXIT_FINDINGS if _complain(loaded, source.origin) else 0


def _load_zone(zone: str, zones: Path | None, config: Path | None) -> tuple[ZoneSource, Loaded]:
    """A zone by its name or its file, and everything it is served with. Raises StartError."""
    settings = read_settings(config)
    folder = zones or settings.zones
    if Path(zone).exists():
        loaded = load(gather((Path(zone),)), settings.defaults)
        return _only_source(loaded, Path(zone)), loaded
    origin = parse_origin(zone)
    loaded = load(gather((folder,)), settings.defaults)
    for candidate in loaded.candidates:
        if candidate.source.origin == origin:
            return candidate.source, loaded
    raise StartError(f"there is no zone {origin} in {folder}")


def _only_source(loaded: Loaded, file: Path) -> ZoneSource:
    if len(loaded.candidates) != 1:
        _complain(loaded)
        raise StartError(f"{file} is not one zone")
    return loaded.candidates[0].source


def _complain(loaded: Loaded, origin: Name | None = None) -> bool:
    """Print what is wrong to standard error, of all zones or of one; whether it blocks."""
    findings = [
        finding
        for finding in judge_loaded(loaded, datetime.now(UTC).date())
        if finding.level > Level.HINT
        and (origin is None or finding.origin == origin or origin in finding.also)
    ]
    texts = Texts(loaded.texts)
    for finding in findings:
        log(format_finding(finding, texts))
    return any(finding.blocks for finding in findings)


def _contents(source: ZoneSource, *, expanded: bool = False) -> tuple[Name, tuple[Record, ...]]:
    """The records, or those that are `expanded` from directives and defaults.

    An automatic serial is the one that a new server would begin with.
    """
    if source.auto_serial:
        source = source.with_serial(int(datetime.now(UTC).timestamp()))
    return source.origin, source.added if expanded else source.records


def _as_json(record: Record) -> dict[str, object]:
    return {
        "owner": str(record.owner),
        "ttl": record.ttl,
        "type": rtypes.mnemonic(record.rtype),
        "rdata": record.rdata.text,
        "file": record.mark.file,
        "line": record.mark.line,
    }
