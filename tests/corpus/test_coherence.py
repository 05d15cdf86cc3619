"""What hangs together ranks above what does not."""

from __future__ import annotations

from simulator.corpus.coherence import taken_up
from simulator.document import TranscriptLine
from tests.corpus.language import style

TALK = (
    "the lift stopped between two floors again",
    "which lift, the one with the mirror?",
    "the mirror one. it has stopped on a floor that does not exist",
    "no floor is safe from that lift",
    "I took the stairs and met the mirror man there",
)
FOREIGN = ("my sourdough never rises in winter", "does anybody still buy stamps", "goalkeepers are a strange breed")


def lines(*texts: str) -> list[TranscriptLine]:
    return [TranscriptLine("ana" if number % 2 else "bo", text) for number, text in enumerate(texts)]


def test_a_talk_is_above_its_copy_with_foreign_lines() -> None:
    whole = taken_up(lines(*TALK), style())
    for place in range(1, len(TALK)):
        copy = (*TALK[:place], FOREIGN[place % 3], *TALK[place + 1 :])
        assert taken_up(lines(*copy), style()) < whole


def test_it_is_a_share() -> None:
    assert taken_up([], style()) == taken_up(lines("no"), style()) == 0.0
    assert taken_up(lines("the old bridge", "the old bridge"), style()) == 1.0
