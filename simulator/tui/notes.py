"""What the live view is told: everything that it shows follows from these notes, in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.journal.records import Cost, Goal, Tally
from simulator.runs.notes import Note
from simulator.world.policy import Band
from simulator.world.strict import Engagement


@dataclass(frozen=True, slots=True)
class Opened:
    """The first note: what is known before anything happens."""

    title: str
    """Name of the run, or what a single session is called."""
    bands: Mapping[Engagement, Band]
    goal: Goal | None = None
    """None: there is one session, and no run."""
    tally: Tally = field(default_factory=lambda: Tally(0, 0, 0, 0))
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


ViewNote = Note | Opened | Ticked | Pressed | Over
