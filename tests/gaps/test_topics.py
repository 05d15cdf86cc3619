"""Words that the corpus lacks."""

from __future__ import annotations

import pytest

from simulator.document import TranscriptLine
from simulator.gaps.topics import Missing, missing
from simulator.world.policies.gaps import TopicRules
from simulator.world.scenario import Topic
from tests.gaps.channels import LEAD, channel, rules

GROUPS = {
    "boats": (Topic(subject="sailing a wooden dinghy", angles=("the mast", "the harbour wall")),),
    "ovens": (Topic(subject="burning a loaf", angles=("the sourdough starter", "the harbour bakery")),),
}


def topics(text: str, *, every: int = 9, nicks: frozenset[str] = frozenset(), **people: str) -> list[Missing]:
    def change(place: int, line: TranscriptLine) -> TranscriptLine:
        return TranscriptLine(people.get("nick", line.nick), text) if place % every == 0 and line.nick != LEAD else line

    given: TopicRules = rules().topics
    return missing(channel(5, change=change), channel(5, seed=2), given, nicks, GROUPS, 3)


def test_a_topic_that_the_corpus_lacks_is_found() -> None:
    (found,) = topics("my dinghy has a sourdough mast")
    assert {term.text for term in found.terms} >= {"sourdough mast"}
    assert found.here.low <= 11 / 96 * 96 / 88 <= 0.2 and found.there.value == 0
    assert found.sessions == 5 and len(found.lines) == 3 and found.group == "boats"
    assert all(talk.messages[place].text == "my dinghy has a sourdough mast" for talk, place in found.lines)


NOTHING = {
    "a stop word": {"text": "honestly whatever anyway yesterday"},
    "one person only": {"text": "my dinghy sank", "nick": "rolf"},
    "somebody's name": {"text": "ask petronella", "nicks": frozenset({"petronella", "ask"})},
    "a link": {"text": "see https://example.org/dinghy/mast.html"},
    "what the corpus has": {"text": "so the soup was next to the rain"},
    "numbers": {"text": "1234 5678 99"},
    "hardly ever": {"text": "my dinghy sank", "every": 90},
    "the lead's own": {"text": "my dinghy sank", "nick": LEAD},
}


@pytest.mark.parametrize("case", NOTHING)
def test_what_is_no_missing_topic(case: str) -> None:
    shown = [found.title for found in topics(**{"every": 9, **NOTHING[case]}) if "soup" not in found.title]
    assert shown == []


def test_a_group_is_named_only_where_one_fits_best() -> None:
    assert [found.group for found in topics("the parliament votes")] == [None]
    assert [found.group for found in topics("the harbour shines")] == [None], "both groups know a harbour"


def test_two_topics_of_different_sessions_stay_apart() -> None:
    def change(place: int, line: TranscriptLine) -> TranscriptLine:
        text = "that dinghy mast broke" if place < 40 else "this loaf burnt black"
        return TranscriptLine(line.nick, text) if place % 5 == 0 and line.nick != LEAD else line

    found = missing(channel(5, change=change), channel(5, seed=2), rules().topics, frozenset(), GROUPS, 3)
    assert sorted(one.group for one in found) == ["boats", "ovens"]


def test_unknown_scripts_are_words_too() -> None:
    (found,) = topics("сегодня борщ удался")
    assert "борщ" in found.title
