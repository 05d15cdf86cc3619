"""What runs on the machines of a cluster: one process that plays many sessions, step by step."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from simulator import __version__
from simulator.cluster.stepwise import SessionStep, Stepwise
from simulator.errors import EmError, UsageError
from simulator.events import Event
from simulator.llm.model import CallId, Models, Reply
from simulator.plan.session_plan import SessionPlan
from simulator.world.world import World

Opening = Callable[[], Awaitable[Models]]
"""Opens the models; it travels, so it names a function of the program and plain arguments."""


class Worker:
    """An async Ray actor: the models are opened once, and all sessions share them, one pace and one embedded server.

    No key travels here: a provider's key is read from the environment in which this machine's Ray was started.
    """

    def __init__(self, world: World, opening: Opening, folder: Path) -> None:
        """`folder`: where the run was begun, which relative paths start from if this machine has it too."""
        self._world, self._opening, self._folder = world, opening, folder
        self._models: Models | None = None
        self._sessions: dict[str, Stepwise] = {}

    async def open(self, version: str) -> EmError | None:
        """Gets ready. Returns what a user can mend: a missing key or file, or another version of the program."""
        if version != __version__:
            cause = f"this machine has emsim {__version__}, the run was begun with {version}"
            return UsageError(cause, place="--engine ray", remedy="install the same on every machine")
        with suppress(OSError):
            os.chdir(self._folder)
        try:
            self._models = await self._opening()
        except EmError as error:
            return error
        return None

    async def begin(self, plan: SessionPlan, past: Sequence[Event], known: Mapping[CallId, Reply]) -> SessionStep:
        """The first step of a session, or of what is left of it."""
        assert self._models is not None
        self._sessions[plan.id] = Stepwise(plan, self._world, self._models, past, known)
        return await self.go_on(plan.id)

    async def go_on(self, session: str) -> SessionStep:
        """The next step; everything before it is on disk."""
        step = await self._sessions[session].step()
        if step.over:
            del self._sessions[session]
        return step

    async def drop(self, session: str) -> None:
        """The session is not wanted any more."""
        if (left := self._sessions.pop(session, None)) is not None:
            await left.aclose()

    async def close(self) -> None:
        """Ends all sessions and closes the models."""
        for session in list(self._sessions):
            await self.drop(session)
        if self._models is not None:
            await self._models.aclose()
