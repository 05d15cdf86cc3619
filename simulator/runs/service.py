"""Run service: begins a run, goes on with one, or plays a single session, each from one request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from simulator import __version__, clock
from simulator.corpus.verdict import Verdict
from simulator.errors import EmError, UsageError
from simulator.events import Event
from simulator.journal.journal import Journal
from simulator.journal.model_choice import ModelChoice
from simulator.journal.records import RunCard
from simulator.llm.llama_server import capacity_of
from simulator.plan.planner import single
from simulator.plan.session_plan import SessionPlan
from simulator.runs.activity import Activity, ProgressFile, recorded_activity
from simulator.runs.admission import RunLimits
from simulator.runs.notes import Began, Happened, RunNote, RunView, SessionView, Settled, Unseen, observe_models
from simulator.runs.opening import open_choice, session_price
from simulator.runs.request import Execution, ResumeRequest, RunRequest, SessionRequest
from simulator.runs.run import Run
from simulator.runs.session_runner import verdict_of, world_filters
from simulator.runs.worker_pool import open_pool
from simulator.session.play import play
from simulator.world.load import played_digest, same_content
from simulator.world.world import World
from simulator.world.yaml_file import validate


@dataclass(frozen=True, slots=True)
class PlayedSession:
    """A single session, from the first event to the verdict of the filters."""

    plan: SessionPlan
    events: tuple[Event, ...]
    verdict: Verdict


async def start(request: RunRequest, world: World, view: RunView | None = None) -> None:
    """Creates a run and plays it to its goal. One that could not begin leaves its name free.

    Raises UsageError if the run exists, if a budget cannot be kept or a model means nothing, ContentError for a name
    that no run can have, and what Run.go raises.
    """
    choice = request.models.with_defaults()
    card = {"name": request.name, "seed": request.seed, "goal": request.goal, "models": choice}
    card |= {"world": world.digest, "played": played_digest(world.root), "version": __version__, "begun": clock.now()}
    with Journal.create(request.folder, validate(RunCard, card, "--run")) as journal:
        try:
            await _play_to_goal(journal, world, choice, request.execution, view or Unseen())
        except EmError:
            if not any(True for _ in journal.sessions()):
                journal.discard()
            raise


async def resume(request: ResumeRequest, world: World, view: RunView | None = None) -> None:
    """Goes on with a run that stopped.

    Raises UsageError if there is no such run, if it was made from logs or of other content, and what `start` raises.
    """
    with Journal.open(request.folder) as journal:
        run, place = journal.run, str(request.folder)
        if run.imported:
            raise UsageError("was made from logs", place=place, remedy="read more of them with `em import`")
        if run.by_hand:
            raise UsageError(
                "is written by hand", place=place, remedy=f"fill in its sheets: `em write {run.name} --check`"
            )
        if not same_content(world, run.world, run.played):
            raise UsageError(
                f"was begun with the content {run.world}, this is {world.digest}",
                place=place,
                remedy="name the same content with --world, or begin a new run",
            )
        models = request.models.over(run.models)
        if models.scripted and not run.scripted:
            raise UsageError("holds a real model's lines", place=place, remedy="begin a new run for `scripted`")
        if request.sessions or request.target_mb:
            goal = {"sessions": request.sessions, "target_mb": request.target_mb}
            journal.extend(run.goal.model_copy(update=goal))
        await _play_to_goal(journal, world, models, request.execution, view or Unseen())


async def play_session(request: SessionRequest, world: World, view: SessionView | None = None) -> PlayedSession:
    """Plays one session, which is recorded nowhere.

    Raises UsageError where no script fits, and ProviderError when a model fails for good.
    """
    view = view or Unseen()
    plan = single(
        world,
        request.seed,
        scenario=request.scenario,
        engagement=request.engagement,
        channel=request.channel,
        messages=request.messages,
    )
    choice = request.models.in_real_channel()  # nobody asks for a score
    models = await open_choice(choice, world, 1, view.note)
    events: list[Event] = []
    try:
        async with view.open(world):
            view.note(Began(plan))
            observed = observe_models(models, view.note, view.unpaused)
            async with aclosing(play(plan, world, observed)) as session:
                async for event in session:
                    events.append(event)
                    view.note(Happened(plan, event))
                    await asyncio.sleep(0)  # a model that answers at once must not keep the keys waiting
            verdict = verdict_of(world_filters(world, choice), world, plan, events)[1]
            view.note(Settled(plan, verdict, 0))
    finally:
        await models.aclose()
    return PlayedSession(plan, tuple(events), verdict)


async def _play_to_goal(
    journal: Journal, world: World, choice: ModelChoice, execution: Execution, view: RunView
) -> None:
    """Plays the journal's run to its goal, shown by `view`."""
    estimate = session_price(choice, world)
    if execution.budget_usd is not None and estimate is None:
        names = ", ".join(name for name in (choice.people, choice.lead, choice.judges, choice.guards) if name)
        raise UsageError(
            f"no price is known for one of {names}, so a budget cannot be kept",
            place="--budget-usd",
            remedy="leave it out, or use models that the price table knows",
        )
    with open_pool(choice, execution, view) as pool:
        activity = Activity()

        def note(note: RunNote) -> None:
            activity.note(note)
            view.note(note)

        models = await open_choice(choice, world, pool.slots, note)
        limits = RunLimits(pool.concurrency, execution.budget_usd, estimate or (lambda plan: 0.0))
        progress = execution.progress
        try:
            async with view.open(journal, world), pool.runner(journal, world, view, note) as runner:
                observed = observe_models(models, note, view.unpaused)
                watch = _watcher(journal, note, progress)
                if runner is None and execution.concurrency is None:
                    limits = replace(limits, capacity=capacity_of(models))
                async with recorded_activity(journal, activity):
                    await Run(journal, world, observed, limits, watch=watch, runner=runner).go()
        finally:
            if progress is not None:
                progress.write(journal)
            await models.aclose()


def _watcher(
    journal: Journal, note: Callable[[RunNote], None], progress: ProgressFile | None
) -> Callable[[RunNote], None]:
    """Passes every note on, and keeps the progress file up to date from the first session on."""
    begun = False

    def watch(happened: RunNote) -> None:
        nonlocal begun
        note(happened)
        if progress is not None and (isinstance(happened, Settled) or not begun):
            progress.write(journal)
        begun = True

    return watch
