"""An evaluation drawn, as a page that opens offline or as a section of the report: verdicts, must-haves, failures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from markupsafe import Markup

from simulator import intervals
from simulator.document import parse_document
from simulator.evaluate.figure_checks import reported
from simulator.evaluate.interval_plot import WIDTH, IntervalPlot, strips
from simulator.evaluate.labels import LabelledLine
from simulator.evaluate.scorecard import TITLES, Result, Scorecard
from simulator.evaluate.table import Row, rows, verdict
from simulator.evaluate.turn_taking import LEVELS, swapped
from simulator.report import offline
from simulator.report.words import visible
from simulator.world.probe import MEASURES

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


def write(path: Path, card: Scorecard) -> int:
    """Writes the page and returns its bytes. Raises StorageError."""
    return offline.put(path, page(card), "--page")


def page(card: Scorecard) -> str:
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
            "rows": _drawn(rows([result.musts[number].checks for result in results])),
            "failures": [_failures(result, measure) for result in results],
        }
        for number, measure in enumerate(MEASURES)
    ]
    return {
        "card": card,
        "results": results,
        "decides": [result.digest for result in card.decides()],
        "verdicts": [verdict(result) for result in results],
        "musts": musts,
        "nice": _drawn(rows([result.nice for result in results])),
        "headers": _drawn(_headers(card)),
        "width": WIDTH,
    }


def _drawn(table: Sequence[Row]) -> list[tuple[Row, list[IntervalPlot | None]]]:
    return [(row, strips(row)) for row in table]


def _headers(card: Scorecard) -> list[Row]:
    """P(the lead speaks next) under each header, over the texts that every header was put before."""
    found = [swapped([row for row in result.expected if row.source != "feedback"]) for result in card.results]
    made = []
    for level in LEVELS:
        figures = [
            intervals.mean([text[level] for text in texts], card.seed, "header", level) if texts else None
            for texts in found
        ]
        made.append(Row(level.value, "", tuple(reported(level.value, figure) for figure in figures)))
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
    before = [f"<{said.nick}> {said.text}" for said in parse_document(line.context).messages[-BEFORE:]]
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
