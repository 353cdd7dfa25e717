"""The command line. Exit status: 0 fine, 1 findings, 2 wrong use or a thing not usable."""

from zoneserver.cli.check import check_command
from zoneserver.cli.check_config import check_config_command
from zoneserver.cli.commands import main
from zoneserver.cli.control import (
    log_level_command,
    reload_command,
    stats_command,
    status_command,
    zones_command,
)
from zoneserver.cli.convert import export_command, import_command, show_command
from zoneserver.cli.diff import diff_command
from zoneserver.cli.explain import explain_command
from zoneserver.cli.fix import fix_command
from zoneserver.cli.keys import key_group
from zoneserver.cli.rules import rules_command
from zoneserver.cli.schema import schema_command

main.add_command(check_command)
main.add_command(check_config_command)
main.add_command(rules_command)
main.add_command(fix_command)
main.add_command(explain_command)
main.add_command(diff_command)
main.add_command(import_command)
main.add_command(export_command)
main.add_command(show_command)
main.add_command(schema_command)
main.add_command(status_command)
main.add_command(zones_command)
main.add_command(stats_command)
main.add_command(reload_command)
main.add_command(log_level_command)
main.add_command(key_group)

__all__ = ["main"]
