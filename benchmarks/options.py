"""Command-line values with a bound, so that no run can last for hours."""

import argparse
from collections.abc import Callable


def up_to(most: int) -> Callable[[str], int]:
    """A parser of whole numbers from 1 to `most`."""

    def number(text: str) -> int:
        value = int(text)
        if not 1 <= value <= most:
            message = f"{value} is not between 1 and {most}"
            raise argparse.ArgumentTypeError(message)
        return value

    return number
