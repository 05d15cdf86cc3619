"""How every plot is drawn: Vega-Lite by altair, made SVG by vl_convert, without a browser and without network.

Colours are CSS variables of the page, so that a plot is legible in light and in dark. With two runs every plot shows
both, the first in `--a` and the second in `--b`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import vl_convert

from simulator.report.gather import Figures, Plain
from simulator.report.svg import tidy

WIDTH = 350
"""Pixels of a column of the page; plots are shown in the size in which they are drawn."""
ROW = 17
"""Pixels of a row with a name before it."""
SERIES = ("var(--a)", "var(--b)")
LETTERS = "ab"
"""What the addresses of a run's transcripts begin with."""


def data(rows: list[Plain]) -> alt.Data:
    return alt.Data(values=rows)


def names(limit: int) -> alt.Axis:
    return alt.Axis(
        domain=False, ticks=False, labelColor="var(--ink)", labelLimit=limit, minExtent=limit, labelPadding=6
    )


def shares() -> alt.Axis:
    return alt.Axis(labelExpr="format(datum.value * 100, '.3~g') + ' %'", title=None, tickCount=5)


def step(runs: Sequence[Figures]) -> int:
    return ROW if len(runs) == 1 else 14


def offset(runs: Sequence[Figures], axis: str) -> dict[str, Any]:
    return {} if len(runs) == 1 else {f"{axis}Offset": alt.YOffset("run:O")}


def series(runs: Sequence[Figures]) -> alt.Color:
    scale = alt.Scale(domain=list(range(len(runs))), range=list(SERIES[: len(runs)]))
    return alt.Color("run:O", scale=scale, legend=None)


def owner(runs: Sequence[Figures], place: int) -> str:
    return "" if len(runs) == 1 else f"{runs[place].name}, "


def drawn(chart: Any, title: str, width: int, height: int) -> str:
    axis = {
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
        "gridColor": "var(--line)",
        "gridOpacity": 0.6,
        "labelColor": "var(--dim)",
        "titleColor": "var(--dim)",
        "titleFontWeight": "normal",
        "labelFontSize": 11,
        "titleFontSize": 11,
        "grid": False,
    }
    made = chart.properties(width=width, height=height, padding=2).configure(axis=axis, view={"stroke": None})
    # The specification is always the same but for the data; to hold it against the schema takes as long as to draw it.
    return tidy(vl_convert.vegalite_to_svg(made.to_dict(validate=False)), title)
