"""Run view: what a run, or a single session, shows itself through; the terminal's views have this shape."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol

from simulator.journal.journal import Journal
from simulator.runs.notes import RunNote
from simulator.world.world import World


class View(Protocol):
    """Hears what happens, and may make it wait."""

    def note(self, note: RunNote) -> None:
        """Something happened."""
        ...

    async def unpaused(self) -> None:
        """Returns when questions may be sent to models; at once, unless somebody paused the view."""
        ...


class RunView(View, Protocol):
    """A view of a run."""

    def open(self, journal: Journal, world: World) -> AbstractAsyncContextManager[None]:
        """The run is shown while this block lasts; leaving it shows how the run went, however it ended."""
        ...

    def say(self, text: str) -> None:
        """One line for people; may be called before `open`."""
        ...


class SessionView(View, Protocol):
    """A view of a single session."""

    def open(self, world: World) -> AbstractAsyncContextManager[None]:
        """The session is shown while this block lasts."""
        ...


class Unseen:
    """A RunView and SessionView that shows nothing."""

    def note(self, note: RunNote) -> None:
        """Nothing is shown."""

    async def unpaused(self) -> None:
        """Never paused."""

    def say(self, text: str) -> None:
        """Nothing is shown."""

    def open(self, *shown: object) -> AbstractAsyncContextManager[None]:
        """Nothing is shown."""
        return nullcontext()
