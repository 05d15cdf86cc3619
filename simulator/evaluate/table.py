"""The scorecard as a table: checks in rows, subjects in columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.evaluate.figure_checks import FigureCheck
from simulator.evaluate.scorecard import Result


@dataclass(frozen=True, slots=True)
class Row:
    """One check, with what each subject has of it."""

    name: str
    wanted: str
    """In words; empty: only reported."""
    cells: tuple[FigureCheck | None, ...]
    """One for each subject; None: it has no such check."""


def rows(columns: Sequence[Sequence[FigureCheck]]) -> list[Row]:
    """Every check that any subject has, in the order in which they come."""
    made = []
    for name in dict.fromkeys(check.name for checks in columns for check in checks):
        cells = tuple(next((check for check in checks if check.name == name), None) for checks in columns)
        made.append(Row(name, next(check.wanted for check in cells if check), cells))
    return made


def verdict(result: Result) -> tuple[bool | None, str]:
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
