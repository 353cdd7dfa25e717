"""Line charts as SVG, made here, so that a page needs no script to show them."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 300, 90
_TOP, _BOTTOM = 6, 84  # where the largest value and nought are


def draw(title: str, unit: str, lines: Mapping[str, Sequence[float]]) -> str:
    """A figure with a line for each series, all of them on one scale, the newest at the right.

    The class of a line is `line1`, `line2` and so on: the style sheet gives it its colour.
    """
    most = max((value for line in lines.values() for value in line), default=0.0)
    scale = (_BOTTOM - _TOP) / most if most else 0.0
    drawn = "".join(
        f'<polyline class="line{number}" points="{_points(line, scale)}"/>'
        for number, line in enumerate(lines.values(), 1)
    )
    legend = "".join(
        f'<li class="line{number}">{escape(name)} <b>{say(line[-1] if line else 0)}</b></li>'
        for number, (name, line) in enumerate(lines.items(), 1)
    )
    told = f"{title}: at most {say(most)} {unit} in the last ten minutes"
    return (
        f"<figure><figcaption>{escape(title)} <span>{escape(unit)}, at most {say(most)}</span>"
        f'</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(told)}" preserveAspectRatio="none">'
        f'<line class="axis" x1="0" y1="{_BOTTOM}" x2="{WIDTH}" y2="{_BOTTOM}"/>{drawn}</svg>'
        f"<ul>{legend}</ul></figure>"
    )


def say(value: float) -> str:
    """A number as short as it can be said."""
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g} {unit}"
    return f"{value:.3g}"


def _points(line: Sequence[float], scale: float) -> str:
    steps = max(1, len(line) - 1)
    return " ".join(
        f"{WIDTH * place / steps:.1f},{_BOTTOM - value * scale:.1f}"
        for place, value in enumerate(line)
    )
