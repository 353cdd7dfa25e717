"""`zoneserver diff`: what a new version of zones changes, for mail before all else."""

import json
from pathlib import Path

import click

from zoneserver.cli.parameters import config_option, format_option, origin_option, read_settings
from zoneserver.cli.status import EXIT_FINDINGS, ends_with_status
from zoneserver.errors import StartError
from zoneserver.mail.diff import compare
from zoneserver.mail.diff_text import format_difference
from zoneserver.mail.document import difference_document
from zoneserver.names import Name
from zoneserver.service.checking.report import Texts, format_finding
from zoneserver.service.disk.gather import gather
from zoneserver.service.disk.loading import load
from zoneserver.service.keeping.garbage import collector_resting
from zoneserver.service.logs.terminal import log, printable, say
from zoneserver.zone.zone import Zone
from zoneserver.zonefile.source import Defaults


@click.command("diff")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@origin_option
@config_option
@format_option
@ends_with_status
def diff_command(
    *, old: Path, new: Path, origin: Name | None, config: Path | None, form: str
) -> int:
    """Show what senders and resolvers see change.

    OLD and NEW are each a folder of zones or a zone file: YAML, or a master file. Exit status
    1 where a name loses its mail: it had a host to go to and would have none.
    """
    settings = read_settings(config)
    with collector_resting():
        zones = [_read(path, origin, settings.defaults) for path in (old, new)]
    difference = compare(*zones)
    if form == "text":
        text = format_difference(difference)
    else:
        text = json.dumps(difference_document(difference), indent=2)
    say(printable(text, keep="\n"))
    return EXIT_FINDINGS if difference.loses_mail else 0


def _read(path: Path, origin: Name | None, defaults: Defaults) -> list[Zone]:
    """The zones at a path. Raises StartError: what cannot be read cannot be compared."""
    loaded = load(gather((path,), origin), defaults)
    findings = [
        *loaded.findings,
        *(finding for each in loaded.candidates for finding in each.source.findings),
    ]
    texts = Texts(loaded.texts)
    if errors := [finding for finding in findings if finding.blocks]:
        for finding in errors:
            log(format_finding(finding, texts))
        raise StartError(f"{path} cannot be read as a whole, and so not compared")
    return [candidate.zone for candidate in loaded.candidates]
