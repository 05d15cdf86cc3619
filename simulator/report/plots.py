"""The plots of the page: quotas, the lead's share of every session, statistics on their ranges, rules, nicks, tokens.

With two runs every plot shows both, the first in `--a` and the second in `--b`, with marks of another shape.

Plots as SVG: marks at places in pixels, written by one template, without a plotting library.

Colours are CSS variables of the page, so that a plot is legible in light and in dark. Every mark may carry a title,
which a reader sees on hovering, and a link to a transcript.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from jinja2 import Template
from markupsafe import Markup

from simulator.corpus.realism import StatisticRange
from simulator.plan.quota import Standing
from simulator.report import offline
from simulator.report.gather import Figures, Rule, Session
from simulator.report.health_checks import accepted
from simulator.report.words import number, percent, statistic

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
    """The SVG; `title` is its name for a screen reader. Everything that is label is escaped."""
    return Markup(_template().render(name=title, width=width, height=height, marks=list(marks)))


def row_names(names: Sequence[str], width: float, step: float) -> Iterable[PlotMark]:
    """Names before rows that are `step` pixels high, right-aligned and cut to `width` pixels."""
    for row, name in enumerate(names):
        most = int(width / LABEL_WIDTH)
        shown = name if len(name) <= most else name[: most - 1] + "…"
        yield text(shown, width - 4, row * step + step / 2, "end", "var(--ink)")


def text(words: str, x: float, y: float, anchor: Anchor, fill: str = "var(--dim)") -> PlotMark:
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


SERIES = ("var(--a)", "var(--b)")
"""Colours of the runs."""
SHAPES: tuple[Literal["dot"], Literal["square"]] = ("dot", "square")
"""Marks of the runs, so that colour is not all that tells them apart."""
LETTERS = "ab"
"""What the addresses of a run's transcripts begin with."""
ROW, ROW_OF_TWO = 17.0, 14.0
"""Pixels of a row of bars: of one run, and of each of two."""
THICK = 0.56
"""Height of a bar, as a share of its row."""
BESIDE = 1.0
"""Widths of a range that are drawn beside it; what is further off stands at the edge."""
MANY = 300
"""Dots from which they are drawn smaller."""
BAR, DOT = 0.6, 0.75
"""Opacities."""
_STANDINGS = {Standing.MISSED: " missed", Standing.FEW: " too few"}
"""What stands behind the figures of a quota, where there is something to say."""


@dataclass(frozen=True, slots=True)
class _Bar:
    """One bar: which row, whose run, how long, what stands beside it and what hovering tells."""

    row: str
    run: int
    value: float
    label: str
    title: str
    target: float | None = None
    """Where a tick shows what was wanted; None: nothing was."""


def quota(runs: Sequence[Figures], axis: str) -> Markup:
    """Bars of the shares of one axis, with a tick at each target."""
    bars = [
        _Bar(
            value,
            run,
            row.share,
            f"{percent(row.share)} · {row.count:,}{_STANDINGS.get(row.standing, '')}",
            f"{owner(runs, run)}{value}: {row.count:,} sessions, {percent(row.share)};"
            f" target {percent(row.target)}, {row.standing}",
            row.target,
        )
        for run, figures in enumerate(runs)
        for value, row in figures.marginals[axis].items()
    ]
    most = max([*(bar.value for bar in bars), *(bar.target or 0.0 for bar in bars)], default=1) * 2
    return _bars(runs, bars, f"Share of sessions by {axis}, with targets", 92, most, right=True)


def rejected(runs: Sequence[Figures]) -> Markup:
    """Sessions that each rule rejected, as bars."""
    return _by_rule(runs, lambda rule: rule.rejected, "sessions rejected", "Rejected sessions by rule")


def refused(runs: Sequence[Figures]) -> Markup:
    """Lines that each rule of the line checks had written again, as bars."""
    return _by_rule(runs, lambda rule: rule.refused, "lines refused", "Lines refused by rule")


def nicks(runs: Sequence[Figures], most: int = 14) -> Markup:
    """The most talkative people's shares of what people said, as bars."""
    bars = []
    for run, figures in enumerate(runs):
        shares = figures.diversity.nicks.shares
        for nick in list(runs[0].diversity.nicks.shares)[:most]:
            share = shares.get(nick) or 0.0
            title = f"{owner(runs, run)}{percent(share)} of what people said is by {nick}"
            bars.append(_Bar(nick, run, share, percent(share), title))
    return _bars(runs, bars, "Share of what people said, by nick", 125)


def tokens(figures: Figures, run: int) -> Markup:
    """Tokens by purpose, stacked: read from the cache, read anew, written."""
    kinds = (("cached", 0.3), ("read anew", 0.62), ("written", 1.0))
    rows: dict[str, tuple[int, int, int]] = {
        purpose: (row.cached_tokens, row.prompt_tokens - row.cached_tokens, row.completion_tokens)
        for purpose, row in figures.cost.items()
        if purpose != "total" and row.prompt_tokens + row.completion_tokens
    }
    if not rows:
        return Markup("")
    step, left, height = 22.0, 60.0, 22.0 * len(rows)
    across = Scale(0, max(map(sum, rows.values())), left, WIDTH - 15)
    marks = [*row_names(list(rows), left, step)]
    for place, (purpose, counts) in enumerate(rows.items()):
        begins = 0
        for (kind, opacity), count in zip(kinds, counts, strict=True):
            x, y = across(begins), place * step + step * (1 - THICK) / 2
            title = f"{purpose}, {kind}: {count:,} tokens"
            width = across(begins + count) - x
            if count:
                marks.append(PlotMark("box", x, y, SERIES[run], width, step * THICK, opacity=opacity, title=title))
            begins += count
    marks += axis_below(across, height, "tokens: cached, read anew, written", _short)
    return draw("Tokens by purpose", WIDTH, height + FOOT, marks)


def lead(runs: Sequence[Figures], level: str) -> Markup:
    """A dot for every session of a level, in the order of the plan: the lead's share, over the band."""
    least, most = runs[0].lead[level].band
    drawn = [
        (run, session)
        for run, figures in enumerate(runs)
        for session in figures.sessions
        if session.engagement == level and session.state != "open" and session.messages
    ]
    margin, height = (most - least) * 0.7, 190.0
    across = Scale(0, max((session.slot for _, session in drawn), default=1) or 1, SIDE, WIDTH - 5)
    lowest = max(0.0, min([least - margin, *(session.share for _, session in drawn)]))
    up = Scale(lowest, max([most + margin, *(session.share for _, session in drawn)]), height, 4)
    marks = [PlotMark("box", SIDE, up(most), "var(--band)", across.end - SIDE, up(least) - up(most))]
    marks += axis_below(across, height, "place in the plan", _short)
    marks += axis_left(up, SIDE, lambda value: f"{100 * value:.3g} %")
    marks += [_session(run, session, across, up, few=len(drawn) <= MANY) for run, session in drawn]
    title = f"The lead's share of each session at {level}; band {percent(least, 0)} to {percent(most, 0)}"
    return draw(title, WIDTH, height + FOOT, marks)


def ranges(runs: Sequence[Figures], part: str, title: str) -> Markup:
    """Statistics on the range of real channels: the band is the 5th to the 95th percentile, the tick the median."""
    found = [(run, row) for run, figures in enumerate(runs) for row in _statistics(figures, part)]
    names = list(dict.fromkeys(statistic(row.statistic) for _, row in found if row.value is not None))
    if not names:
        return Markup("")
    left, step, end = 152.0, _step(runs) * len(runs), WIDTH - 43
    across = Scale(-BESIDE, 1 + BESIDE, left, end)
    marks = [*row_names(names, left, step)]
    marks.append(PlotMark("box", across(0), 0, "var(--band)", across(1) - across(0), step * len(names)))
    for run, row in found:
        if row.value is None:
            continue
        name, low, width = statistic(row.statistic), row.p5, (row.p95 - row.p5) or 1
        y = names.index(name) * step + _step(runs) * (run + 0.5)
        place = max(-BESIDE, min(1 + BESIDE, (row.value - low) / width))
        outside = row.inside is False and part != "form"
        label = (
            f"{owner(runs, run)}{name}: {number(row.value, 3)}; real channels {number(low, 3)} to"
            f" {number(row.p95, 3)}, median {number(row.p50, 3)}{'; outside' if outside else ''}"
        )
        shape = "diamond" if outside else SHAPES[run]
        marks += [
            PlotMark("box", left, y, "var(--line)", end - left, 1),
            PlotMark("box", across((row.p50 - low) / width), y - 4.5, "var(--dim)", 1, 9),
            PlotMark(shape, across(place), y, "var(--bad)" if outside else SERIES[run], size=3.7, title=label),
            text(number(row.value), WIDTH - 3, y, "end"),
        ]
    return draw(title, WIDTH, step * len(names) + 2, marks)


def acceptance(runs: Sequence[Figures]) -> Markup:
    """The share of the judged sessions that passed, along the plan."""
    blocks = [(run, block) for run, figures in enumerate(runs) for block in figures.acceptance]
    if not blocks:
        return Markup("")
    middles = [(block.first + block.last) / 2 for _, block in blocks]
    height = 150.0
    across, up = Scale(min(middles), max(middles), SIDE + 3, WIDTH - 5), Scale(0, 1, height, 4)
    marks = [*axis_below(across, height, "place in the plan", _short)]
    marks += axis_left(up, SIDE, lambda value: f"{100 * value:.3g} %")
    for run in range(len(runs)):
        own = [(x, block) for x, (owner_, block) in zip(middles, blocks, strict=True) if owner_ == run]
        points = [(across(x), up(block.accepted / block.settled)) for x, block in own]
        if points:
            marks.append(line(points, SERIES[run]))
        for (x, y), (_, block) in zip(points, own, strict=True):
            label = f"places {block.first} to {block.last}: {block.accepted} of {block.settled} accepted"
            marks.append(PlotMark(SHAPES[run], x, y, SERIES[run], size=2.2, title=owner(runs, run) + label))
    shares = " and ".join(percent(accepted(figures)) for figures in runs)
    return draw(f"Accepted share of the judged sessions, {shares} in all", WIDTH, height + FOOT, marks)


def owner(runs: Sequence[Figures], run: int) -> str:
    """The name of a run before what is label of it; empty where there is only one."""
    return "" if len(runs) == 1 else f"{runs[run].name}, "


def _session(run: int, session: Session, across: Scale, up: Scale, *, few: bool) -> PlotMark:
    thrown = session.state == "rejected"
    size = 3.8 if thrown else 2.5 if few else 1.7
    label = f"{session.id}: {session.by_lead} of {session.messages}, {percent(session.share)}, {session.state}"
    return PlotMark(
        "diamond" if thrown else SHAPES[run],
        across(session.slot),
        up(session.share),
        "var(--bad)" if thrown else SERIES[run],
        size=size,
        opacity=DOT,
        title=label,
        link=f"#{LETTERS[run]}-{session.id}",
    )


def _by_rule(runs: Sequence[Figures], count: Callable[[Rule], int], what: str, title: str) -> Markup:
    bars = [
        _Bar(
            rule.name,
            run,
            count(rule),
            number(count(rule)),
            f"{owner(runs, run)}{rule.name}: {count(rule)} {what}",
        )
        for run, figures in enumerate(runs)
        for rule in figures.rules
        if count(rule)
    ]
    return _bars(runs, bars, title, 125)


def _bars(
    runs: Sequence[Figures], bars: Sequence[_Bar], title: str, left: float, most: float = 0.0, *, right: bool = False
) -> Markup:
    """Rows of bars with names of `left` pixels before them. `most`: value at the right end; 0: a quarter over the
    longest. `right`: the labels stand at the right end, and not behind the bars."""
    if not bars:
        return Markup("")
    names = list(dict.fromkeys(bar.row for bar in bars))
    own = _step(runs)
    step, end = own * len(runs), WIDTH - (6 if right else 14)
    across = Scale(0, most or 1.25 * max(bar.value for bar in bars) or 1, left, end)
    marks = [*row_names(names, left, step)]
    for bar in bars:
        marks += _bar(bar, names.index(bar.row) * step + bar.run * own, own, across, right=right)
    return draw(title, WIDTH, step * len(names) + 2, marks)


def _bar(bar: _Bar, top: float, high: float, across: Scale, *, right: bool) -> Iterator[PlotMark]:
    y, ends = top + high * (1 - THICK) / 2, across(bar.value)
    width = ends - across.start
    yield PlotMark("box", across.start, y, SERIES[bar.run], width, high * THICK, opacity=BAR, title=bar.title)
    if bar.target is not None:
        yield PlotMark("box", across(bar.target) - 1, top + high * 0.05, "var(--ink)", 2, high * 0.9, opacity=0.7)
    yield text(bar.label, across.end if right else ends + 4, top + high / 2, "end" if right else "start")


def _statistics(figures: Figures, part: str) -> Sequence[StatisticRange]:
    if part == "form":
        return figures.realism.form
    return [row for row in figures.realism.turn_taking if row.statistic.startswith(f"{part}.")]


def _step(runs: Sequence[Figures]) -> float:
    return ROW if len(runs) == 1 else ROW_OF_TWO


def _short(value: float) -> str:
    """
    >>> _short(500), _short(2_000_000), _short(12_500)
    ('500', '2M', '12.5k')
    """
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"
