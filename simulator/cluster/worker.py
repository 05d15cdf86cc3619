"""What runs on the machines of a cluster: one process that plays many sessions, step by step.

A session stops before every question that costs something, until it is let go on. Whoever plays a session far from its
journal must not ask a model again before the last answer is on disk there. So the session hands over what it has before
it asks, and waits. An answer can then be lost only while it is under way: one a session at most, the same as where
model and journal share a process.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from simulator import __version__
from simulator.errors import EmError, UsageError
from simulator.events import Event
from simulator.llm.model import CallId, Model, Models, ModelWrapper, Prompt, Reply
from simulator.llm.progress import CallProgress
from simulator.llm.retry import FailureKind, GaveUp
from simulator.plan.session_plan import SessionPlan
from simulator.session.play import play
from simulator.world.world import World


@dataclass(frozen=True, slots=True)
class Paid:
    """An answer to be recorded."""

    prompt: Prompt
    """Without its text, which no record needs: a prompt is as long as the session so far."""
    reply: Reply


@dataclass(frozen=True, slots=True)
class Failed:
    """A question that was given up, to be counted."""

    prompt: Prompt
    """Without its text."""
    failures: tuple[FailureKind, ...]


@dataclass(frozen=True, slots=True)
class SessionStep:
    """What happened between two questions, in this order; to be on disk before the next step is asked for."""

    paid: Paid | None
    """The answer to the question before; None: nothing was asked yet, or it was known."""
    events: tuple[Event, ...]
    over: bool = False
    """There is no next step."""
    error: EmError | None = None
    """Why the session cannot go on; it is then over."""
    failed: Failed | None = None
    """The question that it cannot go on without."""


class Stepwise:
    """One session, step by step. Begins with the first `step()`; `aclose()` where it is left before it is over."""

    def __init__(
        self, plan: SessionPlan, world: World, models: Models, past: Sequence[Event], known: Mapping[CallId, Reply]
    ) -> None:
        """`past`: what happened before. `known`: answers on record, by the call; they cost nothing."""
        self._plan, self._world, self._past = plan, world, past
        self._models = _asked(models, known, self)
        self._paid: Paid | None = None
        self._failed: Failed | None = None
        self._events: list[Event] = []
        self._steps: asyncio.Queue[SessionStep | Exception] = asyncio.Queue()
        self._go = asyncio.Event()
        self._playing: asyncio.Task[None] | None = None

    async def step(self) -> SessionStep:
        """Goes on up to the next question. To be called once at a time. Raises what is not foreseen."""
        if self._playing is None:
            self._playing = asyncio.create_task(self._play())
        self._go.set()
        step = await self._steps.get()
        if isinstance(step, Exception):
            raise step
        return step

    async def aclose(self) -> None:
        """Ends the session where it is. Safe to call twice."""
        if self._playing is not None:
            self._playing.cancel()
            with suppress(asyncio.CancelledError):
                await self._playing

    async def ask(self, model: Model, prompt: Prompt) -> Reply:
        """The model's answer, when everything before is handed over."""
        if self._paid is not None or self._events:
            self._go.clear()
            self._steps.put_nowait(self._collected())
            await self._go.wait()
        bare = replace(prompt, text="", messages=())
        try:
            reply = await model.reply(prompt)
        except GaveUp as error:
            self._failed = Failed(bare, error.failures)
            raise
        self._paid = Paid(bare, reply)
        return reply

    async def _play(self) -> None:
        try:
            async with aclosing(play(self._plan, self._world, self._models, self._past)) as session:
                async for event in session:
                    self._events.append(event)
            last: SessionStep | Exception = replace(self._collected(), over=True)
        except EmError as error:
            last = replace(self._collected(), over=True, error=error, failed=self._failed)
        except Exception as fault:  # a fault of ours: it belongs to whoever waits for the step
            last = fault
        self._steps.put_nowait(last)

    def _collected(self) -> SessionStep:
        step = SessionStep(self._paid, tuple(self._events))
        self._paid, self._events = None, []
        return step


class _AskedModel(ModelWrapper):
    """A model of one session, asked when everything before is handed over."""

    def __init__(self, inner: Model, known: Mapping[CallId, Reply], session: Stepwise) -> None:
        super().__init__(inner)
        self._known, self._session = known, session

    async def reply(self, prompt: Prompt) -> Reply:
        """The answer on record, or the model's. Raises what the model raises."""
        known = self._known.get(prompt.call_id)
        return await self._session.ask(self.inner, prompt) if known is None else known


def _asked(models: Models, known: Mapping[CallId, Reply], session: Stepwise) -> Models:
    """Those who play; the judge sits with the journal."""
    return replace(models.map(lambda model: _AskedModel(model, known, session)), judge=None)


Opening = Callable[[], Awaitable[Models]]
"""Opens the models; it travels, so it names a function of the program and plain arguments."""


_latest: dict[tuple[str, str], CallProgress] = {}
"""What each call of this process waits for, by session and call; a worker is alone in its process."""


def take_note(progress: CallProgress) -> None:
    """The listener of the models in a worker: keeps the last note of each call until somebody asks for it."""
    _latest[progress.session, progress.call] = progress


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

    async def progress(self) -> list[CallProgress]:
        """What the calls under way wait for, as far as it has changed since this was last asked."""
        notes = list(_latest.values())
        _latest.clear()
        return notes

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
