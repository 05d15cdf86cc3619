"""Views of a run in a terminal: a progress bar, the sessions line by line, or the whole screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from enum import Enum

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from simulator import clock
from simulator.corpus import stats
from simulator.events import Event, Said
from simulator.journal.journal import Journal
from simulator.llm.progress import CallProgress, Phase
from simulator.plan.session_plan import AnySession
from simulator.runs.activity import Activity
from simulator.runs.notes import Began, Happened, NotNeeded, RunNote, RunView, Settled
from simulator.tui import lines, terminal
from simulator.tui.sanitize import sanitize
from simulator.tui.state import Opened, opened
from simulator.world.world import World

BEAT = 25.0
"""Seconds between two lines."""

Sleep = Callable[[float], Awaitable[None]]


@asynccontextmanager
async def heartbeat(beat: Callable[[], None], sleep: Sleep = asyncio.sleep) -> AsyncIterator[None]:
    """While the block lasts, `beat` is called every BEAT seconds."""

    async def beating() -> None:
        while True:
            await sleep(BEAT)
            beat()

    task = asyncio.create_task(beating())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class ViewMode(Enum):
    """How sessions are watched while they are played."""

    QUIET = "quiet"
    """Not at all, or when all is over."""
    LINES = "lines"
    """One line after the other, as they are said."""
    LIVE = "live"
    """On the whole screen; in lines where there is none, as in a pipe."""


def run_view(mode: ViewMode) -> RunView:
    """The view for a run in that mode, on the terminal that this process has."""
    console = lines.console()
    if mode is ViewMode.QUIET:
        return BarView()
    return ScreenView(console) if mode is ViewMode.LIVE and terminal.fits(console) else LinesView(console)


class ProgressBar:
    """Progress of a run on stderr: drawn where somebody is looking, silent in a pipe."""

    def __init__(self, journal: Journal, *, silent: bool) -> None:
        self._journal, self._goal = journal, journal.run.goal
        tally = journal.tally()
        self._kept, self._rejected, self._bytes = tally.kept, tally.rejected, tally.bytes
        self._messages, self._begun = 0, clock.tick()
        console = lines.console(err=True)
        done = MofNCompleteColumn() if self._goal.sessions else TextColumn("{task.completed:.2f}/{task.total:g} MB")
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            done,
            TextColumn("{task.fields[rejected]} rejected, {task.fields[speed]:.1f} messages/s"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[waits]}", style="dim", markup=False),
            console=console,
            disable=silent or not console.is_terminal,
            transient=True,
        )
        total = self._goal.sessions or self._goal.target_mb
        self._task = self._progress.add_task("kept", total=total, rejected=self._rejected, speed=0.0, waits="")
        self._progress.update(self._task, completed=self._done())

    def __enter__(self) -> ProgressBar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def print(self, text: str) -> None:
        """A line for people, above the bar."""
        self._progress.console.print(text)

    @property
    def drawn(self) -> bool:
        """True if somebody sees the bar."""
        return not self._progress.disable

    def counts(self) -> str:
        """How far the run is, in a few words."""
        goal = f"{self._goal.sessions}" if self._goal.sessions else f"{self._goal.target_mb:g} MB"
        done = f"{self._kept}" if self._goal.sessions else f"{self._bytes / 1e6:.2f}"
        return f"sessions: {done} of {goal} kept, {self._rejected} rejected"

    def note(self, note: RunNote, activity: Activity) -> None:
        """Counts what happened, and shows what is waited for."""
        if self.drawn:
            self._progress.update(self._task, waits=sanitize(activity.waits()))
        match note:
            case Happened(event=Said()):
                self._messages += 1
            case Settled(verdict=verdict, bytes=size):
                self._kept += verdict.keep
                self._rejected += not verdict.keep
                self._bytes += size if verdict.keep else 0
            case _:
                return
        seconds = self._seconds
        speed = self._messages / seconds if seconds else 0.0
        self._progress.update(self._task, completed=self._done(), rejected=self._rejected, speed=speed)

    @property
    def _seconds(self) -> float:
        return clock.tick() - self._begun

    def _done(self) -> float:
        return self._kept if self._goal.sessions else self._bytes / 1e6

    def summary(self) -> str:
        """How the run went, in one line."""
        tally = self._journal.tally()
        rules = ", ".join(f"{rule} {n}" for rule, n in list(self._journal.rejections().items())[:4])
        why = f" ({rules})" if tally.rejected else ""
        return (
            f"sessions: {tally.kept} kept, {tally.rejected} rejected{why}, {lines.size(tally.bytes)} of text;"
            f" {self._messages} messages played in {self._seconds:.0f} s"
        )


class BarView:
    """A progress bar, and at the end one line of what came of the run. The other views add to it."""

    silent = False
    """True where the whole screen is taken: no bar, and no lines while the run goes on."""

    def __init__(self, sleep: Sleep = asyncio.sleep) -> None:
        self._bar: ProgressBar | None = None
        self._activity, self._sleep = Activity(), sleep

    def note(self, note: RunNote) -> None:
        """See View."""
        self._activity.note(note)
        if isinstance(note, CallProgress) and note.phase is Phase.NOTICE:
            self.say(f"{note.model}: {note.cause}")
        if self._bar is not None:
            self._bar.note(note, self._activity)

    async def unpaused(self) -> None:
        """A bar is never paused."""

    def say(self, text: str) -> None:
        """See RunView; above the bar."""
        if self._bar is None:
            lines.console(err=True).print(text)
        elif not self.silent:
            self._bar.print(text)

    @asynccontextmanager
    async def open(self, journal: Journal, world: World) -> AsyncIterator[None]:
        """See RunView."""
        self._bar = bar = ProgressBar(journal, silent=self.silent)
        try:
            with bar:
                async with self.shown(journal, world), heartbeat(self._beat, self._sleep):
                    yield
        finally:
            self._bar = None
            lines.console(err=True).print(bar.summary())

    def _beat(self) -> None:
        """A bar moves by itself; a pipe gets a line."""
        if self._bar is not None and not self._bar.drawn and not self.silent:
            self._bar.print(f"{self._bar.counts()}; {self._activity.line()}")

    def shown(self, journal: Journal, world: World) -> AbstractAsyncContextManager[None]:
        """What else is shown while the run goes on."""
        return nullcontext()


class LinesView(BarView):
    """Prints one session after the other as it happens: the one that has been open longest; the others wait in full."""

    def __init__(self, console: Console, *, reasons: bool = False) -> None:
        super().__init__()
        self._console, self._reasons = console, reasons
        self._open: dict[str, list[Event | Settled | NotNeeded]] = {}
        self._sessions: dict[str, AnySession] = {}
        self._shown: str | None = None

    def note(self, note: RunNote) -> None:
        """See View."""
        super().note(note)
        match note:
            case Began(session):
                self._open[session.id], self._sessions[session.id] = [], session
            case Happened(session, event):
                self._open[session.id].append(event)
            case Settled(session) | NotNeeded(session):
                self._open.setdefault(session.id, []).append(note)
                self._sessions[session.id] = session
            case _:
                return
        self._catch_up()

    def _catch_up(self) -> None:
        while self._open:
            if self._shown is None:
                self._shown = next(iter(self._open))
                self._console.print()
                self._console.print(lines.heading(self._sessions[self._shown]))
            ident, session = self._shown, self._sessions[self._shown]
            waiting, self._open[ident] = self._open[ident], []
            for item in waiting:
                if isinstance(item, Settled | NotNeeded):
                    rows = lines.verdict(ident, item.verdict) if isinstance(item, Settled) else lines.not_needed(ident)
                    self._shown = None
                else:
                    rows = lines.event(item, session.setting.lead, reasons=self._reasons)
                for row in rows:
                    self._console.print(row)
            if self._shown is not None:
                return
            del self._open[ident], self._sessions[ident]


class ScreenView(BarView):
    """The dashboard and the sessions on the whole screen."""

    silent = True

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._screen: terminal.Terminal | None = None

    def note(self, note: RunNote) -> None:
        """See View."""
        super().note(note)
        if self._screen is not None:
            self._screen.note(note)

    async def unpaused(self) -> None:
        """See View: `p` pauses."""
        if self._screen is not None:
            await self._screen.unpaused()

    @asynccontextmanager
    async def shown(self, journal: Journal, world: World) -> AsyncIterator[None]:
        """The whole screen, until the block is left."""
        async with terminal.Terminal(self._console, opened(_standing(journal, world))) as self._screen:
            yield


def _standing(journal: Journal, world: World) -> Opened:
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
        {name: {value: row.target for value, row in values.items()} for name, values in shares.items()},
        {name: {value: row.count for value, row in values.items()} for name, values in shares.items()},
    )
