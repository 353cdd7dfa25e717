"""`status`, `zones`, `stats`, `reload`, `log-level`: a running server is asked, and told."""

import json
from pathlib import Path

import click

from zoneserver.cli.asking import ask_server, asking_options, show_answer
from zoneserver.cli.control_text import format_stats, format_status, format_zones
from zoneserver.cli.parameters import parse_origin
from zoneserver.cli.status import EXIT_FINDINGS, EXIT_UNUSABLE, ends_with_status
from zoneserver.names import Name
from zoneserver.service.control.control_socket import ANSWER_SECONDS, Document
from zoneserver.service.logs.log import LEVELS
from zoneserver.service.logs.terminal import log, printable, say

_zones_argument = click.argument("zones", metavar="[ZONE]...", nargs=-1, type=parse_origin)


@click.command("status")
@asking_options
@ends_with_status
def status_command(*, control: Path | None, config: Path | None, form: str) -> int:
    """Show how a running server is: its processes, its zones, its last reload."""
    show_answer(form, ask_server(control, config, {"command": "status"}), format_status)
    return 0


@click.command("zones")
@_zones_argument
@asking_options
@ends_with_status
def zones_command(
    *, zones: tuple[Name, ...], control: Path | None, config: Path | None, form: str
) -> int:
    """Show the zones of a running server: serials, routes of mail, findings.

    Exit status 1 where one is refused, or is served in an older version than its files have.
    """
    names = [str(zone) for zone in zones]
    answer = ask_server(control, config, {"command": "zones", "zones": names})
    show_answer(form, answer, format_zones)
    blocked = any(zone["stale"] or zone["refused"] for zone in answer["zones"])
    return EXIT_FINDINGS if blocked or answer["unknown"] else 0


@click.command("stats")
@asking_options
@ends_with_status
def stats_command(*, control: Path | None, config: Path | None, form: str) -> int:
    """Show what a running server has counted since its start."""
    show_answer(form, ask_server(control, config, {"command": "stats"}), format_stats)
    return 0


@click.command("log-level")
@click.argument("level", required=False, type=click.Choice(LEVELS))
@asking_options
@ends_with_status
def log_level_command(
    *, level: str | None, control: Path | None, config: Path | None, form: str
) -> int:
    """Show from which level on a running server logs, or change it until its next start."""
    answer = ask_server(control, config, {"command": "log-level", "level": level})
    show_answer(form, answer, lambda answer: str(answer["level"]))
    return 0


@click.command("reload")
@_zones_argument
@click.option("--wait", is_flag=True, help="Wait for the outcome, and show it.")
@click.option(
    "--force", is_flag=True, help="Let zones lose names and mail: the guard looks away, once."
)
@asking_options
@ends_with_status
def reload_command(
    *,
    zones: tuple[Name, ...],
    wait: bool,
    force: bool,
    control: Path | None,
    config: Path | None,
    form: str,
) -> int:
    """Have a running server read its zones and its configuration again.

    All that has changed is taken up. Where ZONEs are named, --force is for these alone, and
    so is what --wait shows. With --wait, exit status 1 where something may not be served, 2
    where nothing could be read.
    """
    names = [str(zone) for zone in zones]
    request = {"command": "reload", "zones": names, "wait": wait, "force": force}
    answer = ask_server(control, config, request, None if wait else ANSWER_SECONDS)
    if not wait:
        asked = "reload asked for; --wait would show what comes of it"
        show_answer(form, answer, lambda _: asked)
        return 0
    findings = [each for each in answer.get("findings", ()) if _concerns(each, names)]
    if form == "json":
        shown = [{key: each[key] for key in each if key != "text"} for each in findings]
        say(json.dumps({**answer, "findings": shown}, indent=2))
    else:
        _print_outcome(answer, findings)
    if answer["result"] == "failed":
        return EXIT_UNUSABLE
    return EXIT_FINDINGS if any(each["blocks"] for each in findings) else 0


def _concerns(finding: Document, names: list[str]) -> bool:
    return not names or bool({finding["zone"], *finding["other_zones"]}.intersection(names))


def _print_outcome(answer: Document, findings: list[Document]) -> None:
    for each in findings:
        say(each["text"])
    if answer["result"] == "failed":
        log(printable(f"zoneserver: {answer['error']}; what is served stays", keep="\n"))
        return
    for line in answer["changes"]:
        say(printable(line))
    kept = sum(each["blocks"] for each in findings)
    outcome = f"errors: {kept}; what they are about stays as it was" if kept else "ok"
    say(f"reloaded in {answer['seconds']:.2f} s: {outcome}")
