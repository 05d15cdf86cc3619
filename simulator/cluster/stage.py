"""Cluster runner: sessions are spread over them, and the lost ones go on elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from simulator import __version__
from simulator.cluster.connection import PLACE
from simulator.cluster.worker import Opening, Worker
from simulator.errors import EmError, ProviderError
from simulator.events import Event
from simulator.journal.journal import Journal
from simulator.llm.model import Prompt, Reply
from simulator.plan.session_plan import SessionPlan
from simulator.world.world import World

LOSSES = 8
"""Workers that a session may lose; it may be what kills them."""
STARTS = 3
"""Workers in a row that may die before they are ready; it is then not chance."""
GREETING = 15.0
"""Seconds for which sessions wait for all workers, so that they are spread evenly; then they begin on those there."""
GOODBYE = 5.0
"""Seconds that the workers have to stop what they started, such as an embedded server."""


@dataclass(frozen=True, slots=True)
class ClusterSize:
    """How many workers there are."""

    workers: int
    processors: int = 1
    """Of one machine, for each worker."""


def _ignore(*_: object) -> None:
    """Nobody listens."""


async def _go_on() -> None:
    """Nobody pauses."""


@dataclass(frozen=True, slots=True)
class ClusterWatcher:
    """Who hears what happens on a cluster."""

    answered: Callable[[Prompt, Reply], None] = _ignore
    """Hears every answer."""
    unpaused: Callable[[], Awaitable[None]] = _go_on
    """Returns when questions may be asked."""
    say: Callable[[str], None] = _ignore
    """Gets a line for people when workers come late or are lost."""


class _Seat:
    """One worker that is ready, seen from here."""

    def __init__(self, actor: Any) -> None:
        self.actor, self.sessions = actor, 0
        self.lost = asyncio.Event()


class Cluster:
    """Plays sessions on other machines. An async context manager; each worker that is lost is replaced.

    A session is a row of calls to one worker: each plays it from one question to a model up to the next, and the next
    is made when the journal here holds the answer and the events of the last. Ray itself repeats nothing.
    """

    def __init__(
        self,
        ray: ModuleType,
        journal: Journal,
        world: World,
        opening: Opening,
        size: ClusterSize,
        watcher: ClusterWatcher = ClusterWatcher(),
    ) -> None:
        """`ray`: the connected library. `opening` opens the models, once in each worker."""
        self._ray, self._journal, self._opening = ray, journal, opening
        self._watcher, self._count = watcher, size.workers
        self._actor = ray.remote(Worker).options(
            num_cpus=size.processors, max_restarts=0, max_task_retries=0, max_concurrency=10_000,
            scheduling_strategy="SPREAD",
        )  # fmt: skip
        self._world = ray.put(world)
        self._lost = (
            ray.exceptions.RayActorError,
            ray.exceptions.WorkerCrashedError,
            ray.exceptions.NodeDiedError,
            ray.exceptions.ObjectLostError,
        )
        self._ready: list[_Seat] = []
        self._news = asyncio.Event()
        """Set, and replaced, whenever a worker is ready or the cluster is of no use."""
        self._error: EmError | None = None
        self._staffing: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Cluster:
        self._staffing = [asyncio.create_task(self._staff()) for _ in range(self._count)]
        with suppress(TimeoutError):
            async with asyncio.timeout(GREETING):
                while len(self._ready) < self._count and self._error is None:
                    await self._news.wait()
        if not self._ready and self._error is None:
            self._watcher.say("ray: waiting for a machine with room")
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for task in self._staffing:
            task.cancel()
        await asyncio.gather(*self._staffing, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE):
                leaving = [seat.actor.close.remote() for seat in self._ready]
                await asyncio.gather(*leaving, return_exceptions=True)
        for seat in self._ready:
            self._ray.kill(seat.actor)

    async def play(self, plan: SessionPlan, past: Sequence[Event]) -> AsyncGenerator[Event, None]:
        """See `runs.session_runner.SessionRunner`."""
        done = list(past)
        for _ in range(LOSSES):
            seat = await self._seat()
            seat.sessions += 1
            over = False
            try:
                step = await seat.actor.begin.remote(plan, tuple(done), self._journal.replies(plan.id))
                while True:
                    if step.paid is not None:
                        self._journal.call(plan.id, step.paid.prompt, step.paid.reply)
                        self._watcher.answered(step.paid.prompt, step.paid.reply)
                    for event in step.events:
                        done.append(event)
                        yield event
                    over = step.over
                    if step.failed is not None:
                        self._journal.failed(plan.id, step.failed.prompt, step.failed.failures)
                    if step.error is not None:
                        raise step.error
                    if over:
                        return
                    await self._watcher.unpaused()
                    step = await seat.actor.go_on.remote(plan.id)
            except self._lost:
                self._lose(seat)
            finally:
                seat.sessions -= 1
                if not over and not seat.lost.is_set():
                    seat.actor.drop.remote(plan.id)
        raise ProviderError(f"{plan.id}: {LOSSES} workers died under it", place=PLACE, remedy="see Ray's own logs")

    async def _seat(self) -> _Seat:
        """The worker with the fewest sessions, when there is one."""
        while not self._ready:
            if self._error is not None:
                raise self._error
            await self._news.wait()
        return min(self._ready, key=lambda seat: seat.sessions)

    async def _staff(self) -> None:
        """Keeps one place filled with a worker; Ray finds a machine for it, as soon as one has room."""
        failed = 0
        while True:
            actor = self._actor.remote(self._world, self._opening, Path.cwd())
            try:
                error = await actor.open.remote(__version__)
            except self._lost as lost:
                failed += 1
                if failed == STARTS:
                    cause = f"a worker could not start: {' '.join(str(lost).split())[:300]}"
                    remedy = f"emsim {__version__} must be installed on every machine"
                    return self._give_up(ProviderError(cause, place=PLACE, remedy=remedy))
                continue
            except asyncio.CancelledError:
                self._ray.kill(actor)
                raise
            if error is not None:
                return self._give_up(error)
            failed = 0
            seat = _Seat(actor)
            self._ready.append(seat)
            self._spread_news()
            await seat.lost.wait()

    def _lose(self, seat: _Seat) -> None:
        """The worker does not answer. If it still lives it must not go on: others have its sessions now."""
        if seat.lost.is_set():
            return
        seat.lost.set()
        self._ready.remove(seat)
        self._ray.kill(seat.actor)
        elsewhere = "elsewhere" if self._ready else "when there is room for another"
        self._watcher.say(f"ray: a worker is lost; its {seat.sessions} sessions go on {elsewhere}")

    def _give_up(self, error: EmError) -> None:
        self._error = self._error or error
        self._spread_news()

    def _spread_news(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
