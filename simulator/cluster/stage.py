"""The Ray cluster and its workers: sessions are spread over them, and those of a lost worker go on elsewhere."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from simulator import __version__
from simulator.cluster.worker import Opening, Worker
from simulator.errors import EmError, ProviderError, UsageError
from simulator.events import Event
from simulator.journal.journal import Journal
from simulator.llm.model import Prompt, Reply
from simulator.llm.progress import CallProgress
from simulator.llm.provider_errors import redact
from simulator.plan.session_plan import SessionPlan
from simulator.world.world import World

PLACE = "--engine ray"
STORE = 100 << 20
"""Bytes of a local cluster's object store, near Ray's least; the largest thing in it is the world, under one MB."""

KNOCK = 10.0
"""Seconds in which a cluster must take a connection."""


@cache
def library() -> ModuleType:
    """Ray, silent, and without its telemetry."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else it warns of a change that is to come
    try:
        import ray
    except ImportError:
        remedy = "install it with `pip install 'emsim[ray]'`"
        raise UsageError("Ray is not installed", place=PLACE, remedy=remedy) from None
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    return ray


@contextmanager
def connected(address: str | None) -> Iterator[ModuleType]:
    """Ray, connected to the cluster at `address`; None: to one of this machine alone, which ends with the block.

    `address` is what Ray takes: `auto`, `HOST:PORT` or `ray://HOST:PORT`. Raises ProviderError if none answers there.
    """
    quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL, "configure_logging": False}
    if address is not None:
        ray = library()
        with _translated(f"--address {address}", "is a cluster running there? `ray start --head` begins one"):
            _knock(address)
            ray.init(address=address, **quiet)
        try:
            yield ray
        finally:
            ray.shutdown()
        return
    # A password for this cluster alone, in no file: else Ray writes one into the user's home.
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    ray = library()
    with tempfile.TemporaryDirectory(prefix="em-", ignore_cleanup_errors=True) as folder:
        with _translated(PLACE, "is TMPDIR a short path, and is there memory? --address names another cluster"):
            ray.init(
                address="local",
                include_dashboard=False,
                object_store_memory=STORE,
                _temp_dir=folder,
                _node_ip_address="127.0.0.1",
                **quiet,
            )
        try:
            yield ray
        finally:
            ray.shutdown()


def processors(ray: ModuleType) -> list[int]:
    """Of every machine of the cluster that takes work: how many processors Ray may use there."""
    counts = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    return sorted(count for count in counts if count > 0)


def _knock(address: str) -> None:
    """Raises OSError if nobody listens; Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK).close()


@contextmanager
def _translated(place: str, remedy: str) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        # The first sentence: what follows speaks of options of Ray's own.
        first = (redact(str(error)).splitlines() or [""])[0].partition(". ")[0].rstrip(".")
        cause = first[:200] or type(error).__name__
        raise ProviderError(cause, place=place, remedy=remedy) from None


LOSSES = 8
"""Workers that a session may lose; it may be what kills them."""
STARTS = 3
"""Workers in a row that may die before they are ready; it is then not chance."""
GREETING = 15.0
"""Seconds for which sessions wait for all workers, so that they are spread evenly; then they begin on those there."""
LOOK = 2.0
"""Seconds between two questions to a worker what its calls wait for."""
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
    waits: Callable[[CallProgress], None] = _ignore
    """Hears what calls wait for, every LOOK seconds."""
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
        self._asking: dict[str, str] = {}
        """By session that a worker plays: its last call that was answered; what is told of that is over."""
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
            self._asking[plan.id] = ""
            try:
                step = await seat.actor.begin.remote(plan, tuple(done), self._journal.replies(plan.id))
                while True:
                    if step.paid is not None:
                        self._asking[plan.id] = str(step.paid.prompt.call_id)
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
                self._asking.pop(plan.id, None)
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
            await self._listen(seat)

    async def _listen(self, seat: _Seat) -> None:
        """Passes on what the worker's calls wait for, until the worker is lost."""
        while not seat.lost.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(seat.lost.wait(), LOOK)
            try:
                notes = await seat.actor.progress.remote()
            except self._lost:
                self._lose(seat)
                return
            for note in notes:
                if self._asking.get(note.session) not in (None, note.call) or not note.session:
                    self._watcher.waits(replace(note, elsewhere=True))

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
