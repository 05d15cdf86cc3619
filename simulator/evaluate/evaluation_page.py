"""An evaluation drawn, as a page that opens offline or as a section of the report: verdicts, must-haves, failures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from markupsafe import Markup

from simulator import intervals
from simulator.document import messages_of
from simulator.evaluate.criteria import mean_by_header
from simulator.evaluate.figure_checks import FigureCheck, reported
from simulator.evaluate.labels import LabelledLine
from simulator.evaluate.scorecard import TITLES, Result, Scorecard
from simulator.report import offline
from simulator.report.words import visible
from simulator.world.probe import MEASURES

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


def draw_intervals(row: Row) -> list[IntervalPlot | None]:
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


@dataclass(frozen=True, slots=True)
class Row:
    """One check, with what each subject has of it."""

    name: str
    wanted: str
    """In words; empty: only reported."""
    cells: tuple[FigureCheck | None, ...]
    """One for each subject; None: it has no such check."""


def table_rows(columns: Sequence[Sequence[FigureCheck]]) -> list[Row]:
    """Every check that any subject has, in the order in which they come."""
    made = []
    for name in dict.fromkeys(check.name for checks in columns for check in checks):
        cells = tuple(next((check for check in checks if check.name == name), None) for checks in columns)
        made.append(Row(name, next(check.wanted for check in cells if check), cells))
    return made


def summarize_result(result: Result) -> tuple[bool | None, str]:
    """One line on a subject, and whether it is good news; None: nothing falls short, but not all was measured."""
    of = len(result.musts)
    short = sum(must.met is False for must in result.musts)
    unknown = sum(must.met is None for must in result.musts)
    if short:
        but = f"; {unknown} could not be measured whole" if unknown else ""
        return False, f"{result.subject} falls short of {short} of {of} must-haves{but}."
    if unknown:
        return None, f"{result.subject} falls short of nothing, but {unknown} of {of} could not be measured whole."
    return True, f"{result.subject} meets all {of} must-haves."


TEMPLATES = Path(__file__).with_name("templates")
TITLE = "Is the lead the character?"
MOST = 8
"""Failures of one must-have of one subject that are shown; the JSON has all."""
BEFORE = 4
"""Lines before the lead's own that are shown with it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A line of the lead's and what speaks against it."""

    line: LabelledLine
    before: tuple[str, ...]
    pieces: tuple[tuple[str, bool], ...]
    """The lead's words in order, and whether a stretch of them is what was found."""
    faults: tuple[tuple[str, str], ...]
    """Name of each fault, and its evidence; empty: what is missing has none."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Of one must-have, of one subject."""

    subject: str
    shown: tuple[Failure, ...]
    of: int
    """So many there are."""


def write_page(path: Path, card: Scorecard) -> int:
    """Writes the page and returns its bytes. Raises StorageError."""
    return offline.put(path, render_page(card), "--page")


def render_page(card: Scorecard) -> str:
    """The page as text. The same scorecard gives the same page."""
    context = _context(card) | {"whole": True, "heading": "h2"}
    return offline.template("evaluation.html.j2", TEMPLATES).render(
        **context, **offline.sealed(offline.style() + _style())
    )


def section(card: Scorecard) -> offline.Section:
    """The same as a part of another page. The ids in it are those of the must-haves, `headers` and `nice`."""
    context = _context(card) | {"whole": False, "heading": "h3"}
    body = offline.template("part.html.j2", TEMPLATES).render(context)
    return offline.Section("character", TITLE, Markup(body), _style())


def _style() -> str:
    return (TEMPLATES / "evaluation.css").read_text()


def _context(card: Scorecard) -> dict[str, Any]:
    results = card.results
    musts = [
        {
            "id": measure,
            "title": TITLES[measure],
            "states": [result.musts[number].met for result in results],
            "rows": _drawn(table_rows([result.musts[number].checks for result in results])),
            "failures": [_failures(result, measure) for result in results],
        }
        for number, measure in enumerate(MEASURES)
    ]
    return {
        "card": card,
        "results": results,
        "decides": [result.digest for result in card.decides()],
        "verdicts": [summarize_result(result) for result in results],
        "musts": musts,
        "nice": _drawn(table_rows([result.nice for result in results])),
        "headers": _drawn(_headers(card)),
        "width": WIDTH,
    }


def _drawn(table: Sequence[Row]) -> list[tuple[Row, list[IntervalPlot | None]]]:
    return [(row, draw_intervals(row)) for row in table]


def _headers(card: Scorecard) -> list[Row]:
    """P(the lead speaks next) under each header, over the texts that every header was put before."""
    found = [mean_by_header([row for row in result.expected if row.source != "feedback"]) for result in card.results]
    made = []
    levels = dict.fromkeys(row.engagement for result in card.results for row in result.expected)
    for level in levels:
        figures = [
            intervals.mean([text[level] for text in texts], card.seed, "header", level) if texts else None
            for texts in found
        ]
        made.append(Row(level, "", tuple(reported(level, figure) for figure in figures)))
    return made


def _failures(result: Result, measure: str) -> Failures:
    """Those of a must-have; what the lead does in sessions of its own belongs to the first."""
    lines = [line for line in result.examples if (line.measure or MEASURES[0]) == measure and line.faults]
    # Every kind of fault in turn, so that a common one does not hide a rare one.
    kinds: dict[tuple[str, ...], list[LabelledLine]] = {}
    for line in lines:
        kinds.setdefault(line.faults, []).append(line)
    turns = [line for row in zip_longest(*kinds.values()) for line in row if line is not None]
    return Failures(result.subject, tuple(map(_failure, turns[:MOST])), len(lines))


def _failure(line: LabelledLine) -> Failure:
    faults = tuple((name, visible(line.shown.get(name, ""))) for name in line.faults)
    before = [f"<{said.nick}> {said.text}" for said in messages_of(line.context)[-BEFORE:]]
    pieces = _pieces(visible(line.text), [evidence for _, evidence in faults])
    return Failure(line, tuple(map(visible, before)), pieces, faults)


def _pieces(text: str, found: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """The text cut where something was found; what overlaps is marked once.

    >>> _pieces("oh sure, sure", ["sure", ""])
    (('oh ', False), ('sure', True), (', sure', False))
    """
    spots = sorted((text.index(words), -len(words)) for words in found if words and words in text)
    pieces, done = [], 0
    for begin, length in spots:
        if begin >= done:
            pieces += [(text[done:begin], False), (text[begin : begin - length], True)]
            done = begin - length
    return tuple((words, marked) for words, marked in [*pieces, (text[done:], False)] if words)
