"""The command line of the brief (`em_data_generator.py`): the same code as `em`, under other names."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options

if TYPE_CHECKING:
    from simulator.corpus.stats import Steps
    from simulator.journal.model_choice import ModelChoice
    from simulator.runs.request import Execution, SessionRequest
    from simulator.world.world import World

FORMATS = ["jsonl", "txt"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--test", is_flag=True, help="With --single: show who was chosen and why, refused tries, and the verdict."
)
@click.option("--single", is_flag=True, help="One conversation, shown in full and not added to the data set.")
@click.option("--batch", type=click.IntRange(min=1), metavar="N", help="Generate N conversations.")
@click.option("--full", is_flag=True, help="Generate the whole data set (15 MB).")
@click.option("--resume", is_flag=True, help="Continue the last run.")
@click.option("--status", is_flag=True, help="Show statistics and coverage.")
@click.option("--prompts", is_flag=True, help="With --test --single: show every prompt as well.")
@click.option("--concurrency", type=click.IntRange(1, 1000), metavar="N", help="Conversations played at once.")
@click.option(
    "--budget-usd", type=click.FloatRange(min=0), metavar="X", help="Begin no conversation that this does not cover."
)
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
    models: ModelChoice,
    world_dir: Path | None,
) -> None:
    """Generate the training data of the brief in em_character_data/, or what policies/names.yaml calls it."""
    asked = [name for name, wanted in {"--test --single": test or single, "--batch": batch, "--full": full,
             "--resume": resume, "--status": status}.items() if wanted]  # fmt: skip
    if len(asked) != 1:
        raise click.UsageError("give one of --test --single, --batch N, --full, --resume and --status")
    from simulator.corpus.export import check, refuse_scripted
    from simulator.corpus.file_names import Names
    from simulator.runs.activity import ProgressFile
    from simulator.runs.request import Execution, SessionRequest

    if test or single:
        _one(SessionRequest(seed, models), world_dir, reasons=test, prompts=prompts)
    elif status:
        _status(world_dir)
    else:
        world = options.loaded(world_dir)
        folder = _folder(world)
        # Before anything is paid for: a file that the export would have to replace, and must not, is refused.
        check(folder, FORMATS, Names.of(world.names.output))
        if resume:
            _begun(folder)
        if not allow_scripted and (models.scripted or _is_scripted(folder)):
            raise refuse_scripted(folder.name)
        execution = Execution(concurrency, budget_usd, progress=ProgressFile(folder, _steps(world)))
        try:
            if resume:
                _resume(folder, models, world, execution)
            else:
                _generate(folder, batch, seed, models, world, execution)
        finally:
            _write(folder, world, allow_scripted)


def _one(request: SessionRequest, world_dir: Path | None, *, reasons: bool, prompts: bool) -> None:
    from simulator.cli.simulate import play_shown
    from simulator.tui.lines import console
    from simulator.tui.session_views import PrintedView

    view = PrintedView(console(), at_once=True, reasons=reasons, prompts=prompts)
    play_shown(request, options.loaded(world_dir), view)


def _generate(
    folder: Path, batch: int | None, seed: int, models: ModelChoice, world: World, execution: Execution
) -> None:
    """A batch adds to what is there, as the next conversations of the same run; --full goes on to the whole size."""
    from simulator.cli.generate import read_goal, tell_price
    from simulator.journal.journal import Journal
    from simulator.runs import service
    from simulator.runs.request import ResumeRequest, RunRequest
    from simulator.tui.run_views import ViewMode, run_view

    target = None if batch else world.quota.target_mb
    view = run_view(ViewMode.QUIET)
    if _has_run(folder):
        with Journal.read(folder) as journal:
            kept = journal.tally().kept
        resumed = ResumeRequest(folder, kept + batch if batch else None, target, models, execution)
        asyncio.run(service.resume(resumed, world, view))
    else:
        goal = read_goal(sessions=batch, target_mb=target)
        request = RunRequest(folder, folder.name, goal, seed, models, execution)
        tell_price(request, world)
        asyncio.run(service.start(request, world, view))


def _resume(folder: Path, models: ModelChoice, world: World, execution: Execution) -> None:
    from simulator.runs import service
    from simulator.runs.request import ResumeRequest
    from simulator.tui.run_views import ViewMode, run_view

    request = ResumeRequest(folder, models=models, execution=execution)
    asyncio.run(service.resume(request, world, run_view(ViewMode.QUIET)))


def _write(folder: Path, world: World, allow_scripted: bool) -> None:
    """The output files of the brief, also after a run that stopped early."""
    from simulator.cli.export import write_export
    from simulator.corpus.export import ExportRequest
    from simulator.journal.journal import Journal

    if not _has_run(folder):
        return
    with Journal.read(folder) as journal:
        if not journal.tally().kept:
            return
    request = ExportRequest(FORMATS, allow_scripted=allow_scripted, steps=_steps(world))
    write_export(folder, folder, world, request)


def _folder(world: World) -> Path:
    """Where run and files are, below the current folder."""
    return Path(f"{world.names.output}_data")


def _steps(world: World) -> Steps:
    from simulator.corpus.file_names import Names
    from simulator.corpus.stats import Steps

    training = Names.of(world.names.output).split(False, ".jsonl")
    return Steps("python em_data_generator.py --resume{with}", f"train on {training}")


def _has_run(folder: Path) -> bool:
    from simulator.journal.database import FILE

    return (folder / FILE).exists()


def _is_scripted(folder: Path) -> bool:
    """Whether there is a run that the scripted model began."""
    from simulator.journal.journal import Journal

    if not _has_run(folder):
        return False
    with Journal.read(folder) as journal:
        return journal.run.scripted


def _begun(folder: Path) -> None:
    """Raises UsageError where nothing was generated yet."""
    from simulator.errors import UsageError

    if not _has_run(folder):
        raise UsageError(
            "nothing was generated yet, there is no such run",
            place=str(folder),
            remedy="begin with `python em_data_generator.py --batch 10`",
        )


def _status(world_dir: Path | None) -> None:
    from simulator.cli.status import show
    from simulator.corpus import stats
    from simulator.journal.journal import Journal

    world = options.loaded(world_dir, quiet=True)
    _begun(_folder(world))
    with Journal.read(_folder(world)) as journal:
        show(stats.status(journal, world.quota, _steps(world)))
