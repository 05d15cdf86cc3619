"""Plots of bars: quotas, rules, nicks, tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import altair as alt

from simulator.plan.standing import Standing
from simulator.report import drawing
from simulator.report.gather import Figures, Plain, Rule
from simulator.report.words import number, percent

THICK = alt.RelativeBandSize(0.62)
_MARKS = {Standing.MISSED: " missed", Standing.FEW: " too few"}
"""What stands behind the figures of a quota, where there is something to say."""


def quota(runs: Sequence[Figures], axis: str) -> str:
    """Bars of the shares of one axis, with a tick at each target."""
    rows = [
        {
            "value": value,
            "share": row["share"],
            "target": row["target"],
            "run": place,
            "label": f"{percent(row['share'])} · {row['count']:,}{_MARKS.get(row['standing'], '')}",
            "told": f"{drawing.owner(runs, place)}{value}: {row['count']:,} sessions, {percent(row['share'])};"
            f" target {percent(row['target'])}, {row['standing']}",
        }
        for place, figures in enumerate(runs)
        for value, row in figures.marginals[axis].items()
    ]
    top = max([*(row["share"] for row in rows), *(row["target"] for row in rows)], default=1) * 2
    order = list(dict.fromkeys(row["value"] for row in rows))
    base = alt.Chart(drawing.data(rows)).encode(
        y=alt.Y("value:N", sort=order, title=None, axis=drawing.names(92)), **drawing.offset(runs, "y")
    )
    across = alt.X("share:Q", scale=alt.Scale(domain=[0, top]), axis=None)
    bars = base.mark_bar(height=THICK, opacity=0.6).encode(x=across, color=drawing.series(runs), description="told:N")
    ticks = base.mark_tick(color="var(--ink)", thickness=2, size=drawing.step(runs) * 0.9, aria=False).encode(
        x=alt.X("target:Q", scale=alt.Scale(domain=[0, top]), axis=None)
    )
    labels = base.mark_text(align="right", color="var(--dim)", fontSize=11, aria=False).encode(
        x=alt.value(drawing.WIDTH - 100), text="label:N"
    )
    height = len(order) * drawing.step(runs) * len(runs)
    return drawing.drawn(
        bars + ticks + labels, f"Share of sessions by {axis}, with targets", drawing.WIDTH - 100, height
    )


def rejected(runs: Sequence[Figures]) -> str:
    """Sessions that each rule rejected, as bars."""
    return _by_rule(runs, lambda rule: rule.rejected, "sessions rejected", "Rejected sessions by rule")


def sent_back(runs: Sequence[Figures]) -> str:
    """Lines that each rule of the manners had written again, as bars."""
    return _by_rule(runs, lambda rule: rule.sent_back, "lines sent back", "Lines sent back by rule")


def nicks(runs: Sequence[Figures], most: int = 14) -> str:
    """The most talkative people's shares of what people said, as bars."""
    order = list(runs[0].diversity["nicks"]["shares"])[:most]
    rows = []
    for place, figures in enumerate(runs):
        shares = figures.diversity["nicks"]["shares"]
        for nick in order:
            share = shares.get(nick) or 0.0
            told = f"{drawing.owner(runs, place)}{percent(share)} of what people said is by {nick}"
            rows.append({"nick": nick, "share": share, "run": place, "label": percent(share), "told": told})
    return _bars(runs, rows, "nick", "share", "Share of what people said, by nick")


def tokens(figures: Figures, series: int) -> str:
    """Tokens by purpose: read from the cache, read anew, written."""
    kinds = ("cached", "read anew", "written")
    rows = []
    for purpose, row in figures.cost.items():
        parts = (row["cached_tokens"], row["prompt_tokens"] - row["cached_tokens"], row["completion_tokens"])
        rows += [
            {"purpose": purpose, "kind": kind, "tokens": count, "told": f"{purpose}, {kind}: {count:,} tokens"}
            for kind, count in zip(kinds, parts, strict=True)
            if purpose != "total" and count
        ]
    if not rows:
        return ""
    opacity = alt.Scale(domain=list(kinds), range=[0.3, 0.62, 1])
    chart = (
        alt.Chart(drawing.data(rows))
        .mark_bar(color=drawing.SERIES[series], height=THICK)
        .encode(
            x=alt.X(
                "sum(tokens):Q", axis=alt.Axis(title="tokens: cached, read anew, written", format="~s", tickCount=5)
            ),
            y=alt.Y("purpose:N", title=None, axis=drawing.names(60), sort=None),
            opacity=alt.Opacity("kind:N", scale=opacity, sort=list(kinds), legend=None),
            order=alt.Order("kind:N"),
            description="told:N",
        )
    )
    return drawing.drawn(chart, "Tokens by purpose", drawing.WIDTH - 75, len({row["purpose"] for row in rows}) * 22)


def _by_rule(runs: Sequence[Figures], count: Callable[[Rule], int], what: str, title: str) -> str:
    rows = [
        {
            "rule": rule.name,
            "count": count(rule),
            "run": place,
            "label": number(count(rule)),
            "told": f"{drawing.owner(runs, place)}{rule.name}: {count(rule)} {what}",
        }
        for place, figures in enumerate(runs)
        for rule in figures.rules
        if count(rule)
    ]
    return _bars(runs, rows, "rule", "count", title)


def _bars(runs: Sequence[Figures], rows: list[Plain], name: str, value: str, title: str) -> str:
    if not rows:
        return ""
    order = list(dict.fromkeys(row[name] for row in rows))
    top = max(row[value] for row in rows) or 1
    base = alt.Chart(drawing.data(rows)).encode(
        y=alt.Y(f"{name}:N", sort=order, title=None, axis=drawing.names(125)),
        x=alt.X(f"{value}:Q", scale=alt.Scale(domain=[0, top * 1.25]), axis=None),
        **drawing.offset(runs, "y"),
    )
    bars = base.mark_bar(height=THICK, opacity=0.6).encode(color=drawing.series(runs), description="told:N")
    labels = base.mark_text(align="left", dx=4, fontSize=11, color="var(--dim)", aria=False).encode(text="label:N")
    return drawing.drawn(bars + labels, title, drawing.WIDTH - 140, len(order) * drawing.step(runs) * len(runs))
