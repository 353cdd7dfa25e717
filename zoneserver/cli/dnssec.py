"""`zoneserver dnssec`: what the parent of a signed zone has to know."""

import os
from pathlib import Path

import click

from zoneserver.cli.parameters import config_option, parse_origin, read_settings
from zoneserver.cli.status import ends_with_status
from zoneserver.dnssec.algorithms import ALGORITHMS
from zoneserver.dnssec.rolls import Use
from zoneserver.errors import StartError
from zoneserver.names import Name
from zoneserver.service.configuration.settings import default_state
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
        say(f"{use.key.tag} {ALGORITHMS[use.key.algorithm].mnemonic} {use.role.value}")
        say(f"{zone} IN DNSKEY {use.key.dnskey.text}")
    return 0


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
