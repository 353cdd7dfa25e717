"""Values on the command line, and options that several commands have."""

import os
from pathlib import Path

import click

from zoneserver.catalogue import CATALOGUE
from zoneserver.errors import ConfigurationError, NameSyntaxError
from zoneserver.names import Name
from zoneserver.service.configuration.read import FILE, Source, read_configuration
from zoneserver.service.configuration.settings import Settings
from zoneserver.transports.endpoint import Endpoint
from zoneserver.zonefile.nodes import show
from zoneserver.zonefile.report import did_you_mean


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


def parse_rule(text: str) -> str:
    """The code of a rule, in any case."""
    code = text.upper()
    if code not in CATALOGUE:
        raise _no_rule(text)
    return code


def parse_rules(text: str) -> str:
    """The code of a rule, or the beginning of the codes of several."""
    code = text.upper()
    if not code or not any(each.startswith(code) for each in CATALOGUE):
        raise _no_rule(text)
    return code


def _no_rule(text: str) -> click.BadParameter:
    guess = did_you_mean(text, CATALOGUE) or "zoneserver rules lists them"
    return click.BadParameter(f"there is no rule {show(text)}; {guess}")


def read_settings(config: Path | None, *, keys: bool = False) -> Settings:
    """What configuration file and environment say. Raises ConfigurationError.

    With `keys` the file of these is read, too.
    """
    return read_configuration(Source.find(config, os.environ), keys=keys)


config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Configuration file; flags win over what it says.  "
    f"[default: {FILE} here or in /etc/zoneserver, if there is one]",
)

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)

origin_option = click.option(
    "--origin",
    type=parse_origin,
    metavar="NAME",
    help="What the zone is called, if it is one.",
)
