"""`zoneserver dnssec`: what the parent of a signed zone has to know."""

import os
from pathlib import Path

import click

from zoneserver.cli.asking import ask_server, asking_options, show_answer
from zoneserver.cli.keys_text import format_keys, format_zone_keys
from zoneserver.cli.parameters import config_option, parse_origin, read_settings
from zoneserver.cli.status import EXIT_FINDINGS, EXIT_UNUSABLE, ends_with_status
from zoneserver.dnssec.rolls import Use
from zoneserver.errors import StartError
from zoneserver.names import Name
from zoneserver.records.algorithms import MNEMONICS
from zoneserver.service.configuration.settings import default_state
from zoneserver.service.control.control_socket import Document
from zoneserver.service.keeping.zone_keys import keys_path, read_life
from zoneserver.service.logs.terminal import say

_state_option = click.option(
    "--state",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The state folder of the server.  [default: ~/.local/state/zoneserver]",
)


@click.group("dnssec")
def dnssec_command() -> None:
    """Zones that are signed ($dnssec: true)."""


@dnssec_command.command("ds")
@click.argument("zone", type=parse_origin)
@_state_option
@config_option
@ends_with_status
def ds_command(*, zone: Name, state: Path | None, config: Path | None) -> int:
    """Print the DS records that the parent of ZONE has to have.

    They go to the registrar; only then do others see that the zone is signed.
    """
    entries = [use for use in _read_uses(zone, state, config) if use.role.is_entry]
    # Before caches can have the signed zone, there is the one that it will be.
    for use in [use for use in entries if use.duty.submits] or entries:
        say(f"{zone} IN DS {use.key.ds(zone).text}")
    return 0


@dnssec_command.command("keys")
@click.argument("zone", type=parse_origin)
@_state_option
@config_option
@ends_with_status
def keys_command(*, zone: Name, state: Path | None, config: Path | None) -> int:
    """List the keys that ZONE is signed with; the secret parts stay where they are."""
    for use in _read_uses(zone, state, config):
        say(f"{use.key.tag} {MNEMONICS[use.key.algorithm]} {use.role.value}")
        say(f"{zone} IN DNSKEY {use.key.dnskey.text}")
    return 0


@dnssec_command.command("status")
@click.argument("zones", metavar="[ZONE]...", nargs=-1, type=parse_origin)
@asking_options
@ends_with_status
def status_command(
    *, zones: tuple[Name, ...], control: Path | None, config: Path | None, form: str
) -> int:
    """Show what the keys of zones do, what is waited for, and what there is to be done.

    Exit status 1 where keys cannot be read, or a zone is not signed here.
    """
    request = {"command": "dnssec-status", "zones": list(map(str, zones))}
    answer = ask_server(control, config, request)
    show_answer(form, answer, format_keys)
    errors = any(zone["error"] for zone in answer["zones"])
    return EXIT_FINDINGS if errors or answer["unknown"] else 0


@dnssec_command.command("roll")
@click.argument("zone", type=parse_origin)
@click.option("--zsk", "kind", flag_value="zsk", help="The key that signs the zone.")
@click.option("--ksk", "kind", flag_value="ksk", help="The key that the parent vouches for.")
@click.option(
    "--algorithm",
    "kind",
    flag_value="all",
    help="All keys, as for another algorithm; one that $dnssec asks for is taken by itself.",
)
@asking_options
@ends_with_status
def roll_command(
    *, zone: Name, kind: str | None, control: Path | None, config: Path | None, form: str
) -> int:
    """Begin to replace a key of ZONE: its CSK, or the one that an option names.

    The server goes on by itself, and waits where it has to. `status` shows how far it is.
    """
    request = {"command": "dnssec-roll", "zone": str(zone), "kind": kind or ""}
    return _wish(ask_server(control, config, request, None), form)


@dnssec_command.command("confirm")
@click.argument("zone", type=parse_origin)
@click.argument("tag", type=click.IntRange(0, 65_535), required=False)
@asking_options
@ends_with_status
def confirm_command(
    *, zone: Name, tag: int | None, control: Path | None, config: Path | None, form: str
) -> int:
    """Say that the parent of ZONE has the new DS, and no old one.

    With TAG, that of the key with this tag, and nothing is done if another one is waited for.
    """
    request = {"command": "dnssec-confirm", "zone": str(zone), "tag": tag or 0}
    return _wish(ask_server(control, config, request, None), form)


@dnssec_command.command("unsign")
@click.argument("zone", type=parse_origin)
@click.option("--undo", is_flag=True, help="Go on signing it after all.")
@asking_options
@ends_with_status
def unsign_command(
    *, zone: Name, undo: bool, control: Path | None, config: Path | None, form: str
) -> int:
    """Prepare ZONE for being signed no longer: ask its parent for no DS, and wait.

    Once nobody looks for signatures any more, $dnssec may be taken out of the zone. `status`
    shows how far it is.
    """
    command = "dnssec-stay" if undo else "dnssec-unsign"
    return _wish(
        ask_server(control, config, {"command": command, "zone": str(zone)}, None), form
    )


def _wish(answer: Document, form: str) -> int:
    """Show what came of a wish."""
    if form == "text" and answer["result"] != "ok":
        raise StartError(answer["error"])
    show_answer(form, answer, lambda zone: "\n".join(format_zone_keys(zone)))
    return 0 if answer["result"] == "ok" else EXIT_UNUSABLE


def _read_uses(zone: Name, state: Path | None, config: Path | None) -> tuple[Use, ...]:
    """The keys of a zone. Raises StartError where it has none, SigningKeyError."""
    settings = read_settings(config)
    folder = state or settings.state or default_state(os.environ, settings.privileges.user)
    if folder is None:
        raise StartError("there is no state folder: name it with --state")
    if life := read_life(folder, zone):
        return life.uses
    raise StartError(
        f"{zone} has no keys: there is no {keys_path(folder, zone)}. They are made when the"
        " server first serves the zone with $dnssec: true"
    )
