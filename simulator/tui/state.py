"""State of the live view at a moment, and the notes that it follows from; made by `fold`, read by all that draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.corpus.verdict import Verdict
from simulator.events import Event, Said
from simulator.journal.records import Cost, Goal, RunProgress
from simulator.llm.progress import CallProgress
from simulator.plan.session_plan import AnySession
from simulator.runs.notes import RunNote
from simulator.world.policy import Band
from simulator.world.strict import Level


@dataclass(frozen=True, slots=True)
class Opened:
    """The first note: what is known before anything happens."""

    title: str
    """Name of the run, or what a single session is called."""
    bands: Mapping[Level, Band]
    goal: Goal | None = None
    """None: there is one session, and no run."""
    tally: RunProgress = field(default_factory=lambda: RunProgress(0, 0, 0, 0))
    """Where the run stands already."""
    costs: tuple[Cost, ...] = ()
    rejections: Mapping[str, int] = field(default_factory=dict)
    targets: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Dimension to value to the share of sessions that it is to have."""
    counted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Dimension to value to kept sessions so far."""
    speed: float | None = None
    """Simulated seconds a second, where a recorded session is played; None: it happens now."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time goes by: seconds since the view was opened."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key, by the name that `keys` gives it."""

    key: str


@dataclass(frozen=True, slots=True)
class Over:
    """Nothing more will happen."""


ViewNote = RunNote | Opened | Ticked | Pressed | Over


@dataclass(frozen=True, slots=True)
class Followed:
    """One session, as far as it is known."""

    session: AnySession
    events: tuple[Event, ...] = ()
    verdict: Verdict | None = None
    spare: bool = False
    waits: CallProgress | None = None
    """What its call waits for at the moment; None: nothing is known."""

    @property
    def said(self) -> list[Said]:
        """The messages so far."""
        return [event for event in self.events if isinstance(event, Said)]

    @property
    def messages(self) -> int:
        """How many messages there are so far."""
        return sum(isinstance(event, Said) for event in self.events)

    @property
    def full(self) -> bool:
        """Nothing more will be said in it."""
        return self.verdict is not None or self.spare or self.messages >= self.session.messages


@dataclass(frozen=True, slots=True)
class Incident:
    """A line that was refused, or a session that was rejected."""

    session: str
    nick: str
    """Whose line; empty: the session's."""
    rule: str
    evidence: str


@dataclass(frozen=True, slots=True)
class ViewChoice:
    """What the keys have chosen."""

    dashboard: bool = False
    reasons: bool = False
    help: bool = False
    paused: bool = False
    until: int | None = None
    """Scrolled back: the last row is of that many events, 1 or more. None: of all, the newest at the bottom."""
    leaving: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Everything that the live view shows."""

    opened: Opened
    open: Mapping[str, Followed] = field(default_factory=dict)
    """Sessions that are being played or wait for their verdict, in the order in which they began."""
    shown: Followed | None = None
    """The session that is followed; it stays here for a moment when it is over."""
    full_since: float | None = None
    """When the followed session became full, by the clock of the ticks."""
    tally: RunProgress = field(default_factory=lambda: RunProgress(0, 0, 0, 0))
    rejections: Mapping[str, int] = field(default_factory=dict)
    """Rule to sessions."""
    refused: Mapping[str, int] = field(default_factory=dict)
    """Rule to lines that a member was asked for again."""
    incidents: tuple[Incident, ...] = ()
    """The newest last."""
    counted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    costs: Mapping[str, Cost] = field(default_factory=dict)
    """By purpose, as `em status` has them; retries of any line are a purpose of their own."""
    messages: int = 0
    """Since the view was opened."""
    now: float = 0.0
    pulse: tuple[tuple[float, int], ...] = ((0.0, 0),)
    """(seconds, messages) over the last seconds, the oldest first."""
    over: bool = False
    view: ViewChoice = field(default_factory=ViewChoice)

    @property
    def rate(self) -> float:
        """Messages a second, lately."""
        then, before = self.pulse[0]
        return (self.messages - before) / (self.now - then) if self.now > then else 0.0


def opened(note: Opened) -> State:
    """The state before anything happened."""
    return State(
        note,
        tally=note.tally,
        rejections=note.rejections,
        counted=note.counted,
        costs={cost.purpose: cost for cost in note.costs},
        view=ViewChoice(dashboard=note.goal is not None),
    )
