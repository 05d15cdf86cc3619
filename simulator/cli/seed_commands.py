"""The plan's own commands (`em_data_generator.py`): the same code as `em`, under the plan's names."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options

if TYPE_CHECKING:
    from simulator.cli.progress import ProgressFile
    from simulator.corpus.stats import Steps

FOLDER = Path("em_character_data")
RUN = "em_character_data"
FORMATS = ["jsonl", "txt"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--test", is_flag=True, help="With --single: show who was chosen and why, refused tries, and the verdict."
)
@click.option("--single", is_flag=True, help="One conversation, shown in full and not added to the data set.")
@click.option("--batch", type=click.IntRange(min=1), metavar="N", help="Generate N conversations.")
@click.option("--full", is_flag=True, help="Generate the whole data set (15 MB).")
@click.option("--resume", is_flag=True, help="Go on where the last run stopped.")
@click.option("--status", is_flag=True, help="Show statistics and coverage.")
@click.option("--prompts", is_flag=True, help="With --test --single: show every prompt as well.")
@click.option("--concurrency", type=click.IntRange(1, 1000), metavar="N", help="Conversations played at once.")
@click.option("--budget-usd", type=click.FloatRange(min=0), metavar="X", help="Stop beginning when this is used up.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed plans the same conversations.")
@click.option("--allow-scripted", is_flag=True, help="Write files also for `--model scripted`.")
@options.model_options
@options.world_option
def seed_commands(
    test: bool,
    single: bool,
    batch: int | None,
    full: bool,
    resume: bool,
    status: bool,
    prompts: bool,
    concurrency: int | None,
    budget_usd: float | None,
    seed: int,
    allow_scripted: bool,
    models: options.Names,
    world_dir: Path | None,
) -> None:
    """Generate the training data of the plan in em_character_data/."""
    asked = [name for name, wanted in {"--test --single": test or single, "--batch": batch, "--full": full,
             "--resume": resume, "--status": status}.items() if wanted]  # fmt: skip
    if len(asked) != 1:
        raise click.UsageError("give one of --test --single, --batch N, --full, --resume and --status")
    if test or single:
        _one(seed, models, world_dir, reasons=test, prompts=prompts)
    elif status:
        _status(world_dir)
    elif resume:
        _resume(models, world_dir, concurrency, budget_usd, allow_scripted)
    else:
        _generate(batch, seed, models, world_dir, concurrency, budget_usd, allow_scripted)


def _one(seed: int, models: options.Names, world_dir: Path | None, *, reasons: bool, prompts: bool) -> None:
    from simulator.cli.simulate import played

    wanted = {"scenario": None, "engagement": None, "channel": None, "messages": None}
    asyncio.run(
        played(
            wanted,
            seed,
            models,
            world_dir,
            look=options.ViewMode.LINES,
            reasons=reasons,
            prompts=prompts,
            as_json=False,
        )
    )


def _generate(
    batch: int | None,
    seed: int,
    models: options.Names,
    world_dir: Path | None,
    concurrency: int | None,
    budget_usd: float | None,
    allow_scripted: bool,
) -> None:
    """A batch adds to what is there, as the next conversations of the same plan; --full goes on to the whole size."""
    from simulator.cli.generate import begin
    from simulator.cli.resume import go_on
    from simulator.journal.journal import FILE, Journal

    _check()
    target = None if batch else options.loaded(world_dir, quiet=True).quota.target_mb
    try:
        if (FOLDER / FILE).exists():
            with Journal.read(FOLDER) as journal:
                kept = journal.tally().kept
            goal = {"sessions": kept + batch if batch else None, "target_mb": target}
            asyncio.run(
                go_on(
                    FOLDER,
                    goal,
                    models,
                    world_dir,
                    concurrency,
                    budget_usd,
                    look=options.ViewMode.QUIET,
                    progress=_progress(),
                )
            )
        else:
            goal = {"sessions": batch, "target_mb": target, "length": None}
            asyncio.run(
                begin(
                    RUN,
                    FOLDER,
                    goal,
                    seed,
                    models,
                    world_dir,
                    concurrency,
                    budget_usd,
                    look=options.ViewMode.QUIET,
                    progress=_progress(),
                )
            )
    finally:
        _write(world_dir, allow_scripted)


def _resume(
    models: options.Names, world_dir: Path | None, concurrency: int | None, budget_usd: float | None, allow: bool
) -> None:
    from simulator.cli.resume import go_on

    _check()
    try:
        asyncio.run(
            go_on(
                FOLDER,
                {},
                models,
                world_dir,
                concurrency,
                budget_usd,
                look=options.ViewMode.QUIET,
                progress=_progress(),
            )
        )
    finally:
        _write(world_dir, allow)


def _check() -> None:
    """Before anything is paid for: a file that the export would have to replace, and must not, is refused."""
    from simulator.corpus.export import check

    check(FOLDER, FORMATS)


def _write(world_dir: Path | None, allow_scripted: bool) -> None:
    """The plan's output files, also after a run that stopped early."""
    from simulator.cli.export import write
    from simulator.journal.journal import FILE, Journal

    if not (FOLDER / FILE).exists():
        return
    with Journal.read(FOLDER) as journal:
        if not journal.tally().kept:
            return
    write(FOLDER, FOLDER, FORMATS, False, allow_scripted, world_dir, _steps())


def _progress() -> ProgressFile:
    from simulator.cli.progress import ProgressFile

    return ProgressFile(FOLDER, _steps())


def _steps() -> Steps:
    from simulator.corpus.stats import Steps

    return Steps("python em_data_generator.py --resume{with}", "train on em_character_training.jsonl")


def _status(world_dir: Path | None) -> None:
    from simulator.cli.status import show
    from simulator.corpus import stats
    from simulator.journal.journal import Journal

    world = options.loaded(world_dir, quiet=True)
    with Journal.read(FOLDER) as journal:
        show(stats.status(journal, world.quota, _steps()))
