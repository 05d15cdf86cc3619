"""Views of a single session: its events as JSON or as lines, or the whole screen."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from rich.console import Console
from rich.text import Text

from simulator.events import EVENT, Event
from simulator.llm.model import Prompt, Reply
from simulator.llm.progress import CallProgress, Phase
from simulator.plan.session_plan import AnySession
from simulator.runs.activity import Activity
from simulator.runs.notes import Answered, Asking, Began, Happened, RunNote, Settled
from simulator.tui import lines, terminal
from simulator.tui.run_views import Sleep, heartbeat
from simulator.tui.state import Opened, Over, Pressed, opened
from simulator.world.world import World


class PlainView:
    """Says on stderr what is waited for, every half minute; what else is said is for the views below."""

    def __init__(self, sleep: Sleep = asyncio.sleep) -> None:
        self._activity, self._sleep = Activity(), sleep
        self._stderr = lines.console(err=True)

    def note(self, note: RunNote) -> None:
        """See View."""
        self._activity.note(note)
        if isinstance(note, CallProgress) and note.phase is Phase.NOTICE:
            self._stderr.print(f"{note.model}: {note.cause}")

    async def unpaused(self) -> None:
        """Never paused."""

    def open(self, world: World) -> AbstractAsyncContextManager[None]:
        """See SessionView."""
        return heartbeat(lambda: self._stderr.print(self._activity.line()), self._sleep)


class JsonView(PlainView):
    """Writes every event as one line of JSON, at once."""

    def note(self, note: RunNote) -> None:
        """See View."""
        super().note(note)
        if isinstance(note, Happened):
            sys.stdout.write(EVENT.dump_json(note.event).decode() + "\n")
            sys.stdout.flush()


class PrintedView(PlainView):
    """Prints heading, events and verdict as lines."""

    def __init__(self, console: Console, *, at_once: bool, reasons: bool, prompts: bool) -> None:
        """`at_once`: every event as it happens, instead of all at the end. `reasons`: why each speaker was chosen, and
        tries that were refused. `prompts`: every prompt and answer as well, always at once.
        """
        super().__init__()
        self._console, self._at_once, self._reasons, self._prompts = console, at_once, reasons, prompts
        self._waiting: list[Event] = []

    def note(self, note: RunNote) -> None:
        """See View."""
        super().note(note)
        match note:
            case Began(session):
                self._console.print(lines.heading(session))
            case Happened(session, event):
                self._waiting.append(event)
                if self._at_once:
                    self._catch_up(session)
            case Settled(session, verdict):
                self._catch_up(session)
                for row in lines.verdict(session.id, verdict):
                    self._console.print(row)
            case Asking(prompt) if self._prompts:
                self._print_prompt(prompt)
            case Answered(_, reply) if self._prompts:
                self._print_reply(reply)

    def _catch_up(self, session: AnySession) -> None:
        for event in self._waiting:
            for row in lines.event(event, session.setting.lead, reasons=self._reasons):
                self._console.print(row)
        self._waiting.clear()

    def _print_prompt(self, prompt: Prompt) -> None:
        parts = [prompt.text] if prompt.text is not None else [f"[{m.role}] {m.content}" for m in prompt.messages]
        for part in parts:
            for row in part.splitlines():
                self._console.print(Text(f"    | {row}", style="dim cyan"))

    def _print_reply(self, reply: Reply) -> None:
        usage = reply.usage
        figures = f"{usage.prompt} prompt ({usage.cached} cached), {usage.completion} completion tokens"
        self._console.print(Text(f"    > {reply.text.strip()!r} ({figures}, {reply.seconds:.2f} s)", style="cyan"))


class ScreenSessionView:
    """Shows the session on the whole screen, which stays until somebody leaves it; then all of it in lines."""

    def __init__(self, console: Console, *, reasons: bool) -> None:
        self._console, self._reasons = console, reasons
        self._after = PrintedView(console, at_once=False, reasons=reasons, prompts=False)
        self._notes: list[RunNote] = []
        """For the lines at the end."""
        self._screen: terminal.Terminal | None = None

    def note(self, note: RunNote) -> None:
        """See View."""
        self._notes.append(note)
        if self._screen is not None:
            self._screen.note(note)

    async def unpaused(self) -> None:
        """See View: `p` pauses."""
        if self._screen is not None:
            await self._screen.unpaused()

    @asynccontextmanager
    async def open(self, world: World) -> AsyncIterator[None]:
        """See SessionView."""
        state = opened(Opened("em simulate", world.engagement.bands))
        async with terminal.Terminal(self._console, state) as self._screen:
            if self._reasons:
                self._screen.note(Pressed("r"))
            yield
            self._screen.note(Over())
            await self._screen.left.wait()
        for note in self._notes:
            self._after.note(note)
