"""Playing a run to its goal with something to look at: what generate, resume, demo and the plan's own door share."""

from __future__ import annotations

import time
from collections.abc import Callable

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from simulator.cli import options
from simulator.cli.engine import HERE, Engine, WorkerPool, worker_pool
from simulator.cli.progress import ProgressFile
from simulator.corpus import stats
from simulator.errors import UsageError
from simulator.events import Said
from simulator.journal.journal import Journal
from simulator.llm.model import Billing, Models, Prompt, Purpose, Reply
from simulator.plan.estimate import tokens
from simulator.plan.session_plan import SessionPlan
from simulator.runs.run import Happened, Note, Run, Settled
from simulator.tui import lines, terminal
from simulator.tui.follower import Follower
from simulator.tui.notes import Opened
from simulator.tui.state import opened
from simulator.tui.watched_model import answered, watched
from simulator.world.world import World


async def played(
    journal: Journal,
    world: World,
    models: options.Names,
    concurrency: int | None,
    budget_usd: float | None,
    *,
    look: options.ViewMode,
    engine: Engine = HERE,
    progress: ProgressFile | None = None,
) -> None:
    """Plays the journal's run to its goal and says how it went. Raises what Run.go raises, and what `troupe` does.

    `progress` is written when the first session begins, after every session that is settled, and at the end.
    """
    guess = _guess(models, world)
    if budget_usd is not None and guess is None:
        raise UsageError(
            f"no price is known for one of {', '.join(filter(None, _names(models)))}, so a budget cannot be kept",
            place="--budget-usd",
            remedy="leave it out, or use models that the price table knows",
        )
    with worker_pool(engine, models, concurrency) as players:
        doors = await options.opened(models, world, players.slots)
        try:
            await _watched(journal, world, doors, players, budget_usd, guess, look, progress)
        finally:
            await doors.aclose()


async def _watched(
    journal: Journal,
    world: World,
    doors: Models,
    players: WorkerPool,
    budget_usd: float | None,
    guess: Callable[[SessionPlan], float] | None,
    look: options.ViewMode,
    progress: ProgressFile | None,
) -> None:
    console = lines.console()
    live = look is options.ViewMode.LIVE and terminal.fits(console)
    bar = _Bar(journal, silent=live)

    async def go(follower: Callable[[Note], None] | None, screen: terminal.Terminal | None = None) -> None:
        begun = False

        def watch(note: Note) -> None:
            nonlocal begun
            bar.note(note)
            if progress is not None and (isinstance(note, Settled) or not begun):
                progress.write(journal)
            begun = True
            if follower is not None:
                follower(note)

        def tell(prompt: Prompt, reply: Reply) -> None:
            if screen is not None:
                screen.note(answered(prompt, reply))

        gate = screen.unpaused if screen is not None else None
        async with players.stage(journal, world, tell=tell, gate=gate, say=bar.say) as stage:
            await Run(
                journal,
                world,
                watched(doors, screen.note, screen.unpaused) if screen is not None else doors,
                concurrency=players.concurrency,
                budget_usd=budget_usd,
                guess_usd=guess or (lambda plan: 0.0),
                watch=watch,
                stage=stage,
            ).go()

    try:
        with bar:
            if live:
                async with terminal.Terminal(console, opened(_opened(journal, world))) as screen:
                    await go(screen.note, screen)
            else:
                await go(None if look is options.ViewMode.QUIET else Follower(console))
    finally:
        click.echo(_summary(journal, bar), err=True)
        if progress is not None:
            progress.write(journal)


def _opened(journal: Journal, world: World) -> Opened:
    """Where the run stands."""
    run = journal.run
    shares = stats.marginals(journal, world.quota)
    return Opened(
        run.name,
        world.engagement.bands,
        run.goal,
        journal.tally(),
        tuple(journal.costs()),
        journal.rejections(),
        {name: {value: row["target"] for value, row in values.items()} for name, values in shares.items()},
        {name: {value: row["count"] for value, row in values.items()} for name, values in shares.items()},
    )


def _guess(models: options.Names, world: World) -> Callable[[SessionPlan], float] | None:
    """Dollars that a session may cost, as if nothing were cached; None if a price is unknown."""
    from simulator.llm.prices import billing, price

    priced = {}
    names = {Purpose.PEOPLE: models["people"], Purpose.LEAD: models["lead"] or models["people"]}
    if models["judge"]:
        names[Purpose.JUDGE] = models["judge"]
    for purpose, name in names.items():
        if billing(name) is Billing.UNKNOWN:
            return None
        priced[purpose] = price(name)

    def usd(plan: SessionPlan) -> float:
        needed = tokens(plan, world, judged=bool(models["judge"]))
        return sum(needed[purpose].usd(cost, caching=False) for purpose, cost in priced.items() if cost is not None)

    return usd


def _names(models: options.Names) -> tuple[str | None, ...]:
    return (models["people"], models["lead"], models["judge"])


class _Bar:
    """Progress on stderr: drawn where somebody is looking, silent in a pipe."""

    def __init__(self, journal: Journal, *, silent: bool) -> None:
        self._goal, self._silent = journal.run.goal, silent
        tally = journal.tally()
        self._kept, self._rejected, self._bytes = tally.kept, tally.rejected, tally.bytes
        self.messages, self._begun = 0, time.monotonic()
        console = lines.console(err=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            *(
                [MofNCompleteColumn()]
                if self._goal.sessions
                else [TextColumn("{task.completed:.2f}/{task.total:g} MB")]
            ),
            TextColumn("{task.fields[rejected]} rejected, {task.fields[speed]:.1f} messages/s"),
            TimeElapsedColumn(),
            console=console,
            disable=silent or not console.is_terminal,
            transient=True,
        )
        total = self._goal.sessions or self._goal.target_mb
        self._task = self._progress.add_task(
            "kept", total=total, completed=self._done(), rejected=self._rejected, speed=0.0
        )

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """A line for people, above the bar; nothing where the whole screen is taken."""
        if not self._silent:
            self._progress.console.print(text, highlight=False, markup=False)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    def note(self, note: Note) -> None:
        match note:
            case Happened(event=Said()):
                self.messages += 1
            case Settled(verdict=verdict, bytes=size):
                self._kept += verdict.keep
                self._rejected += not verdict.keep
                self._bytes += size if verdict.keep else 0
        speed = self.messages / self.seconds if self.seconds else 0.0
        self._progress.update(self._task, completed=self._done(), rejected=self._rejected, speed=speed)

    def _done(self) -> float:
        return self._kept if self._goal.sessions else self._bytes / 1e6


def _summary(journal: Journal, bar: _Bar) -> str:
    tally = journal.tally()
    rules = ", ".join(f"{rule} {n}" for rule, n in list(journal.rejections().items())[:4])
    why = f" ({rules})" if tally.rejected else ""
    return (
        f"{tally.kept} kept, {tally.rejected} rejected{why}, {tally.bytes / 1e6:.2f} MB;"
        f" {bar.messages} messages in {bar.seconds:.0f} s"
    )
