"""What counts as a gap: `policies/gaps.yaml`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from simulator.world.phrases import Phrases, RemarkKind, remark_phrases
from simulator.world.scenario import Scenario
from simulator.world.strict import Name, Share, StrictModel, WordedModel

TOPIC = "topic"
"""The stub for what people bring and the corpus lacks."""

Count = Annotated[int, Field(ge=1)]
Words = Annotated[
    frozenset[str],
    BeforeValidator(lambda v: v.split() if isinstance(v, str) else v, json_schema_input_type=str | tuple[str, ...]),
]
Step = Annotated[float, Field(ge=0.001, le=0.2)]


class TopicRules(StrictModel):
    """When a word counts as something that the corpus lacks."""

    fewest: Count
    """Messages that hold it."""
    people: Count
    """Different people who used it."""
    sessions: Count
    """Sessions in which it came up: what a single talk is about is no wish of a channel."""
    z: Annotated[float, Field(gt=0)]
    """Standard deviations of its log-odds."""
    times: Annotated[float, Field(ge=1)]
    """How many times as frequent as in the corpus."""
    prior: Annotated[float, Field(gt=0, le=1)]
    """Weight of the prior, as a share of the words of both sides: in a large corpus a fixed one would count for
    nothing, and a word that it lacks altogether would have no certain weight."""
    terms: Count
    """Most terms of one topic."""
    most: Count
    """Most topics."""
    stop: Words
    """Words that are no topic."""


class UnnamedScript(Scenario):
    """A script that has no name yet."""

    name: Name = "stub"
    """Of the gap or remark that it answers, once it has one."""

    @property
    def written(self) -> dict[str, Any]:
        """As a file of `scenarios/` has it: what was written down, and nothing else."""
        return self.model_dump(mode="json", exclude_unset=True, exclude={"name"})


class GapPolicy(WordedModel):
    """What is looked for, and how far a patch may go."""

    fewest: Count
    """Observations below which nothing is said of a figure."""
    within: Count
    """Messages."""
    stretch: Count
    """Messages."""
    bearable: Share
    """Share of the lead's messages that may draw complaints of one kind."""
    pairs: Count
    """Wishes that the lead talk less, below which nothing is said of what follows them."""
    cluster: Count
    """Complaints of one kind that make a stub."""
    step: Step
    """Most that a weight moves."""
    least: Step
    """No weight falls below this."""
    evidence: Count
    """Lines quoted for each stub."""
    topics: TopicRules
    """How talk is assigned to topics."""
    remarks: dict[Name, RemarkKind]
    """The first kind that a line shows counts."""
    stubs: dict[Name, UnnamedScript]
    """Scripts without a name, by gap or kind of remark."""

    @model_validator(mode="after")
    def _answers_topics(self) -> GapPolicy:
        if TOPIC not in self.stubs:
            raise ValueError(f"stubs: needs `{TOPIC}`")
        return self

    def phrases(self, nicks: tuple[str, ...]) -> Phrases:
        """A group for each kind of remark, in order. `nicks`: all of the lead's."""
        return remark_phrases(self.remarks.values(), nicks)

    def answer(self, kind: str) -> str | None:
        """The pattern of the stub that answers a gap or remark of this kind; None: there is no stub."""
        stub = self.stubs.get(kind)
        return stub.pattern if stub else None

    def scripts(self, kind: str, pattern: str | None) -> bool:
        """Whether a session's pattern is the one that answers this kind, so that such remarks are in its scripts."""
        return pattern is not None and pattern == self.answer(kind)
