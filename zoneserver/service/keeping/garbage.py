"""The garbage collector and zones: millions of objects that live long and form no cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_resting() -> Iterator[None]:
    """Do without the collector, and keep it away for good from what the block made.

    To look for cycles among the records of a large zone, it would stop every answer for a
    third of a second, again and again. Zones that are replaced go without its help.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
