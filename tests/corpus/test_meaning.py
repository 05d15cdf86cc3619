"""What the rules say about the labelled lines: how many wrong ones they find, how many good ones they flag."""

from __future__ import annotations

import pytest

from simulator.line_checks import LineChecker
from tests.corpus.meaning import LEAD, Row, fresh, rows
from tests.worlds import shipped

CAUGHT, FLAGGED = 0.85, 0.01
"""Least share of the wrong lines of either half that is found, and most of the good ones."""
FRESH = 0.3
"""Least share of the wrong lines that were written after the rules; 10 of 30 were found."""


def flagged(row: Row) -> bool:
    """Whether the line would be refused."""
    asked = {line.text.partition(":")[0] for line in row.before if ": " in line.text}
    cast = {line.nick for line in row.before} | {row.line.nick, LEAD} | asked
    checker = LineChecker(shipped().style, LEAD)
    return bool(checker.faults(row.line, cast=cast, earlier=row.before))


def test_the_set_is_large_and_half_of_it_is_good() -> None:
    every = rows()
    good = sum(not row.wrong for row in every)
    assert len(every) >= 400 and len({row.line.text for row in every}) >= 0.98 * len(every)
    assert 0.45 <= good / len(every) <= 0.55
    assert 0.4 <= sum(row.unseen for row in every) / len(every) <= 0.6


@pytest.mark.parametrize("unseen", [False, True])
def test_wrong_lines_are_found_and_good_ones_left_alone(unseen: bool) -> None:
    half = [row for row in rows() if row.unseen is unseen]
    missed = [row.line.text for row in half if row.wrong and not flagged(row)]
    false = [row.line.text for row in half if not row.wrong and flagged(row)]
    wrong = sum(row.wrong for row in half)
    print(f"{len(missed)} of {wrong} missed {missed}, {len(false)} false {false}")
    assert len(missed) <= (1 - CAUGHT) * wrong, missed
    assert len(false) <= FLAGGED * (len(half) - wrong), false


def test_lines_that_no_rule_was_written_for() -> None:
    """The honest figure: word lists find a third of what nobody thought of; the rest is the guard's and the judge's."""
    found = [row for row in fresh() if flagged(row)]
    assert not [row.line.text for row in found if not row.wrong]
    assert len(found) >= FRESH * sum(row.wrong for row in fresh())
