"""`zoneserver key`: keys that servers share, for the file that `keys` names."""

import secrets

import click

from zoneserver.cli.parameters import parse_origin
from zoneserver.cli.status import ends_with_status
from zoneserver.names import Name
from zoneserver.service.configuration.keys_file import format_key
from zoneserver.service.logs.terminal import say
from zoneserver.transfer.keys import ALGORITHMS, DEFAULT_ALGORITHM, make_key


@click.group("key")
def key_command() -> None:
    """Keys that this server shares with others (TSIG, RFC 8945)."""


@key_command.command("generate")
@click.argument("name", type=parse_origin)
@click.option(
    "--algorithm",
    type=click.Choice(ALGORITHMS),
    default=DEFAULT_ALGORITHM,
    show_default=True,
    help="What signatures are made with; the other server must use the same.",
)
@ends_with_status
def generate_command(*, name: Name, algorithm: str) -> int:
    """Make a new secret, and print it as the file of keys has it.

    NAME is what both servers call the key, usually the name of the other one:

    (umask 077; zoneserver key generate ns2.example.com. >> keys.yaml)
    """
    say(format_key(make_key(name, algorithm, secrets.token_bytes)))
    return 0
