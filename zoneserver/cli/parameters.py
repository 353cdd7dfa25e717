"""Values on the command line, and options that several commands have."""

from pathlib import Path

import click

from zoneserver.errors import ConfigurationError, NameSyntaxError
from zoneserver.names import Name
from zoneserver.transports.listen import Endpoint

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Configuration file; flags win over what it says.",
)


def parse_endpoint(text: str) -> Endpoint:
    """An address and a port."""
    try:
        return Endpoint.parse(text)
    except ConfigurationError as error:
        raise click.BadParameter(str(error)) from error


def parse_origin(text: str) -> Name:
    """The name of a zone; the final dot may be left out, as in the name of its file."""
    try:
        return Name.parse(text if text.endswith(".") else f"{text}.")
    except NameSyntaxError as error:
        raise click.BadParameter(f"{text} is no name: {error}") from error
