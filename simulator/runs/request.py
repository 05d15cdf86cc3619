"""Requests: everything that a run, or a single session, is asked for, as one frozen value each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from simulator.errors import UsageError
from simulator.journal.model_choice import ModelChoice
from simulator.journal.records import Goal
from simulator.runs.activity import ProgressFile
from simulator.world.strict import Length, Level

_RAY_ADDRESS = re.compile(r"auto|(ray://)?[^\s/]+:\d{1,5}")


@dataclass(frozen=True, slots=True)
class Engine:
    """Where sessions are played: in this process, or on the machines of a Ray cluster."""

    ray: bool = False
    address: str | None = None
    """Of a cluster that runs already: `auto`, HOST:PORT or ray://HOST:PORT. None: one of this machine, for this run."""

    def __post_init__(self) -> None:
        if self.address is None:
            return
        if not self.ray:
            raise UsageError("names a Ray cluster", place="--address", remedy="give --engine ray with it")
        if not _RAY_ADDRESS.fullmatch(self.address):
            place, remedy = f"--address `{self.address}`", "write auto, HOST:PORT or ray://HOST:PORT"
            raise UsageError("not the address of a Ray cluster", place=place, remedy=remedy)


@dataclass(frozen=True, slots=True)
class Execution:
    """How a run is played; it may be another each time that the run goes on."""

    concurrency: int | None = None
    """Sessions at once, 1 or more; None: 4 for local models, 8 for hosted ones, for each worker."""
    budget_usd: float | None = None
    """Dollars of the whole run, what was spent before included; None: no limit."""
    engine: Engine = Engine()
    progress: ProgressFile | None = None
    """Kept up to date while the run goes on."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A new run."""

    folder: Path
    """Where its journal will be."""
    name: str
    """Letters, digits, `.`, `_`, `-`; 63 characters at most."""
    goal: Goal
    seed: int = 1
    models: ModelChoice = field(default_factory=ModelChoice)
    execution: Execution = Execution()


@dataclass(frozen=True, slots=True)
class ResumeRequest:
    """An existing run that is to go on."""

    folder: Path
    sessions: int | None = None
    """Another goal: kept sessions in all."""
    target_mb: float | None = None
    """Another goal: megabytes of text in all. At most one of the two is given; None for both: the goal of before."""
    models: ModelChoice = field(default_factory=ModelChoice)
    """Only what was named takes the place of what the run's card says."""
    execution: Execution = Execution()


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """One session that is played and recorded nowhere."""

    seed: int = 1
    models: ModelChoice = field(default_factory=ModelChoice)
    scenario: str | None = None
    """Name of a script; None: any that fits. So for the others."""
    engagement: Level | None = None
    channel: str | None = None
    messages: int | Length | None = None
    """A number, or any number of that class."""
