"""Plots as SVG of our own: lines and bars over logarithmic scales, a few kilobytes each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bench.scrape.figures import Middle, brief

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 78, 230, 44, 56  # margins; the legend stands in the right one
COLORS = ("#b3541e", "#2b6a34", "#1f5fa8", "#7a4fa3", "#8a7a1e", "#3f8f8f", "#a33f5f")
STYLE = (
    "text{font:12px sans-serif;fill:#333}.title{font-size:15px;font-weight:bold}"
    ".grid{stroke:#ddd}.axis{stroke:#555}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Points of one name, left to right; the range of each is drawn as a whisker."""

    name: str
    points: Sequence[tuple[float, Middle]]


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps a logarithmic range of values to a range of pixels."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float) -> Scale:
        """Whole decades around the values that can be drawn."""
        there = [value for value in values if value > 0 and math.isfinite(value)] or [1.0]
        low = 10.0 ** math.floor(math.log10(min(there)))
        high = 10.0 ** math.ceil(math.log10(max(there)) + 1e-9)
        return cls(low, max(high, 10 * low), start, end)

    def __call__(self, value: float) -> float:
        """Pixels of a value; what is below the range lies on its edge."""
        share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def decades(self) -> list[float]:
        """Values of the lines of the grid."""
        first, last = round(math.log10(self.low)), round(math.log10(self.high))
        return [10.0**power for power in range(first, last + 1)]


def lines(
    title: str, *, x_name: str, y_name: str, of: Sequence[Line], x_labels: Sequence[float]
) -> str:
    """Lines over a row of x values, each at the same distance; y is logarithmic."""
    y = vertical([middle for line in of for _, middle in line.points])
    span = WIDTH - RIGHT - LEFT
    places = {
        value: round(LEFT + (number + 0.5) * span / len(x_labels), 1)
        for number, value in enumerate(x_labels)
    }
    drawn = [frame(title, x_name=x_name, y_name=y_name, y=y)]
    drawn += [text(place, HEIGHT - BOTTOM + 18, f"{x:,g}", "middle") for x, place in places.items()]
    for number, line in enumerate(of):
        color = COLORS[number % len(COLORS)]
        there = [(places[x], each) for x, each in line.points if math.isfinite(each.median)]
        path = " ".join(f"{x},{y(each.median)}" for x, each in there)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        for x, each in there:
            drawn.append(whisker(x, each, y, color))
            drawn.append(f'<circle cx="{x}" cy="{y(each.median)}" r="3.5" fill="{color}"/>')
        drawn.append(legend(number, line.name, color))
    return document(drawn)


def bars(
    title: str, *, y_name: str, groups: Sequence[tuple[str, Sequence[tuple[str, Middle]]]]
) -> str:
    """Bars side by side in named groups, with the median written above each; y is logarithmic."""
    y = vertical([middle for _, group in groups for _, middle in group])
    names = list(dict.fromkeys(name for _, group in groups for name, _ in group))
    span = (WIDTH - RIGHT - LEFT) / max(1, len(groups))
    wide = round(0.86 * span / max(1, max((len(group) for _, group in groups), default=1)), 1)
    drawn = [frame(title, x_name="", y_name=y_name, y=y)]
    for place, (group_name, group) in enumerate(groups):
        start = LEFT + place * span + 0.07 * span
        drawn.append(text(start + 0.43 * span, HEIGHT - BOTTOM + 18, group_name, "middle"))
        for number, (name, each) in enumerate(group):
            if not math.isfinite(each.median):
                continue
            color = COLORS[names.index(name) % len(COLORS)]
            x, top = round(start + number * wide, 1), y(each.median)
            drawn.append(
                f'<rect x="{x}" y="{top}" width="{wide - 2:.1f}"'
                f' height="{HEIGHT - BOTTOM - top:.1f}" fill="{color}"/>'
            )
            drawn.append(whisker(x + wide / 2 - 1, each, y, "#333"))
            drawn.append(
                text(x + wide / 2 - 1, min(top, y(each.high)) - 4, brief(each.median), "middle")
            )
    drawn += [legend(n, name, COLORS[n % len(COLORS)]) for n, name in enumerate(names)]
    return document(drawn)


def vertical(middles: Sequence[Middle]) -> Scale:
    """The scale of y, upwards."""
    values = [value for each in middles for value in (each.low, each.median, each.high)]
    return Scale.over(values, HEIGHT - BOTTOM, TOP)


def frame(title: str, *, x_name: str, y_name: str, y: Scale) -> str:
    """Title, axes and grid."""
    right = WIDTH - RIGHT
    parts = [f'<text class="title" x="{LEFT}" y="22">{escape(title)}</text>']
    for value in y.decades():
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{y(value)}" y2="{y(value)}"/>'
        )
        parts.append(text(LEFT - 8, y(value) + 4, f"{value:,g}", "end"))
    base = HEIGHT - BOTTOM
    parts.append(f'<line class="axis" x1="{LEFT}" x2="{right}" y1="{base}" y2="{base}"/>')
    parts.append(text((LEFT + right) / 2, HEIGHT - 14, x_name, "middle"))
    middle = (TOP + base) / 2
    parts.append(
        f'<text x="18" y="{middle}" text-anchor="middle"'
        f' transform="rotate(-90 18 {middle})">{escape(y_name)}</text>'
    )
    return "".join(parts)


def whisker(x: float, each: Middle, y: Scale, color: str) -> str:
    """A thin line from the lowest to the highest round."""
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y(each.low)}" y2="{y(each.high)}"'
        f' stroke="{color}" stroke-width="1"/>'
    )


def legend(number: int, name: str, color: str) -> str:
    """A name with its colour, in the right margin."""
    x, top = WIDTH - RIGHT + 16, TOP + 10 + 20 * number
    return f'<rect x="{x}" y="{top}" width="11" height="11" fill="{color}"/>' + text(
        x + 17, top + 10, name, "start"
    )


def text(x: float, y: float, content: str, anchor: str) -> str:
    """A piece of text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(content)}</text>'


def document(drawn: Sequence[str]) -> str:
    """The whole picture."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' width="{WIDTH}" height="{HEIGHT}"><style>{STYLE}</style>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>' + "".join(drawn) + "</svg>\n"
    )
