"""How many examples a property gets: fewer while coverage watches every line."""

import sys

_FEWER = 16


def examples(full: int) -> int:
    """The number of examples to try: ``full``, or a sixteenth of it under a tracer."""
    return max(full // _FEWER, 2) if sys.gettrace() else full
