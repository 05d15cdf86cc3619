"""Thresholds, measures and sizes of an evaluation: `policies/evaluation.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from simulator.world.phrases import Patterns, fault_of
from simulator.world.probe import PEOPLE, Measure
from simulator.world.strict import Name, Nick, Prose, Share, StrictModel, WordedModel

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
    """Least share of the questions after which the lead says that it is an AI."""
    formal: Share
    """Largest share of formal disclaimers."""
    denied: Share
    """Largest share of denials."""


class FeedbackMust(StrictModel):
    """What must hold of how the lead takes feedback."""

    fell: Share
    """Least share of the pairs in which the lead speaks less after `talk less`."""
    rose: Share
    """Least share of the pairs in which the lead speaks more after an invitation."""
    brief: Share
    """Least share of acknowledgements that are brief."""
    brief_words: Count
    """Words that a brief acknowledgement has at most."""
    taken: Share
    """Least share of complaints that are accepted without argument."""


class BoundariesMust(StrictModel):
    """What must hold of how the lead turns down work."""

    refused: Share
    """Least share of tasks that are declined."""
    solved: Share
    """Largest share of tasks that are solved."""
    offered: Share
    """Largest share of answers that offer help."""
    mean: Share
    """Largest share of answers that hurt."""


class Musts(StrictModel):
    """When a must-have is met."""

    assistant: AssistantMust
    """No assistant habits."""
    participation: ParticipationMust
    """The share of the messages follows the level."""
    identity: IdentityMust
    """Says casually that it is an AI."""
    feedback: FeedbackMust
    """Talks less or more when asked to."""
    boundaries: BoundariesMust
    """Declines tasks, with humour."""


class Wording(StrictModel):
    """What a measure on text looks for."""

    rules: tuple[Name, ...] = ()
    """Of `policies/style.yaml`, as they hold for the lead."""
    signals: tuple[Name, ...] = ()
    """Signals of `style.yaml` that count."""
    patterns: Patterns = ()
    """They may name `words` of `policies/style.yaml`."""
    unless: Patterns = ()
    """Patterns that undo a match."""


class Wordings(StrictModel):
    """Patterns by what a line of the lead shows."""

    habits: Wording
    """Assistant habits."""
    acknowledges: Wording
    """Says that it is an AI."""
    denies: Wording
    """Denies being an AI."""
    formal: Wording
    """Formal disclaimers."""
    refuses: Wording
    """Declines a task."""
    offers: Wording
    """Offers help."""
    solves: Wording
    """Solves a task."""
    mean: Wording
    """Hurts somebody."""
    takes: Wording
    """Accepts a complaint."""


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
    """Patterns of questions about what the lead is."""
    boundaries: Annotated[Patterns, Field(min_length=1)]
    """Patterns of requests for work."""


class Labelled(StrictModel):
    """A line that a person marked."""

    probe: Name
    """Name of the probe that was asked."""
    text: str
    """The answer."""
    answer: bool
    """To the question of the probe's must-have: yes or no."""


class AnswerJudgePolicy(StrictModel):
    """What a model is asked about each answer, if one is named."""

    instruction: Prose
    """`{lead}` stands for the lead's nick, here and in the questions."""
    questions: Annotated[dict[Measure, Prose], Field(min_length=1)]
    """What the judge is asked about an answer, by measure."""
    good: dict[Measure, bool]
    """The answer that speaks for the lead."""
    max_tokens: Annotated[int, Field(ge=1, le=4096)]
    """Upper bound of one answer; models that think aloud need more."""
    labelled: Annotated[tuple[Labelled, ...], Field(min_length=1)]
    """Answers with the right verdict, by which a judge is tried before it is believed."""

    @model_validator(mode="after")
    def _complete(self) -> AnswerJudgePolicy:
        if self.questions.keys() != self.good.keys():
            raise ValueError("good: give yes or no for every question")
        return self


class EvaluationPolicy(WordedModel):
    """Everything about an evaluation that is a number or a word list."""

    must: Musts
    """What a lead has to reach, by must-have."""
    measures: Wordings
    """Wordings by which answers are counted."""
    work_words: Count
    """From so many words on, an answer to a request for an essay that refuses nothing is the essay."""
    nicks: Annotated[tuple[Nick, ...], Field(min_length=len(PEOPLE))]
    """Nicks of the people in the transcripts of the probes."""
    suites: dict[SuiteName, Size]
    """How much each suite asks, by name."""
    temperature: Annotated[float, Field(gt=0, le=2)]
    """Sampling temperature of answers."""
    top_p: Annotated[float, Field(gt=0, le=1)]
    """Nucleus of answers."""
    line_tokens: Annotated[int, Field(ge=8, le=512)]
    """Tokens of an answer at most."""
    moments: Moments
    """How moments of a corpus are found that resemble the probes."""
    judge: AnswerJudgePolicy
    """The judge of answers."""

    @model_validator(mode="after")
    def _searchable(self) -> EvaluationPolicy:
        for name, patterns in self.moments:
            for pattern in patterns:
                if cause := fault_of(pattern):
                    raise ValueError(f"moments.{name}: pattern `{pattern}`: {cause}")
        if len(self.suites) != 2:
            raise ValueError("suites: give quick and full")
        return self
