"""The same lines through every entry: play, `em check`, a real channel, evaluation and gaps see one set of rules."""

from __future__ import annotations

import pytest

from simulator.corpus.filters import Filters
from simulator.document import Document
from simulator.evaluate.language import Language
from simulator.irc.message_filters import OutputFilter
from simulator.line_checks import LineChecker
from tests.corpus.meaning import LEAD, Row, rows
from tests.layout import LAYOUT
from tests.worlds import shipped

WORLD = shipped()
CHECKER = LineChecker(WORLD.style, LEAD)
SPOKEN = [row for row in rows("first") if row.line.nick == LEAD and row.kind != "answers-for-another"]
LINES = [*[row for row in SPOKEN if row.wrong][::6][:20], *[row for row in SPOKEN if not row.wrong][::8][:20]]
HUMAN = [row for row in rows("first") if row.kind in ("human-life", "denial")][:20]


def played(row: Row) -> bool:
    """What the session's player sends back."""
    return bool(CHECKER.faults(row.line, cast=(LEAD, *(line.nick for line in row.before)), earlier=row.before))


def checked(row: Row) -> bool:
    """What `em check`, staging and a run's filters find in that line of a document."""
    lines = (*row.before, row.line)
    document = Document(header=LAYOUT.header("MEDIUM", "#general"), lines=lines, malformed=())
    filters = Filters(WORLD.style, WORLD.engagement, WORLD.quota, LEAD, LAYOUT)
    return any(reason.message == len(lines) - 1 for reason in filters.judge(document).reasons)


def sent(row: Row) -> bool:
    """What does not leave for a real channel."""
    bot = OutputFilter(WORLD.bot, CHECKER, LEAD, politics_allowed=False)
    present = [line.nick for line in row.before]
    return bot.fault(row.line.text, to=present[-1], present=present, now=0.0, earlier=row.before) is not None


def test_there_are_forty_lines_and_half_of_them_are_wrong() -> None:
    assert len(LINES) == 40 and sum(row.wrong for row in LINES) == 20 and len(HUMAN) == 20
    assert 15 <= sum(map(played, LINES)) <= 25


@pytest.mark.parametrize("row", LINES, ids=lambda row: row.line.text[:30])
def test_every_entry_says_the_same(row: Row) -> None:
    assert played(row) == checked(row) == sent(row)


@pytest.mark.parametrize("row", HUMAN, ids=lambda row: row.line.text[:30])
def test_evaluation_and_gaps_find_what_a_line_alone_shows(row: Row) -> None:
    alone = {fault.rule for fault in CHECKER.wording(row.line.text, nick=LEAD)} & {"human-life", "denies-ai"}
    assert bool(alone) == (Language(WORLD.evaluation, WORLD.style).found("denies", row.line.text) is not None)
