"""--engine and --address: where sessions are played."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import options

if TYPE_CHECKING:
    from simulator.journal.journal import Journal
    from simulator.llm.model import Prompt, Reply
    from simulator.runs.run import SessionRunner
    from simulator.world.world import World

LOCAL_CONCURRENCY = 4
HOSTED_CONCURRENCY = 8
MOST_SLOTS = 8
"""Sessions at once that one embedded server keeps in mind."""


@dataclass(frozen=True, slots=True)
class Engine:
    """As the command line names it."""

    ray: bool = False
    address: str | None = None
    """Of a cluster that runs already; None: one of this machine alone, for this run alone."""


HERE = Engine()


def engine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--engine and --address as one argument, `engine`."""

    @wraps(command)
    def collected(*arguments: Any, engine: str, address: str | None, **others: Any) -> Any:
        if address is not None and engine != "ray":
            raise click.UsageError("--address names a Ray cluster: give --engine ray with it")
        if address is not None and not re.fullmatch(r"auto|(ray://)?[^\s/]+:\d{1,5}", address):
            raise click.UsageError(f"--address `{address}`: write auto, HOST:PORT or ray://HOST:PORT")
        return command(*arguments, engine=Engine(engine == "ray", address), **others)

    for option in (
        click.option(
            "--address",
            metavar="ADDRESS",
            help="Of a Ray cluster: `auto`, HOST:PORT, ray://HOST:PORT. Default: one on this machine, for this run.",
        ),
        click.option(
            "--engine",
            type=click.Choice(["local", "ray"]),
            default="local",
            show_default=True,
            help="Play sessions in this process, or on the machines of a Ray cluster.",
        ),
    ):
        collected = option(collected)
    return collected


class WorkerPool:
    """Whoever will play a run: how many sessions at once, and on which stage."""

    def __init__(
        self, names: options.Names, concurrency: int | None, ray: Any = None, processors: Sequence[int] = ()
    ) -> None:
        """`ray`: the connected library, with the processors of each machine; None: this process plays."""
        self._ray, self._names = ray, names
        players, judge = (names["people"], names["lead"]), names["judge"]
        each = LOCAL_CONCURRENCY if all(map(_no_provider, (*players, judge))) else HOSTED_CONCURRENCY
        workers = 1
        if ray is not None:
            # Weights are served by all of a machine's processors, so one worker has the machine; else each has one.
            self._processors = min(processors, default=1) if any(map(_weights, players)) else 1
            workers = max(1, sum(count // self._processors for count in processors))
        self.concurrency = concurrency or each * workers
        """Sessions at once, in all."""
        self._workers = min(workers, self.concurrency)
        self.slots = min(-(-self.concurrency // self._workers), MOST_SLOTS)
        """Of them, those at one embedded server."""

    def stage(
        self,
        journal: Journal,
        world: World,
        *,
        tell: Callable[[Prompt, Reply], None],
        gate: Callable[[], Awaitable[None]] | None,
        say: Callable[[str], None],
    ) -> AbstractAsyncContextManager[SessionRunner | None]:
        """Where the run's sessions are played; None: in this process. See `cluster.stage.Cluster`."""
        if self._ray is None:
            return nullcontext()
        from simulator.cluster.stage import Cluster

        return Cluster(
            self._ray,
            journal,
            world,
            options.opening(self._names, world, self.slots),
            workers=self._workers,
            processors=self._processors,
            tell=tell,
            gate=gate,
            say=say,
        )


def _weights(name: str | None) -> bool:
    """True if the model is served where the sessions are played."""
    return name is not None and (name == options.EMBEDDED or name.startswith("gguf:"))


def _no_provider(name: str | None) -> bool:
    return name is None or _weights(name)


@contextmanager
def worker_pool(engine: Engine, names: options.Names, concurrency: int | None) -> Iterator[WorkerPool]:
    """Connects where that is wanted. Raises UsageError if Ray is missing, ProviderError if no cluster answers."""
    if not engine.ray:
        yield WorkerPool(names, concurrency)
        return
    from simulator.cluster import connection

    with connection.connected(engine.address) as ray:
        processors = connection.processors(ray)
        machines = "machine" if len(processors) == 1 else "machines"
        click.echo(f"ray: {len(processors)} {machines}, {sum(processors)} processors", err=True)
        yield WorkerPool(names, concurrency, ray, processors)
