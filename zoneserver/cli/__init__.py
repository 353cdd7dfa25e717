"""The command line. Exit status: 0 fine, 1 findings, 2 wrong use or a thing not usable."""

from zoneserver.cli.commands import main
from zoneserver.cli.diff import diff_command
from zoneserver.cli.explain import explain_command

main.add_command(explain_command)
main.add_command(diff_command)

__all__ = ["main"]
