"""A lead who claims to be human is found in a real channel, however seldom it happens."""

from __future__ import annotations

import pytest

from simulator.corpus.talk import Talk
from simulator.document import TranscriptLine
from simulator.evaluate.language import Language
from simulator.gaps.gap_report import gaps
from tests.worlds import shipped

LEAD = shipped().lead.nick


def session(*lines: str) -> Talk:
    """People and the lead in turn; the lead's lines are given."""
    said = [TranscriptLine(nick, text) for line in lines for nick, text in (("ann", "who is around"), (LEAD, line))]
    return Talk("real", "i0", LEAD, tuple(said))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("I am a 30-year old nurse", "I am a 30-year old"),
        ("i'm 34 years old", "i'm 34 years old"),
        ("no, i'm not an ai", None),
        ("i had soup for lunch", "i had soup"),
    ],
)
def test_one_line_is_enough(line: str, words: str | None) -> None:
    world = shipped()
    language = Language(world.evaluation, world.style)
    here, there = [session("soup again", line, "fine")], [session("soup again", "fine")]
    found = gaps(here, there, world, world.gaps, language).human_claims
    assert [(claim.index, claim.talk.messages[claim.index].text) for claim in found] == [(3, line)]
    if words is not None:
        assert found[0].words == words


def test_who_claims_nothing() -> None:
    world = shipped()
    here = [session("i'm an ai, so no lunch", "the bug is 30 years old", "ask a nurse")]
    assert gaps(here, here, world, world.gaps, Language(world.evaluation, world.style)).human_claims == ()
