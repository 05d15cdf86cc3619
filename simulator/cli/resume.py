"""em resume"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import options
from simulator.cli.engine import HERE, Engine, engine_options

if TYPE_CHECKING:
    from simulator.cli.progress import ProgressFile


@click.command()
@click.argument("name")
@click.option(
    "--sessions", type=click.IntRange(min=1), metavar="N", help="Another goal: this many kept sessions in all."
)
@click.option(
    "--target-mb", type=click.FloatRange(min=0, min_open=True), metavar="X", help="Another goal: this much text in all."
)
@click.option("--concurrency", type=click.IntRange(1, 1000), metavar="N", help="Sessions played at once.")
@click.option(
    "--budget-usd", type=click.FloatRange(min=0), metavar="X", help="Budget of the whole run, what is spent included."
)
@options.model_options
@engine_options
@click.option("--live/--no-live", default=False, help="Watch on the whole screen; in a pipe, line by line.")
@options.data_option
@options.world_option
def resume(
    name: str,
    sessions: int | None,
    target_mb: float | None,
    concurrency: int | None,
    budget_usd: float | None,
    models: options.Names,
    engine: Engine,
    live: bool,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Go on with a run that stopped, with its own models unless others are named.

    Sessions that were cut in the middle go on where they were cut; no answer is paid for twice.
    """
    if sessions is not None and target_mb is not None:
        raise click.UsageError("give one goal: --sessions N or --target-mb X")
    goal = {"sessions": sessions, "target_mb": target_mb}
    look = options.ViewMode.LIVE if live else options.ViewMode.QUIET
    asyncio.run(go_on(data / "runs" / name, goal, models, world_dir, concurrency, budget_usd, look=look, engine=engine))


async def go_on(
    folder: Path,
    goal: dict[str, Any],
    given: options.Names,
    world_dir: Path | None,
    concurrency: int | None,
    budget_usd: float | None,
    *,
    look: options.ViewMode,
    engine: Engine = HERE,
    progress: ProgressFile | None = None,
) -> None:
    """Opens a run and plays it to its goal. `given` holds what is to be other than on the run's card."""
    from simulator.cli.running import played
    from simulator.errors import UsageError
    from simulator.journal.journal import Journal
    from simulator.world.load import same_content

    world = options.loaded(world_dir)
    with Journal.open(folder) as journal:
        run = journal.run
        if run.imported:
            raise UsageError("was made from logs", place=str(folder), remedy="read more of them with `em import`")
        if not same_content(world, run.world):
            raise UsageError(
                f"was begun with the content {run.world}, this is {world.digest}",
                place=str(folder),
                remedy="name the same content with --world, or begin a new run",
            )
        models = run.models | {key: value for key, value in given.items() if value}
        if "scripted" in (models["people"], models["lead"]) and not run.scripted:
            raise UsageError("holds a real model's lines", place=str(folder), remedy="begin a new run for `scripted`")
        if any(goal.values()):
            journal.extend(run.goal.model_copy(update=goal))
        await played(journal, world, models, concurrency, budget_usd, look=look, engine=engine, progress=progress)
