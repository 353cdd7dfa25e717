"""The command line. Exit status: 0 fine, 1 findings, 2 wrong use or a thing not usable."""

from zoneserver.cli.commands import main

__all__ = ["main"]
