"""Facts about a run or a corpus: frozen values, and their shape in JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from simulator.journal.model_choice import HAND
from simulator.journal.records import Goal
from simulator.plan.quota import Standing

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

OMITTED: Mapping[str, bool] = {"omitted_if_none": True}
"""Metadata of a dataclass field that JSON leaves out while it is None."""
INLINED: Mapping[str, bool] = {"inlined": True}
"""Metadata of a dataclass field that is a mapping, whose entries lie beside the other fields in JSON."""


def to_json(value: object) -> Any:
    """The value with every dataclass in it as an object with its fields, mappings with keys of text, tuples as arrays.

    Pydantic values are dumped without what is None; everything that JSON knows is returned as it is.
    """
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dict(_entries(value))
    if isinstance(value, Mapping):
        return {str(key): to_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(entry) for entry in value]
    return value


def _entries(value: DataclassInstance) -> Iterator[tuple[str, Any]]:
    for each in dataclasses.fields(value):
        found = getattr(value, each.name)
        if each.metadata.get("inlined"):
            yield from to_json(found).items()
        elif found is not None or not each.metadata.get("omitted_if_none"):
            yield each.name, to_json(found)


@dataclass(frozen=True, slots=True)
class QuotaShare:
    """A count of sessions against the share that it should have."""

    count: int
    share: float
    """Of the sessions, in [0, 1]."""
    target: float
    """The share that the quota asks for, in [0, 1]."""
    standing: Standing


Marginal = dict[str, dict[str, QuotaShare]]
"""Axis to value to its share."""


@dataclass(frozen=True, slots=True)
class LeadShare:
    """The lead's share of the messages in the sessions of one level; None where there is no session."""

    band: tuple[float, float]
    """Least and most share that the level allows."""
    sessions: int
    in_band: int
    """Sessions with a whole number of messages in the band."""
    standing: Standing
    """Of the claim that sessions of the level are in band."""
    messages: int
    lead_messages: int
    mean: float | None
    least: float | None
    most: float | None


@dataclass(frozen=True, slots=True)
class LengthSpread:
    """How long messages are in one unit; every field is None, and JSON empty, where there was no message."""

    mean: float | None = field(default=None, metadata=OMITTED)
    p5: int | None = field(default=None, metadata=OMITTED)
    """The least value that 5 % of the messages reach at most; and so on."""
    p25: int | None = field(default=None, metadata=OMITTED)
    p50: int | None = field(default=None, metadata=OMITTED)
    p75: int | None = field(default=None, metadata=OMITTED)
    p95: int | None = field(default=None, metadata=OMITTED)
    most: int | None = field(default=None, metadata=OMITTED)


@dataclass(frozen=True, slots=True)
class CostRow:
    """What the calls of one purpose took."""

    calls: int
    failed_attempts: int
    prompt_tokens: int
    cached_tokens: int
    """Of the prompt tokens."""
    cached_share: float
    completion_tokens: int
    dollars: float | str | None
    """A sum, or the word that says why there is none; None: no calls."""
    dollars_at_least: float | None = field(default=None, metadata=OMITTED)
    """The sum of the known prices, where others are unknown."""


@dataclass(frozen=True, slots=True)
class ModelNames:
    """Who wrote the lines of a run, without folders and addresses."""

    people: str
    lead: str
    guard: str | None
    judge: str | None
    dialect: str | None


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What may be told of a run: no folders, no addresses, no wall time."""

    name: str
    seed: int
    goal: Goal
    models: ModelNames
    world: str
    """Digest of the content that it was made from."""
    version: str
    """Of the program."""

    @property
    def by_hand(self) -> bool:
        """True if a person wrote the lines, on sheets."""
        return self.models.people == HAND


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, and what to type next."""

    goal: Goal
    kept: int
    rejected: int
    rejections: dict[str, int]
    """Rule to sessions."""
    open: int
    bytes: int
    """Of text in the kept sessions."""
    done: float
    """Share of the goal, in [0, 1]."""
    percent: float
    next: str
    begun: str
    """Wall time, ISO 8601."""
    time: str
    """Wall time of this, ISO 8601."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What was refused, and what it all cost."""

    rejections: dict[str, int]
    """Rule to sessions."""
    retries: dict[str, int]
    """Rule to lines that were refused."""
    failures: dict[str, int]
    """Kind to requests that failed."""
    cost: dict[str, CostRow]


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that is known about a run, finished or in progress; marginals are those of the kept sessions."""

    run: RunFacts
    scripted: bool
    progress: Progress
    marginals: Marginal
    outcomes: Outcomes

    def to_json(self) -> dict[str, Any]:
        """What `em status --json` prints: one object without parts."""
        return {
            "run": to_json(self.run),
            "scripted": self.scripted,
            **to_json(self.progress),
            "marginals": to_json(self.marginals),
            **to_json(self.outcomes),
        }


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a copy of a file can be checked against."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """Documents of an export."""

    training: int
    validation: int

    @property
    def total(self) -> int:
        """Documents in all."""
        return self.training + self.validation


@dataclass(frozen=True, slots=True)
class PreferenceFacts:
    """What preference data was made of a run, and what was left out."""

    pairs: int
    """Rows for DPO."""
    by_rule: dict[str, int]
    """Pairs by the rule that refused a line, `marked` or `loser`."""
    alike: int
    """Pairs that were left out since their lines are too alike."""
    unbalanced: int
    """Pairs that were left out to balance lengths."""
    chosen_words: float
    """Mean; 0 without pairs."""
    rejected_words: float
    """Mean; 0 without pairs."""
    chosen_longer: float
    """Share of the pairs in which the chosen line has more words, ties counted half."""
    good: int
    """Rows for KTO that are wanted."""
    bad: int
    """Rows for KTO that are not."""


@dataclass(frozen=True, slots=True)
class ExportFacts:
    """What an export knows about itself."""

    run: RunFacts
    scripted: bool
    imported: bool
    actions: bool
    """Whether /me lines are part of the documents."""
    very_small_model: int
    """Documents that read as if a very small model had written them."""
    marked_bad: int
    """Sessions that a person left out."""
    documents: DocumentCounts
    bytes: int
    """Of text in all documents."""
    marginals: Marginal
    lead_share: dict[str, LeadShare]
    message_lengths: dict[str, dict[str, LengthSpread]]
    outcomes: Outcomes
    files: dict[str, FileFacts]
    """By name; conversations left out."""
    preferences: PreferenceFacts | None = None
    """None: none were asked for."""

    def to_json(self, **more: Any) -> dict[str, Any]:
        """The content of the statistics file; `complete`, at its end, says that it was written whole.

        `more`: what else it holds, as JSON.
        """
        parts = to_json(self)
        return {
            **{key: parts[key] for key in parts if key not in ("outcomes", "files")},
            **parts["outcomes"],
            "files": parts["files"],
            **more,
            "complete": True,
        }
