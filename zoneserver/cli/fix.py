"""`zoneserver fix`: what can be mended in zone files without asking, as a diff or in place."""

import difflib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from zoneserver.catalogue import CATALOGUE
from zoneserver.cli.parameters import config_option, origin_option, read_settings
from zoneserver.cli.status import EXIT_FINDINGS, ends_with_status
from zoneserver.names import Name
from zoneserver.service.checking.mending import Change, Mended, mend
from zoneserver.service.checking.report import Texts, count, format_finding
from zoneserver.service.disk.gather import gather
from zoneserver.service.disk.writing import write_changes
from zoneserver.service.keeping.garbage import collector_resting
from zoneserver.service.logs.terminal import log, printable, say
from zoneserver.validator.fixes import Fix

_COLOURS = {"-": "red", "+": "green", "@": "cyan"}
_NO_NEWLINE = "\\ No newline at end of file"


@click.command("fix")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@origin_option
@config_option
@click.option(
    "--diff/--write",
    "only_diff",
    default=True,
    help="Print what would change, or change the files.  [default: --diff]",
)
@ends_with_status
def fix_command(
    *, paths: tuple[Path, ...], origin: Name | None, config: Path | None, only_diff: bool
) -> int:
    """Mend what has only one right way to be mended.

    PATH is a folder of zones or a YAML zone file; all of them together are taken as the zones
    of one server.  [default: ./zones]  Comments and layout stay. Master files are judged with
    the rest and not changed: zoneserver import turns them into YAML.

    Exit status 1 where --diff has something to show, or an error is left that needs a person.
    """
    settings = read_settings(config)
    files = gather(paths or (settings.zones,), origin)
    with collector_resting():
        mended = mend(files, settings.defaults, datetime.now(UTC).date())
    if only_diff:
        for change in mended.changes:
            for line in _diff(change):
                say(line)
    else:
        write_changes(mended.changes)
    for fix in mended.fixes:
        log(_describe(fix))
    blocked = _complain(mended)
    log(_summary(mended, blocked, only_diff=only_diff))
    if any(each.is_master for each in files):
        log("master files are not changed: zoneserver import turns them into YAML")
    return EXIT_FINDINGS if blocked or (only_diff and mended.changes) else 0


def _diff(change: Change) -> Iterator[str]:
    """The lines of a unified diff."""
    old, new = (octets.decode().split("\n") for octets in (change.old, change.new))
    for line in difflib.unified_diff(
        _lines(old), _lines(new), str(change.path), str(change.path)
    ):
        kind, shown = line[:1], line.removesuffix("\n")
        # A carriage return stands before a line end only, else the file is not read.
        text = printable(shown, keep="\t\r\n\ufeff")
        is_head = line.startswith(("--- ", "+++ "))
        yield click.style(text, bold=True) if is_head else click.style(text, _COLOURS.get(kind))


def _lines(parts: list[str]) -> list[str]:
    """Lines with their ends; the last one says so if it has none, as `diff` does."""
    *lines, last = parts
    return [f"{line}\n" for line in lines] + ([f"{last}\n{_NO_NEWLINE}"] if last else [])


def _describe(fix: Fix) -> str:
    """What one change is for."""
    finding = fix.finding
    owner = f" {finding.owner}:" if finding.owner else ""
    why = f"{finding.code}, {CATALOGUE[finding.code].title}"
    return printable(f"{fix.edit.file}:{owner} {fix.what} ({why})")


def _complain(mended: Mended) -> int:
    """Print the errors that are left; how many there are."""
    texts = Texts(mended.texts)
    errors = [finding for finding in mended.findings if finding.blocks]
    for finding in errors:
        log(format_finding(finding, texts))
    return len(errors)


def _summary(mended: Mended, errors: int, *, only_diff: bool) -> str:
    """One line on what was done and what is left to do."""
    left = f"; {count(errors, 'error')} left that {'needs' if errors == 1 else 'need'} a person"
    if not mended.fixes:
        return f"nothing to fix{left if errors else ''}"
    what = f"{count(len(mended.fixes), 'change')} in {count(len(mended.changes), 'file')}"
    done = "nothing is written yet: --write does it" if only_diff else "written"
    return f"{what}, {done}{left if errors else ''}"
