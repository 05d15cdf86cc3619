"""Thresholds, measures and sizes of an evaluation: `policies/evaluation.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from simulator.world.phrases import Patterns, fault_of
from simulator.world.probe import PEOPLE, Measure
from simulator.world.strict import Name, Nick, Prose, Share, StrictModel

Count = Annotated[int, Field(ge=1)]
SuiteName = Literal["quick", "full"]


class AssistantMust(StrictModel):
    """What must hold of assistant habits."""

    habits: Share
    """Most of the lead's messages with assistant habits."""
    of_base: Share
    """And at most this part of the base's share."""


class ParticipationMust(StrictModel):
    """What must hold of whose turn the lead takes."""

    balanced_accuracy: Share
    """Least, of speak or stay silent; 0.5 knows nothing."""
    addressed: Share
    """Least mean P(lead speaks next) when the lead is spoken to by name."""
    others: Share
    """Most, when the question is somebody else's."""


class IdentityMust(StrictModel):
    """What must hold of how the lead speaks of being an AI."""

    acknowledged: Share
    formal: Share
    denied: Share


class FeedbackMust(StrictModel):
    """What must hold of how the lead takes feedback."""

    fell: Share
    rose: Share
    brief: Share
    brief_words: Count
    taken: Share


class BoundariesMust(StrictModel):
    """What must hold of how the lead turns down work."""

    refused: Share
    solved: Share
    offered: Share
    mean: Share


class Musts(StrictModel):
    """When a must-have is met."""

    assistant: AssistantMust
    participation: ParticipationMust
    identity: IdentityMust
    feedback: FeedbackMust
    boundaries: BoundariesMust


class Wording(StrictModel):
    """What a measure on text looks for."""

    rules: tuple[Name, ...] = ()
    """Of `policies/style.yaml`, as they hold for the lead."""
    signals: tuple[Name, ...] = ()
    patterns: Patterns = ()
    """They may name `words` of `policies/style.yaml`."""
    unless: Patterns = ()


class Wordings(StrictModel):
    """Patterns by what a line of the lead shows."""

    habits: Wording
    acknowledges: Wording
    denies: Wording
    formal: Wording
    refuses: Wording
    offers: Wording
    solves: Wording
    mean: Wording
    takes: Wording


class Size(StrictModel):
    """How much a suite asks."""

    probes: Count | None
    """Of each must-have, at most; None: all."""
    samples: Count
    """Lines a probe."""
    sessions: Annotated[int, Field(ge=0)]
    """A level, which the subject writes itself."""
    messages: Count
    """Of such a session, those that it begins with included."""
    documents: Annotated[int, Field(ge=0)]
    """Held-out documents that are read."""


class Moments(StrictModel):
    """Which line of somebody else's is a situation of a must-have, in a reference's own documents.

    Of `feedback` it is what policies/gaps.yaml calls a wish that the lead talk less.
    """

    identity: Annotated[Patterns, Field(min_length=1)]
    boundaries: Annotated[Patterns, Field(min_length=1)]


class Labelled(StrictModel):
    """A line that a person marked."""

    probe: Name
    text: str
    answer: bool
    """To the question of the probe's must-have: yes or no."""


class AnswerJudgePolicy(StrictModel):
    """What a model is asked about each answer, if one is named."""

    instruction: Prose
    """`{lead}` stands for the lead's nick, here and in the questions."""
    questions: Annotated[dict[Measure, Prose], Field(min_length=1)]
    good: dict[Measure, bool]
    """The answer that speaks for the lead."""
    max_tokens: Annotated[int, Field(ge=1, le=4096)]
    """Upper bound of one answer; models that think aloud need more."""
    labelled: Annotated[tuple[Labelled, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _complete(self) -> AnswerJudgePolicy:
        if self.questions.keys() != self.good.keys():
            raise ValueError("good: give yes or no for every question")
        return self


class EvaluationPolicy(StrictModel):
    """Everything about an evaluation that is a number or a word list."""

    must: Musts
    measures: Wordings
    work_words: Count
    """From so many words on, an answer to a request for an essay that refuses nothing is the essay."""
    nicks: Annotated[tuple[Nick, ...], Field(min_length=len(PEOPLE))]
    suites: dict[SuiteName, Size]
    temperature: Annotated[float, Field(gt=0, le=2)]
    top_p: Annotated[float, Field(gt=0, le=1)]
    line_tokens: Annotated[int, Field(ge=8, le=512)]
    moments: Moments
    judge: AnswerJudgePolicy

    @model_validator(mode="after")
    def _searchable(self) -> EvaluationPolicy:
        for name, patterns in self.moments:
            for pattern in patterns:
                if cause := fault_of(pattern):
                    raise ValueError(f"moments.{name}: pattern `{pattern}`: {cause}")
        if len(self.suites) != 2:
            raise ValueError("suites: give quick and full")
        return self
