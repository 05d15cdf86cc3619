"""em generate"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import options
from simulator.cli.engine import HERE, Engine, engine_options
from simulator.errors import EmError

if TYPE_CHECKING:
    from simulator.cli.progress import ProgressFile


@click.command()
@click.option(
    "--run", "name", required=True, metavar="NAME", help="Name of the new run; it is kept under data/runs/NAME."
)
@click.option("--sessions", type=click.IntRange(min=1), metavar="N", help="Goal: this many kept sessions.")
@click.option("--target-mb", type=click.FloatRange(min=0, min_open=True), metavar="X", help="Goal: this much text.")
@click.option(
    "--length", type=click.Choice(["short", "long"]), help="Only sessions of this length. Default: the quota's mix."
)
@click.option(
    "--oversample",
    type=click.FloatRange(1, 10),
    default=1.0,
    metavar="X",
    help="Play X sessions for each place on average and keep the one that the judge likes best; needs --judge-model.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="Sessions played at once. Default: 4, hosted 8; with Ray, for each worker.",
)
@click.option(
    "--budget-usd", type=click.FloatRange(min=0), metavar="X", help="Stop beginning sessions when this is used up."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed plans the same sessions.")
@options.model_options
@engine_options
@click.option("--live/--no-live", default=False, help="Watch on the whole screen; in a pipe, line by line.")
@options.data_option
@options.world_option
def generate(
    name: str,
    sessions: int | None,
    target_mb: float | None,
    length: str | None,
    oversample: float,
    concurrency: int | None,
    budget_usd: float | None,
    seed: int,
    models: options.Names,
    engine: Engine,
    live: bool,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Play, filter and record sessions until a goal is met.

    Killed at any point, `em resume NAME` goes on and pays only for what is missing. `em export NAME` writes the files.
    """
    if (sessions is None) == (target_mb is None):
        raise click.UsageError("give one goal: --sessions N or --target-mb X")
    if oversample > 1 and models["judge"] is None:
        raise click.UsageError("--oversample needs a judge to tell which session is best: name one with --judge-model")
    goal = {"sessions": sessions, "target_mb": target_mb, "length": length, "oversample": oversample}
    look = options.ViewMode.LIVE if live else options.ViewMode.QUIET
    asyncio.run(
        begin(
            name, data / "runs" / name, goal, seed, models, world_dir, concurrency, budget_usd, look=look, engine=engine
        )
    )


async def begin(
    name: str,
    folder: Path,
    goal: dict[str, Any],
    seed: int,
    models: options.Names,
    world_dir: Path | None,
    concurrency: int | None,
    budget_usd: float | None,
    *,
    look: options.ViewMode,
    engine: Engine = HERE,
    progress: ProgressFile | None = None,
) -> None:
    """Creates a run and plays it to its goal. One that could not begin leaves its name free."""
    from simulator import __version__, clock
    from simulator.cli.running import played
    from simulator.journal.journal import Journal
    from simulator.journal.records import Goal, RunCard
    from simulator.world.yaml_file import validate

    world = options.loaded(world_dir)
    models = {**models, "people": models["people"] or options.EMBEDDED}
    card = {"name": name, "seed": seed, "goal": goal, "models": models, "world": world.digest}
    card |= {"version": __version__, "begun": clock.now()}
    validate(Goal, goal, "goal")
    with Journal.create(folder, validate(RunCard, card, "--run")) as journal:
        try:
            await played(journal, world, models, concurrency, budget_usd, look=look, engine=engine, progress=progress)
        except EmError:
            if not any(True for _ in journal.sessions()):
                journal.discard()
            raise
