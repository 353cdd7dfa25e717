"""`zoneserver` and its commands, each loaded when it is asked for.

A server that has to be back at once does not wait for the rest.
"""

from importlib import import_module
from typing import Any, cast

import click

from zoneserver import __version__

# Each command, and the module of this package that has it as NAME_command.
COMMANDS = {
    "check": "check",
    "check-config": "check_config",
    "diff": "diff",
    "dnssec": "dnssec",
    "explain": "explain",
    "export": "convert",
    "fix": "fix",
    "import": "convert",
    "key": "keys",
    "log-level": "control",
    "reload": "control",
    "rules": "rules",
    "schema": "schema",
    "serve": "serve",
    "show": "convert",
    "stats": "control",
    "status": "control",
    "zones": "control",
}
_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 96}


class Commands(click.Group):
    """The commands of the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's name
        """Their names, in order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """One of them, with what it is made of."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"zoneserver.cli.{COMMANDS[cmd_name]}")
        return cast("click.Command", getattr(module, f"{cmd_name.replace('-', '_')}_command"))


@click.group(cls=Commands, context_settings=_SETTINGS)
@click.version_option(__version__, prog_name="zoneserver", message="%(prog)s %(version)s")
def main() -> None:
    """An authoritative DNS nameserver that will not serve a zone that would lose mail."""
