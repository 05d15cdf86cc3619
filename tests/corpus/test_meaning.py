"""What the rules say about the labelled lines: how many wrong ones they find, how many good ones they flag."""

from __future__ import annotations

import re

import pytest

from simulator.line_checks import LineChecker
from tests.corpus.meaning import LEAD, SETS, Row, rows
from tests.worlds import shipped

CAUGHT, FLAGGED = 0.8, 0.01
"""Least share of the wrong lines that is found in the sets that the rules were tuned on, and most of the good ones."""


ASKED = re.compile(r"(\S+)[:,] ")
"""Whom a line speaks to. Somebody who is asked is there, also if the row has no line of theirs."""


def flagged(row: Row) -> bool:
    """Whether the line would be refused."""
    asked = {found[1] for line in row.before if (found := ASKED.match(line.text))}
    cast = {line.nick for line in row.before} | {row.line.nick, LEAD} | asked
    checker = LineChecker(shipped().style, LEAD)
    return bool(checker.faults(row.line, cast=cast, earlier=row.before))


def test_the_sets_are_large_and_half_of_them_is_good() -> None:
    every = [row for part in SETS for row in rows(part)]
    good = sum(not row.wrong for row in every)
    assert len(every) >= 900 and len({row.line.text for row in every}) >= 0.98 * len(every)
    assert 0.45 <= good / len(every) <= 0.55
    assert 0.4 <= sum(row.unseen for row in every) / len(every) <= 0.6


@pytest.mark.parametrize("unseen", [False, True])
@pytest.mark.parametrize("part", [name for name, set_ in SETS.items() if not set_.unseen])
def test_wrong_lines_are_found_and_good_ones_left_alone(part: str, unseen: bool) -> None:
    half = [row for row in rows(part) if row.unseen is unseen]
    missed = [row.line.text for row in half if row.wrong and not flagged(row)]
    wrong = sum(row.wrong for row in half)
    assert len(missed) <= (1 - CAUGHT) * wrong, missed


def test_good_lines_of_the_tuned_sets_are_left_alone() -> None:
    good = [row for name, set_ in SETS.items() if not set_.unseen for row in rows(name) if not row.wrong]
    false = [row.line.text for row in good if flagged(row)]
    assert len(false) <= FLAGGED * len(good), false


@pytest.mark.parametrize("part", [name for name, set_ in SETS.items() if set_.unseen])
def test_lines_that_no_rule_was_written_for(part: str) -> None:
    """The honest figures: what nobody thought of is found less often; the rest is the guard's and the judge's."""
    every = rows(part)
    found = [row for row in every if flagged(row)]
    wrong, good = sum(row.wrong for row in every), sum(not row.wrong for row in every)
    assert sum(row.wrong for row in found) >= SETS[part].caught * wrong
    assert sum(not row.wrong for row in found) <= SETS[part].flagged * good, [r.line.text for r in found if not r.wrong]
