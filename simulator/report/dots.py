"""Plots of dots: the lead's share of every session, statistics on their ranges, acceptance along the plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from simulator.report import drawing
from simulator.report.compare import accepted
from simulator.report.gather import Figures, Plain
from simulator.report.words import number, percent, statistic

SIDE = 1.0
"""Widths of a range that are drawn beside it; what is further off stands at the edge."""
SHAPES = ("circle", "square")
"""Of the two runs, so that colour is not all that tells them apart."""
MANY = 300
"""Dots from which they are drawn smaller."""


def lead(runs: Sequence[Figures], level: str) -> str:
    """A dot for every session of a level, in the order of the plan: the lead's share, over the band."""
    band = runs[0].lead[level]["band"]
    rows = [
        {
            "slot": session.slot,
            "share": session.share,
            "kind": "rejected" if session.state == "rejected" else drawing.LETTERS[which],
            "told": f"#{drawing.LETTERS[which]}-{session.id} {session.id}: {session.by_lead} of {session.messages},"
            f" {percent(session.share)}, {session.state}",
        }
        for which, figures in enumerate(runs)
        for session in figures.sessions
        if session.engagement == level and session.state != "open" and session.messages
    ]
    last = max((row["slot"] for row in rows), default=1) or 1
    width = band[1] - band[0]
    lowest = min([band[0] - width * 0.7, *(row["share"] for row in rows)])
    highest = max([band[1] + width * 0.7, *(row["share"] for row in rows)])
    across = alt.X("slot:Q", scale=alt.Scale(domain=[0, last], nice=False), axis=_places())
    heights = alt.Scale(domain=[max(0, lowest), highest], nice=False, zero=False)
    up = alt.Y("share:Q", scale=heights, axis=drawing.shares())
    layers: list[Any] = [
        alt.Chart(drawing.data([{"least": band[0], "most": band[1]}]))
        .mark_rect(color="var(--band)", aria=False)
        .encode(y=alt.Y("least:Q", scale=heights), y2="most:Q")
    ]
    if rows:
        kinds = [*drawing.LETTERS[: len(runs)], "rejected"]
        dots = alt.Chart(drawing.data(rows)).mark_point(filled=True, opacity=0.75)
        size = (
            alt.when("datum.kind == 'rejected'").then(alt.value(45)).otherwise(alt.value(9 if len(rows) > MANY else 20))
        )
        colour = alt.Scale(domain=kinds, range=[*drawing.SERIES[: len(runs)], "var(--bad)"])
        shape = alt.Scale(domain=kinds, range=[*SHAPES[: len(runs)], "diamond"])
        layers.append(
            dots.encode(
                x=across,
                y=up,
                color=alt.Color("kind:N", scale=colour, legend=None),
                shape=alt.Shape("kind:N", scale=shape, legend=None),
                size=size,
                description="told:N",
            )
        )
    title = f"The lead's share of each session at {level}; band {percent(band[0], 0)} to {percent(band[1], 0)}"
    return drawing.drawn(alt.layer(*layers), title, drawing.WIDTH - 45, 190)


def ranges(runs: Sequence[Figures], part: str, title: str) -> str:
    """Statistics on the range of real channels: the band is the 5th to the 95th percentile, the tick the median."""
    rows, order = [], list[str]()
    for which, figures in enumerate(runs):
        for row in _statistics(figures, part):
            name = statistic(row["statistic"])
            order.append(name)
            if row["value"] is None:
                continue
            least, most = row["p5"], row["p95"]
            place = (row["value"] - least) / ((most - least) or 1)
            outside = row["inside"] is False and part != "form"
            rows.append(
                {
                    "name": name,
                    "place": max(-SIDE, min(1 + SIDE, place)),
                    "middle": (row["p50"] - least) / ((most - least) or 1),
                    "kind": "outside" if outside else drawing.LETTERS[which],
                    "run": which,
                    "label": number(row["value"]),
                    "told": f"{drawing.owner(runs, which)}{name}: {number(row['value'], 3)};"
                    f" real channels {number(least, 3)} to {number(most, 3)}, median {number(row['p50'], 3)}"
                    f"{'; outside' if outside else ''}",
                }
            )
    if not rows:
        return ""
    order = [name for name in dict.fromkeys(order) if any(row["name"] == name for row in rows)]
    scale = alt.Scale(domain=[-SIDE, 1 + SIDE], nice=False)
    across = alt.X("place:Q", scale=scale, axis=None)
    base = alt.Chart(drawing.data(rows)).encode(
        y=alt.Y("name:N", sort=order, title=None, axis=drawing.names(150)), **drawing.offset(runs, "y")
    )
    band = alt.Chart(drawing.data([{"least": 0, "most": 1}])).mark_rect(color="var(--band)", aria=False)
    line = base.mark_rule(color="var(--line)", aria=False).encode(x=alt.value(0), x2=alt.value(drawing.WIDTH - 195))
    tick = base.mark_tick(color="var(--dim)", thickness=1, size=9, aria=False).encode(
        x=alt.X("middle:Q", scale=scale, axis=None)
    )
    colour = alt.Scale(
        domain=[*drawing.LETTERS[: len(runs)], "outside"], range=[*drawing.SERIES[: len(runs)], "var(--bad)"]
    )
    shape = alt.Scale(domain=[*drawing.LETTERS[: len(runs)], "outside"], range=[*SHAPES[: len(runs)], "diamond"])
    dots = base.mark_point(filled=True, size=42, opacity=1).encode(
        x=across,
        color=alt.Color("kind:N", scale=colour, legend=None),
        shape=alt.Shape("kind:N", scale=shape, legend=None),
        description="told:N",
    )
    labels = base.mark_text(align="right", fontSize=11, color="var(--dim)", aria=False).encode(
        x=alt.value(drawing.WIDTH - 155), text="label:N"
    )
    drawn = band.encode(x=alt.X("least:Q", scale=scale, axis=None), x2="most:Q") + line + tick + dots + labels
    return drawing.drawn(drawn, title, drawing.WIDTH - 195, len(order) * drawing.step(runs) * len(runs))


def acceptance(runs: Sequence[Figures]) -> str:
    """The share of the judged sessions that passed, along the plan."""
    rows = [
        {
            "place": (block.first + block.last) / 2,
            "share": block.accepted / block.settled,
            "run": which,
            "told": f"{drawing.owner(runs, which)}places {block.first} to {block.last}:"
            f" {block.accepted} of {block.settled} accepted",
        }
        for which, figures in enumerate(runs)
        for block in figures.acceptance
    ]
    if not rows:
        return ""
    base = alt.Chart(drawing.data(rows)).encode(
        x=alt.X("place:Q", axis=_places(), scale=alt.Scale(nice=False)),
        y=alt.Y("share:Q", scale=alt.Scale(domain=[0, 1]), axis=drawing.shares()),
        color=drawing.series(runs),
    )
    drawn = base.mark_line(strokeWidth=1.25, aria=False) + base.mark_point(filled=True, size=16, opacity=1).encode(
        description="told:N"
    )
    told = " and ".join(percent(accepted(figures)) for figures in runs)
    return drawing.drawn(drawn, f"Accepted share of the judged sessions, {told} in all", drawing.WIDTH - 45, 150)


def _statistics(figures: Figures, part: str) -> list[Plain]:
    if part == "form":
        return figures.realism["form"]
    return [row for row in figures.realism["turn_taking"] if row["statistic"].startswith(f"{part}.")]


def _places() -> alt.Axis:
    return alt.Axis(title="place in the plan", tickCount=5)
