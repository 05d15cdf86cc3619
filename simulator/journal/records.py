"""What a journal hands out and takes in besides plans, events and replies.

Sessions as a journal stores them: JSON in today's shape, or in that of versions up to 0.1, read as today's.

In that older shape one flat object held everything. A session that nobody planned had made-up values in place of a
script, and its scenario, pattern and topic group were all the word for where it came from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue, TypeAdapter, model_validator

from simulator.journal.model_choice import HAND, IMPORTED, ModelChoice
from simulator.llm.model import Billing, CallId, Reply
from simulator.plan.session_plan import AnySession, Origin, RecordedSession, SessionPlan
from simulator.world.policy import QuotaPolicy
from simulator.world.strict import Length, StrictModel


class Goal(StrictModel):
    """When a run is done: a number of accepted sessions, or a size of training text."""

    sessions: Annotated[int, Field(ge=1)] | None = None
    target_mb: Annotated[float, Field(gt=0)] | None = None
    """Megabytes (10^6 bytes) of accepted documents."""
    oversample: Annotated[float, Field(ge=1, le=10)] = 1.0
    """Sessions played for each place of which the best is kept, on average; above 1 it takes a judge."""
    length: Length | None = None
    """Only sessions of this class; None: both, as the quota says."""

    @model_validator(mode="after")
    def _one(self) -> Goal:
        if (self.sessions is None) == (self.target_mb is None):
            raise ValueError("a run has a number of sessions or a size in megabytes, one of them")
        return self

    @property
    def in_words(self) -> str:
        """In words: `6 short sessions`, `15 MB`."""
        kind = f"{self.length} " if self.length else ""
        if self.sessions:
            return f"{self.sessions:,} {kind}session{'' if self.sessions == 1 else 's'}"
        return f"{self.target_mb:g} MB" + (f" of {kind}sessions" if kind else "")

    def held_to(self, quota: QuotaPolicy) -> QuotaPolicy:
        """The quotas that a run with this goal is held to, made of the world's."""
        return quota.only(self.length)

    def done(self, tally: RunProgress) -> float:
        """Share of the goal that is reached, from 0 to 1 with four decimals; 1 only if all of it is."""
        reached = tally.kept / self.sessions if self.sessions else tally.bytes / ((self.target_mb or 0) * 1e6)
        return 1.0 if reached >= 1 else min(round(reached, 4), 0.9999)


class RunKind(StrEnum):
    """Where the lines of a run come from."""

    PLAYED = "played"
    """Models wrote them."""
    SCRIPTED = "scripted"
    """The scripted fake made them, in full or in part."""
    BY_HAND = "by hand"
    """A person wrote them, on sheets."""
    IMPORTED = "imported"
    """From logs of a real channel."""
    JOINED = "joined"
    """From a real channel that the lead took part in."""
    STAGED = "staged"
    """From a channel of our own, with simulated users and the lead."""


class RunCard(StrictModel):
    """What a run is: enough to go on with it, and to say later what it was made from."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
    seed: int
    goal: Goal
    models: ModelChoice
    world: str
    """Digest of the content."""
    version: str
    begun: str
    played: str = ""
    """Digest of what its sessions are played from; empty: not on record, as of versions that did not write it."""

    @property
    def scripted(self) -> bool:
        """True if lines come from the scripted fake, in full or in part."""
        return self.models.scripted

    @property
    def imported(self) -> bool:
        """True if the run was made from logs of a real channel."""
        return self.models.people == IMPORTED

    @property
    def kind(self) -> RunKind:
        """Where its lines come from."""
        if self.by_hand:
            return RunKind.BY_HAND
        if not self.imported:
            return RunKind.SCRIPTED if self.scripted else RunKind.PLAYED
        if self.models.people_played_by:
            return RunKind.STAGED
        return RunKind.JOINED if self.models.channel else RunKind.IMPORTED

    @property
    def by_hand(self) -> bool:
        """True if a person writes the lines, on sheets."""
        return self.models.people == HAND


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session of a run, and what became of it."""

    session: AnySession
    state: str
    """open; spare: fit to be kept, and waiting or not needed; kept; rejected."""
    bytes: int
    score: float | None = None
    """The judge's, in [0, 1]; None: no judge, or no readable answer."""

    @property
    def plan(self) -> SessionPlan:
        """Of a planned session. Raises ValueError if nobody planned it."""
        if not isinstance(self.session, SessionPlan):
            raise ValueError(f"{self.session.id}: nobody planned this session")
        return self.session

    @property
    def recorded(self) -> RecordedSession:
        """Of a session that nobody planned. Raises ValueError if it was planned."""
        if not isinstance(self.session, RecordedSession):
            raise ValueError(f"{self.session.id}: this session was planned")
        return self.session


@dataclass(frozen=True, slots=True)
class Call:
    """One answer of a model."""

    session: str
    call_id: CallId
    """Which message of the session, which try."""
    purpose: str
    """As in Cost."""
    speaker: str
    """Nick of whoever the line was for; empty: nobody's."""
    reply: Reply


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls summed over a purpose: `people`, `lead`, `judge`, or `retries` for second and later tries of any line."""

    purpose: str
    calls: int
    prompt: int
    cached: int
    completion: int
    usd: float | None
    """Dollars; None: no call has a known price (local, scripted or unknown models)."""
    billings: frozenset[Billing]
    failed_attempts: int
    """Requests that the provider failed and that were sent again."""


@dataclass(frozen=True, slots=True)
class RecordedActivity:
    """What a run that is being played was doing when it last said so."""

    line: str
    at: str
    """Wall time, ISO 8601."""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is."""

    kept: int
    rejected: int
    open: int
    bytes: int
    """Of the kept documents."""

    def __iter__(self) -> Iterator[int]:
        return iter((self.kept, self.rejected, self.open, self.bytes))


REVIEWER = "reviewer"
"""Who a mark is by where nobody is named."""


@dataclass(frozen=True, slots=True)
class PersonMark:
    """What a person thinks of a session, or of one message of it."""

    session: str
    line: int | None
    """Index among the messages, from 0; None: the session as a whole."""
    good: bool
    why: str = ""
    """In the person's words; may be empty."""
    person: str = REVIEWER
    number: int = field(default=0, compare=False)
    """Of the action, rising through the run; 0 before it is on record."""
    at: str = field(default="", compare=False)
    """Wall time, ISO 8601."""


@dataclass(frozen=True, slots=True)
class LineEdit:
    """The words that a person put in place of a message; the original stays in the events."""

    session: str
    line: int
    """Index among the messages, from 0."""
    text: str
    why: str = ""
    """In the person's words; may be empty."""
    person: str = REVIEWER
    number: int = field(default=0, compare=False)
    """Of the action, rising through the run; 0 before it is on record."""
    at: str = field(default="", compare=False)
    """Wall time, ISO 8601."""


@dataclass(frozen=True, slots=True)
class MachineCheck:
    """What a person thinks of a thing that the machine said."""

    session: str
    line: int | None
    """Index among the messages, from 0; of a refused try, of the message that it was to become; None: of the whole."""
    rule: str
    """As in a reason or a refusal."""
    right: bool
    person: str = REVIEWER


class ReviewKind(StrEnum):
    """What a person can do to a session or a message."""

    GOOD = "good"
    BAD = "bad"
    EDIT = "edit"
    """Other words for a message; empty text: the original again."""
    CLEAR = "clear"
    """The person's mark is taken back."""
    RIGHT = "right"
    """The machine was right about this place; `text` names its rule, such as `guard-offer` or `judge-flow`."""
    WRONG = "wrong"
    CHOOSE = "choose"
    """The session is kept for its slot, in place of the one that `text` names."""
    UNDO = "undo"
    """A step of the same person's is taken back."""


@dataclass(frozen=True, slots=True)
class ReviewAction:
    """One thing that a person did, as it stands in the journal for good."""

    session: str
    line: int | None
    kind: ReviewKind
    person: str = REVIEWER
    text: str = ""
    why: str = ""
    undone: int | None = None
    """Of an UNDO: the step that is taken back."""
    number: int = 0
    """Rises through the run, from 1; 0: not on record yet."""
    step: int = 0
    """Common to what was done at once, such as one fix to many lines: the number of the first."""
    at: str = ""
    """Wall time, ISO 8601."""


_SESSION: TypeAdapter[AnySession] = TypeAdapter(AnySession, config=ConfigDict(defer_build=True))
_SETTING = ("id", "channel", "engagement", "lead", "cast", "topic", "angle", "group", "begins")
_SCRIPT = {"slots": "parts", "comings": "presence"} | {
    name: name for name in ("seed", "premise", "fill", "mood", "avoid", "beats", "expect")
}
_SLOT = {"slot": "number", "n": "messages", "k": "lead_messages"} | {
    name: name for name in ("attempt", "scenario", "pattern", "length")
}
"""Name of a field in the older shape to its name today."""


def read_session(stored: str) -> AnySession:
    """The session of a row. Raises pydantic's ValidationError if the row is damaged."""
    return _SESSION.validate_json(todays_shape(stored))


def todays_shape(stored: str) -> str:
    """The JSON in today's shape; what is in it already comes back as it is."""
    if '"setting"' in stored[:12]:
        return stored
    old = json.loads(stored)
    if not isinstance(old, dict) or "setting" in old:
        return stored
    origin = old.get("scenario")
    if origin == old.get("pattern") == old.get("group") and origin in list(Origin):
        return json.dumps(_recorded(old), ensure_ascii=False)
    return json.dumps(
        {
            "setting": {name: old[name] for name in _SETTING if name in old},
            "script": _renamed(old, _SCRIPT),
            "slot": _renamed(old, _SLOT),
        },
        ensure_ascii=False,
    )


def _recorded(old: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """A session that nobody planned, without what was made up."""
    made_up = {"topic", "angle", "group"} if old["scenario"] == Origin.IMPORTED else {"angle", "group"}
    return {
        "setting": {name: old[name] for name in _SETTING if name in old and name not in made_up},
        "origin": old["scenario"],
        **{name: old[known] for known, name in (("slot", "number"), ("seed", "seed"), ("length", "length"))},
        "messages": old["n"],
        "lead_messages": old["k"],
    }


def _renamed(old: dict[str, JsonValue], names: dict[str, str]) -> dict[str, JsonValue]:
    return {today: old[name] for name, today in names.items() if name in old}
