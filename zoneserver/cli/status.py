"""How a command ends: the statuses, and what is said where something cannot be used."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from zoneserver.errors import OperatorError
from zoneserver.service.logs.terminal import log, printable

EXIT_FINDINGS = 1
EXIT_UNUSABLE = 2  # the status of click for wrong use, too

Parameters = ParamSpec("Parameters")


def ends_with_status(command: Callable[Parameters, int]) -> Callable[Parameters, None]:
    """Leave with the status that a command returns, or with a line on what cannot be used."""

    @wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            status = command(*args, **kwargs)
        except OperatorError as error:
            log(f"zoneserver: {printable(str(error), keep=chr(10))}")
            status = EXIT_UNUSABLE
        sys.exit(status)

    return run
