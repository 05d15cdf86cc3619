"""A figure as it is drawn: its interval as a line, itself as a dot, what is wanted as a band, on one scale a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simulator.evaluate.figure_checks import FigureCheck
from simulator.evaluate.table import Row

WIDTH, PAD = 150.0, 6.0
"""Pixels of a drawing, and of its margin on either side."""


@dataclass(frozen=True, slots=True)
class IntervalPlot:
    """Places along a drawing, in pixels from the left."""

    value: float
    low: float
    high: float
    band: tuple[float, float] | None
    """Where the figure should lie; None: it is only reported."""
    limits: tuple[float, ...]
    """The ends of the band that are thresholds."""
    zero: float | None
    """Where 0 is, if it lies inside the drawing."""


def strips(row: Row) -> list[IntervalPlot | None]:
    """A drawing for each cell, all on the same scale; None: there is nothing to draw."""
    values = list(_marks(row.cells))
    if not values:
        return [None] * len(row.cells)
    least, most = min(0.0, *values), max(0.0, *values)
    # A threshold at the very edge would hide on which side of it a figure lies.
    least, most = (least * 1.1, most * 1.1) if most > least else (0.0, 1.0)

    def place(value: float) -> float:
        return round(PAD + (WIDTH - 2 * PAD) * (value - least) / (most - least), 1)

    def drawn(check: FigureCheck | None) -> IntervalPlot | None:
        if check is None or check.value is None:
            return None
        ends = (check.least, check.most)
        limits = tuple(place(end) for end in ends if end is not None)
        band = None
        if limits:
            band = (
                place(check.least) if check.least is not None else 0.0,
                place(check.most) if check.most is not None else WIDTH,
            )
        low = check.value if check.low is None else check.low
        high = check.value if check.high is None else check.high
        zero = place(0.0) if least < 0 < most else None
        return IntervalPlot(place(check.value), place(low), place(high), band, limits, zero)

    return [drawn(check) for check in row.cells]


def _marks(cells: Iterable[FigureCheck | None]) -> Iterable[float]:
    for check in cells:
        if check is not None and check.value is not None:
            for value in (check.value, check.low, check.high, check.least, check.most):
                if value is not None:
                    yield value
