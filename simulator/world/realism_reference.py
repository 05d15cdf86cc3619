"""What real channels look like, as figures: `policies/realism.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from simulator.world.strict import Share, StrictModel

Window = Literal[
    "speakers",
    "gini",
    "entropy",
    "entropy_norm",
    "top_share",
    "aba",
    "new",
    "rank3",
    "direct",
    "mention",
    "sd_speakers",
    "sd_top_share",
]
"""Turn-taking of so many turns in a row; `corpus/realism.py` says what each is."""

Form = Literal[
    "words_mean",
    "words_median",
    "words_sd",
    "chars_median",
    "short",
    "multi_sentence",
    "question",
    "url",
    "action",
    "lower_start",
    "end_punct",
]
"""What the messages themselves look like, in 15 in a row."""

Answer = Literal[
    "answer_next_direct",
    "answer_next_other_direct",
    "answer_in3_direct",
    "answer_in5_direct",
    "answer_next_mention",
    "answer_next_other_mention",
    "answer_in3_mention",
    "answer_in5_mention",
]
"""Who speaks after a message that addresses or mentions somebody."""


def _rising(values: tuple[float, ...]) -> tuple[float, ...]:
    if list(values) != sorted(values):
        raise ValueError(f"must rise, and {list(values)} does not")
    return values


Figure = Annotated[tuple[float, float, float], AfterValidator(_rising)]
"""Percentiles 5, 50 and 95 over stretches of real logs."""

Quarters = Annotated[tuple[float, float, float, float], AfterValidator(_rising)]
"""Percentiles 25, 50, 75 and 95 over messages."""


class TurnTaking(StrictModel):
    """Who speaks when, in real channels."""

    w15: dict[Window, Figure]
    """Mean over windows of 15 messages in a row."""
    w100: dict[Window, Figure]
    """Mean over windows of 100."""
    all: dict[Answer, Figure]
    """Over all messages."""


class ReplyDistance(StrictModel):
    """In messages; 1 is the one right before or right after."""

    back: Quarters
    """From a message that addresses somebody to the last one that they said before."""
    answer: Quarters
    """From it to the next one that they say."""


class Variety(StrictModel):
    """How varied real talk is; `corpus/diversity.py` measures the same of sessions."""

    distinct: dict[Literal[1, 2, 3], Share]
    """Different words, pairs and triples in all, in blocks of 10,000 words."""
    near_duplicate_messages: Share
    """Share of messages that nearly repeat another one."""
    self_similarity: Share
    """Of a session with its nearest neighbour."""


class SpeechHabits(StrictModel):
    """How much one person may repeat themselves over a whole set of sessions."""

    opening: dict[Literal[1, 2], Share]
    """Largest share of messages with the same first word, and with the same first two words."""
    phrase_per_1000: Annotated[float, Field(gt=0)]
    """Most messages in 1000 with the same three to five words in a row."""


class Reference(StrictModel):
    """Figures of real channels, with their sources in the file."""

    allow: Annotated[int, Field(ge=0)]
    """So many turn-taking statistics may lie outside their range."""
    turn_taking: TurnTaking
    """How turns change hands in real channels."""
    form: dict[Form, Figure]
    """For comparison only: the brief asks for longer messages than people type on IRC."""
    reply_distance: ReplyDistance
    """For comparison only."""
    variety: Variety
    """For comparison only."""
    habits: SpeechHabits
    """How real people write."""

    @model_validator(mode="after")
    def _whole(self) -> Reference:
        if len(self.variety.distinct) != 3:
            raise ValueError("variety.distinct: give a share for 1, 2 and 3")
        if len(self.habits.opening) != 2:
            raise ValueError("habits.opening: give a share for 1 and 2")
        return self
