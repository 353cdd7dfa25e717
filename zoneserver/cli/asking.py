"""How commands ask a running server, and show what it says."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from zoneserver.cli.parameters import config_option, format_option, read_settings
from zoneserver.errors import StartError
from zoneserver.service.configuration.settings import default_state
from zoneserver.service.control.control_socket import (
    ANSWER_SECONDS,
    Document,
    ask,
    default_control,
)
from zoneserver.service.logs.terminal import printable, say

_control_option = click.option(
    "--control",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The server's control socket.  [default: in the state folder]",
)


def asking_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every command has that asks a server."""
    return _control_option(config_option(format_option(command)))


def ask_server(
    control: Path | None,
    config: Path | None,
    request: Document,
    seconds: float | None = ANSWER_SECONDS,
) -> Document:
    """What the server says. Raises OperatorError."""
    settings = read_settings(config)
    state = settings.state or default_state(os.environ, settings.privileges.user)
    path = control or settings.control or default_control(os.environ, state)
    if path is None:
        raise StartError("nothing says where the server's control socket is: use --control")
    return ask(path, request, seconds)


def show_answer(form: str, answer: Document, text: Callable[[Document], str]) -> None:
    """Print what the server says: as it is, or as a text."""
    say(json.dumps(answer, indent=2) if form == "json" else printable(text(answer), keep="\n"))
