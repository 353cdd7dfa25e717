"""`zoneserver` and its commands."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from zoneserver import __version__
from zoneserver.cli.parameters import config_option, origin_option, parse_endpoint
from zoneserver.cli.status import EXIT_FINDINGS, ends_with_status
from zoneserver.findings import Finding, Level
from zoneserver.names import Name
from zoneserver.service import server
from zoneserver.service.configuration import read_configuration
from zoneserver.service.garbage import collector_resting
from zoneserver.service.gather import gather
from zoneserver.service.loading import judge_loaded, load
from zoneserver.service.report import Texts, format_finding, format_summary
from zoneserver.service.settings import Settings, default_state
from zoneserver.service.terminal import say
from zoneserver.service.words import count_records
from zoneserver.transports.listen import Endpoint

_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 96}


@click.group(context_settings=_SETTINGS)
@click.version_option(__version__, prog_name="zoneserver", message="%(prog)s %(version)s")
def main() -> None:
    """An authoritative DNS nameserver that will not serve a zone that would lose mail."""


@main.command()
@click.option(
    "--zones",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of zone files.  [default: ./zones]",
)
@click.option(
    "--listen",
    type=parse_endpoint,
    multiple=True,
    metavar="ADDR:PORT",
    help="Where to answer, on UDP and TCP; may be repeated.  [default: port 5300 on loopback]",
)
@config_option
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder for what must outlive a restart.  [default: ~/.local/state/zoneserver]",
)
@click.option("--strict-start", is_flag=True, help="Do not start if a zone has errors.")
@ends_with_status
def serve(
    *,
    zones: Path | None,
    listen: tuple[Endpoint, ...],
    config: Path | None,
    state: Path | None,
    strict_start: bool,
) -> int:
    """Serve the zones of a folder.

    SIGHUP reads them again, SIGTERM ends the server.
    """

    def read_settings() -> Settings:
        settings = read_configuration(config) if config else Settings()
        return replace(
            settings,
            zones=zones or settings.zones,
            listen=listen or settings.listen,
            state=state or settings.state or default_state(os.environ),
            strict_start=strict_start or settings.strict_start,
        )

    return server.serve(read_settings)


@main.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@origin_option
@config_option
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@ends_with_status
def check(
    *, paths: tuple[Path, ...], origin: Name | None, config: Path | None, strict: bool
) -> int:
    """Judge zones as the server would.

    PATH is a folder of zones or a zone file: YAML, or a master file such as *.zone and *.db.
    All of them together are judged as the zones of one server.  [default: ./zones]
    """
    settings = read_configuration(config) if config else Settings()
    files = gather(paths or (settings.zones,), origin)
    with collector_resting():
        loaded = load(files, settings.defaults)
        findings = judge_loaded(loaded, datetime.now(UTC).date())
    texts = Texts(loaded.texts)
    for finding in findings:
        say(format_finding(finding, texts))
    records = sum(count_records(candidate.zone) for candidate in loaded.candidates)
    say(format_summary(len(files), records, findings))
    return EXIT_FINDINGS if any(_counts(each, strict=strict) for each in findings) else 0


def _counts(finding: Finding, *, strict: bool) -> bool:
    """Whether a finding makes the check fail."""
    is_warning = finding.level is Level.WARNING and not finding.waived
    return finding.blocks or (strict and is_warning)
