"""What reads as a very small model writes, and what does not."""

from __future__ import annotations

import pytest

from simulator.corpus.small_model import emptiness, written_by_small_model
from simulator.document import TranscriptLine
from tests.worlds import shipped

EMPTY = [
    "i'm not sure if you are going to be able to do it with me or not but it is what it is",
    "you have to be there for them when they are with you and you will be there for me",
    "i am here to be with you and that is what i have been doing for all of us in here",
    "she was with him when he was with her and they are not with us because of that",
]
PEOPLE = [
    "the tram smelled of wet dogs and oranges again",
    "kettle broke, so coffee came out of a saucepan this morning",
    "whoever invented stairs never carried a wardrobe",
    "rust on the gate hinges, moss on everything else",
    "zofia's mannequin rode the lift to the fourth floor alone",
    "two pints of paint left and one wall, wish me luck",
]


def talk(texts: list[str], count: int) -> list[TranscriptLine]:
    return [
        TranscriptLine(f"p{n % 4}", f"{texts[n % len(texts)]} {'abcdefghijklmnopqrstuv'[n % 20]}") for n in range(count)
    ]


def test_function_words_alone_show_it() -> None:
    found = written_by_small_model([TranscriptLine("bo", text) for text in EMPTY * 3], shipped().style)
    assert found is not None and "function words" in found


def test_the_same_four_words_again_and_again_show_it() -> None:
    found = written_by_small_model(talk(PEOPLE, 15), shipped().style)
    assert found is not None and "four words" in found


@pytest.mark.parametrize("count", [1, 6, 11])
def test_a_short_talk_shows_nothing(count: int) -> None:
    assert written_by_small_model(talk(EMPTY, count), shipped().style) is None


def test_the_nick_that_a_line_is_addressed_to_does_not_count() -> None:
    plain, style = [TranscriptLine("bo", text) for text in PEOPLE], shipped().style
    assert emptiness([TranscriptLine("bo", f"the_you: {line.text}") for line in plain], style) == emptiness(
        plain, style
    )


def test_nothing_said_has_no_share() -> None:
    assert emptiness([], shipped().style).closed_class == 0
