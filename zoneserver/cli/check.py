"""`zoneserver check`: zones judged as the server judges them, for people and for programs."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from zoneserver.cli.parameters import config_option, origin_option, parse_rules, read_settings
from zoneserver.cli.status import EXIT_FINDINGS, ends_with_status
from zoneserver.findings import Finding, Level
from zoneserver.names import Name
from zoneserver.service.checking.formats import FORMATS, Checked
from zoneserver.service.checking.online import Reply, ask_resolver, judge_online
from zoneserver.service.checking.selection import Selection
from zoneserver.service.checking.words import count_records
from zoneserver.service.disk.gather import gather
from zoneserver.service.disk.loading import judge_loaded, load
from zoneserver.service.keeping.garbage import collector_resting
from zoneserver.service.keeping.progress import Progress
from zoneserver.service.keeping.refusing import check_policy
from zoneserver.service.logs.terminal import log, printable, say


@click.command("check")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@origin_option
@config_option
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="For people, for programs, for code hosts, for GitHub's log.",
)
@click.option(
    "--select",
    type=parse_rules,
    multiple=True,
    metavar="CODE",
    help="Show and count these rules only: MX001, or MX for all of them; may be repeated.",
)
@click.option(
    "--ignore",
    type=parse_rules,
    multiple=True,
    metavar="CODE",
    help="Neither show nor count these rules; may be repeated.",
)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option(
    "--online", is_flag=True, help="Ask the system's resolver about hosts outside the zones."
)
@ends_with_status
def check_command(
    *,
    paths: tuple[Path, ...],
    origin: Name | None,
    config: Path | None,
    form: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    strict: bool,
    online: bool,
) -> int:
    """Judge zones as the server would.

    PATH is a folder of zones or a zone file: YAML, or a master file such as *.zone and *.db.
    All of them together are judged as the zones of one server.  [default: ./zones]

    Exit status 1 where a zone would not be served. What the server serves does not depend on
    --select, --ignore and --strict.
    """
    selection = Selection(select, ignore)
    settings = read_settings(config)
    files = gather(paths or (settings.zones,), origin)
    progress = Progress(len(files), sum(each.octets for each in files), sys.stderr)
    with collector_resting():
        loaded = load(
            files,
            settings.defaults,
            lambda source: check_policy(source, settings.dnssec),
            note=lambda zone, records: progress.add(1, records, zone.octets),
        )
        progress.say("judging")
        findings = judge_loaded(loaded, datetime.now(UTC).date(), selection.asked)
    progress.end()
    if online:
        findings, notes = judge_online(loaded.candidates, findings, ask_with_progress)
        for note in notes:
            log(f"note: {printable(note)}")
    taken = tuple(finding for finding in findings if selection.takes(finding))
    records = sum(count_records(candidate.zone) for candidate in loaded.candidates)
    for text in FORMATS[form](Checked(len(files), records, taken, loaded.texts)):
        say(text)
    return EXIT_FINDINGS if any(_counts(each, strict=strict) for each in taken) else 0


def _counts(finding: Finding, *, strict: bool) -> bool:
    """Whether a finding makes the check fail."""
    is_warning = finding.level is Level.WARNING and not finding.waived
    return finding.blocks or (strict and is_warning)


def ask_with_progress(hosts: Sequence[Name]) -> Mapping[Name, Reply]:
    """Ask about hosts, and show on a terminal how far it has got."""
    if not sys.stderr.isatty():
        return ask_resolver(hosts, lambda: None)
    with click.progressbar(length=len(hosts), label="asking", file=sys.stderr) as bar:
        return ask_resolver(hosts, lambda: bar.update(1))
