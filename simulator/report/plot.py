"""Plots as SVG: marks at places in pixels, written by one template, without a plotting library.

Colours are CSS variables of the page, so that a plot is legible in light and in dark. Every mark may carry a title,
which a reader sees on hovering, and a link to a transcript.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from jinja2 import Template
from markupsafe import Markup

from simulator.report import offline

WIDTH = 350.0
"""Pixels of a column of the page; plots are shown in the size in which they are drawn."""
LABEL_WIDTH = 5.4
"""Pixels that a letter takes on average at 11 pixels: decides where a name is cut."""
FOOT = 36.0
"""Pixels below a plot for the labels of an axis and its title."""
SIDE = 35.0
"""Pixels beside a plot for the labels of an axis."""


Anchor = Literal["start", "middle", "end"]
"""Which part of a text stands at its place."""


@dataclass(frozen=True, slots=True)
class PlotMark:
    """One thing that is drawn. x, y: left upper corner of a box, centre of a dot, anchor of a text, in pixels."""

    kind: Literal["box", "dot", "square", "diamond", "text", "path"]
    x: float
    y: float
    fill: str = "var(--a)"
    width: float = 0.0
    height: float = 0.0
    """Of a box."""
    size: float = 0.0
    """Radius of a dot; half the width of a square or a diamond."""
    text: str = ""
    """Of a text; of a path the places of its corners, as SVG writes them."""
    anchor: Anchor = "start"
    opacity: float = 1.0
    title: str = ""
    """What hovering shows; empty: nothing."""
    link: str = ""
    """Address of a transcript, such as `#a-s00001`; empty: no link."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to pixels: `least` falls on `start`, `most` on `end`."""

    least: float
    most: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a value, in pixels."""
        return self.start + (self.end - self.start) * (value - self.least) / ((self.most - self.least) or 1.0)

    def ticks(self, about: int = 5) -> list[float]:
        """Round values within the scale, about so many, the lowest first (steps of 1, 2 or 5 times a power of ten).

        >>> Scale(0, 59, 0, 300).ticks(), Scale(0.02, 0.13, 190, 0).ticks()
        ([0.0, 10.0, 20.0, 30.0, 40.0, 50.0], [0.02, 0.04, 0.06, 0.08, 0.1, 0.12])
        """
        raw = (self.most - self.least) / about
        if raw <= 0:
            return [self.least]
        power = 10.0 ** math.floor(math.log10(raw))
        # The borders between the steps are geometric means, as d3 draws them.
        step = power * next(
            n for n, border in ((1, 2**0.5), (2, 10**0.5), (5, 50**0.5), (10, 10)) if raw / power <= border
        )
        first, last = math.ceil(self.least / step - 1e-9), math.floor(self.most / step + 1e-9)
        return [round(n * step, 12) for n in range(first, last + 1)]


def draw(title: str, width: float, height: float, marks: Iterable[PlotMark]) -> Markup:
    """The SVG; `title` is its name for a screen reader. Everything that is told is escaped."""
    return Markup(_template().render(name=title, width=width, height=height, marks=list(marks)))


def row_names(names: Sequence[str], width: float, step: float) -> Iterable[PlotMark]:
    """Names before rows that are `step` pixels high, right-aligned and cut to `width` pixels."""
    for row, name in enumerate(names):
        most = int(width / LABEL_WIDTH)
        shown = name if len(name) <= most else name[: most - 1] + "…"
        yield text(shown, width - 4, row * step + step / 2, "end", "var(--ink)")


def text(
    words: str, x: float, y: float, anchor: Literal["start", "middle", "end"], fill: str = "var(--dim)"
) -> PlotMark:
    """A text whose middle is at height y."""
    return PlotMark("text", x, y + 4, fill, text=words, anchor=anchor)


def axis_below(scale: Scale, y: float, title: str, label: Callable[[float], str]) -> Iterable[PlotMark]:
    """The axis below a plot at height y, with its ticks."""
    yield PlotMark("box", scale.start, y, "var(--line)", width=scale.end - scale.start, height=1)
    for value in scale.ticks():
        x = scale(value)
        yield PlotMark("box", x, y, "var(--line)", width=1, height=5)
        yield text(label(value), x, y + 12, "start" if value == scale.least else "middle")
    yield text(title, (scale.start + scale.end) / 2, y + 27, "middle")


def axis_left(scale: Scale, x: float, label: Callable[[float], str]) -> Iterable[PlotMark]:
    """The axis on the left of a plot at x, with its ticks."""
    yield PlotMark("box", x, scale.end, "var(--line)", width=1, height=scale.start - scale.end)
    for value in scale.ticks():
        yield PlotMark("box", x - 5, scale(value), "var(--line)", width=5, height=1)
        yield text(label(value), x - 8, scale(value), "end")


def line(points: Sequence[tuple[float, float]], stroke: str) -> PlotMark:
    """A line through points in pixels."""
    return PlotMark("path", 0, 0, stroke, text="M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points))


@cache
def _template() -> Template:
    return offline.template("plot.svg.j2")
