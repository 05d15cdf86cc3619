"""Small runs for tests: the shipped world, the scripted model, a folder of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from pathlib import Path

from simulator import __version__
from simulator.corpus.export import ExportPolicy, ExportRequest, export
from simulator.journal.journal import Journal
from simulator.journal.model_choice import ModelChoice
from simulator.journal.records import Goal, RunCard
from simulator.llm.model import Models
from simulator.llm.scripted import Scripted
from simulator.runs.admission import RunLimits
from simulator.runs.notes import RunNote
from simulator.runs.run import Run
from simulator.world import load
from simulator.world.world import World


@cache
def shipped() -> World:
    return load.load(load.shipped())


def scripted() -> Models:
    model = Scripted()
    return Models(model, model)


def card(name: str = "trial", *, seed: int = 1, **goal: object) -> RunCard:
    return RunCard(
        name=name,
        seed=seed,
        goal=Goal(**goal),
        models=ModelChoice(people="scripted"),
        world=shipped().digest,
        version=__version__,
        begun="2026-01-05T00:00:00+00:00",
    )


def play_run(
    folder: Path,
    run: RunCard,
    *,
    concurrency: int = 4,
    models: Models | None = None,
    watch: Callable[[RunNote], None] = lambda note: None,
) -> None:
    """Creates the run, or goes on with it if it is there, to its goal."""
    fresh = not (folder / "journal.sqlite").exists()
    with Journal.create(folder, run) if fresh else Journal.open(folder) as journal:
        asyncio.run(Run(journal, shipped(), models or scripted(), RunLimits(concurrency), watch=watch).go())


def exported(folder: Path, out: Path) -> dict[str, bytes]:
    """The bytes of everything that an export of the run writes, but for the one file that tells the time."""
    world = shipped()
    with Journal.read(folder) as journal:
        policy = ExportPolicy.of(world)
        export(journal, out, policy, ExportRequest(allow_scripted=True))
    return {p.name: p.read_bytes() for p in sorted(out.iterdir()) if p.name != "generation_progress.json"}
