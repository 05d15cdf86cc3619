"""Worker pool: how many sessions are played at once, and on which machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from types import ModuleType

from simulator.cluster import stage
from simulator.cluster.stage import Cluster, ClusterSize, ClusterWatcher
from simulator.cluster.worker import take_note
from simulator.journal.journal import Journal
from simulator.journal.model_choice import ModelChoice
from simulator.llm.model import Prompt, Reply
from simulator.llm.registry import EMBEDDED, GGUF, SCRIPTED
from simulator.runs.notes import Answered, CallEnded, RunNote, RunView
from simulator.runs.opening import models_opening
from simulator.runs.request import Execution
from simulator.runs.session_runner import SessionRunner
from simulator.world.world import World

LOCAL_CONCURRENCY = 4
HOSTED_CONCURRENCY = 8
"""Sessions at once for each worker, where nothing was asked for."""
MAX_SLOTS = 8
"""Sessions at once that one embedded server keeps in mind."""


class WorkerPool:
    """Whoever will play a run."""

    def __init__(
        self,
        choice: ModelChoice,
        concurrency: int | None,
        ray: ModuleType | None = None,
        processors: Sequence[int] = (),
    ) -> None:
        """`ray`: the connected library, with the processors of each machine; None: this process plays."""
        self._ray, self._choice = ray, choice
        players = (choice.people, choice.leads)
        local = all(map(_is_local, (*players, choice.judges or SCRIPTED, choice.guards or SCRIPTED)))
        each = LOCAL_CONCURRENCY if local else HOSTED_CONCURRENCY
        workers, per_worker = 1, 1
        if ray is not None:
            # Weights are served by all of a machine's processors, so one worker has the machine; else each has one.
            per_worker = min(processors, default=1) if any(map(_has_weights, players)) else 1
            workers = max(1, sum(count // per_worker for count in processors))
        self.concurrency = concurrency or each * workers
        """Sessions at once, in all."""
        self._size = ClusterSize(min(workers, self.concurrency), per_worker)
        self.slots = min(-(-self.concurrency // self._size.workers), MAX_SLOTS)
        """Of them, those at one embedded server."""

    def runner(
        self, journal: Journal, world: World, view: RunView, note: Callable[[RunNote], None]
    ) -> AbstractAsyncContextManager[SessionRunner | None]:
        """Where the run's sessions are played; None: in this process. `note` hears what happens to calls elsewhere."""
        if self._ray is None:
            return nullcontext()

        def answered(prompt: Prompt, reply: Reply) -> None:
            note(CallEnded(prompt))
            note(Answered.to(prompt, reply))

        watcher = ClusterWatcher(answered, note, view.unpaused, view.say)
        opening = models_opening(self._choice, world, self.slots, take_note)
        return Cluster(self._ray, journal, world, opening, self._size, watcher)


def _has_weights(name: str) -> bool:
    """True if the model is served where the sessions are played."""
    return name == EMBEDDED or name.startswith(GGUF)


def _is_local(name: str) -> bool:
    return name == SCRIPTED or _has_weights(name)


@contextmanager
def open_pool(choice: ModelChoice, execution: Execution, view: RunView) -> Iterator[WorkerPool]:
    """Connects where that is wanted. Raises UsageError if Ray is missing, ProviderError if no cluster answers."""
    engine = execution.engine
    if not engine.ray:
        yield WorkerPool(choice, execution.concurrency)
        return
    with stage.connected(engine.address) as ray:
        processors = stage.processors(ray)
        machines = "machine" if len(processors) == 1 else "machines"
        view.say(f"ray: {len(processors)} {machines}, {sum(processors)} processors")
        yield WorkerPool(choice, execution.concurrency, ray, processors)
