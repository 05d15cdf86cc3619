"""Sessions a second in one process and on Ray clusters of one and two machines, and what Ray costs a message.

    python tests/bench/bench_cluster.py [SESSIONS]

Prints one JSON object. The machines are nodes of a local cluster with one processor each. `scripted` is the engine
alone, so it is bound by processors; `waiting` asks a loopback server, in a process of its own, that takes 50 ms an
answer; 32 sessions at once. `own_cpu_ms` is the CPU of the process that holds the journal, a message; with Ray it holds
the journal and the filters, and play is elsewhere. `start_s`: until the workers are ready, the models opened.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulator.cluster.stage import Cluster, ClusterSize, connected, library
from simulator.journal.journal import Journal
from simulator.llm.model import Models
from simulator.llm.registry import open_models
from simulator.runs.admission import RunLimits
from simulator.runs.run import Run
from tests import till
from tests.worlds import card, scripted, shipped

LATENCY = 0.05
AT_ONCE = 32
STORE = 75 << 20
SERVER = f"""
import asyncio
from tests import till
async def main():
    async with till.till(seconds={LATENCY}) as server:
        print(server.base, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
Opening = Callable[[], Awaitable[Models]]


@contextmanager
def _served() -> Iterator[str]:
    root = Path(__file__).resolve().parents[2]
    server = subprocess.Popen([sys.executable, "-c", SERVER], cwd=root, stdout=subprocess.PIPE, text=True)
    try:
        yield server.stdout.readline().strip()
    finally:
        server.kill()
        server.wait()


async def _go(folder: Path, sessions: int, opening: Opening, ray: Any, machines: int) -> dict[str, float]:
    begun = time.perf_counter()
    with Journal.create(folder, card(sessions=sessions, length="short")) as journal:
        if ray is None:
            models = await opening()
            row = await _timed(Run(journal, shipped(), models, RunLimits(AT_ONCE)), journal, begun)
            await models.aclose()
            return row
        async with Cluster(ray, journal, shipped(), opening, ClusterSize(machines)) as stage:
            return await _timed(Run(journal, shipped(), scripted(), RunLimits(AT_ONCE), runner=stage), journal, begun)


async def _timed(run: Run, journal: Journal, begun: float) -> dict[str, float]:
    ready, cpu = time.perf_counter(), time.process_time()
    await run.go()
    seconds, own = time.perf_counter() - ready, time.process_time() - cpu
    messages = sum(sum(said.values()) for said in journal.said().values())
    return {
        "start_s": round(ready - begun, 2),
        "sessions_per_s": round(journal.tally().kept / seconds, 2),
        "messages_per_s": round(messages / seconds, 1),
        "own_cpu_ms": round(own / messages * 1000, 3),
    }


def main(sessions: int) -> None:
    opened = {"scripted": partial(open_models, "scripted", None, None)}
    with tempfile.TemporaryDirectory() as name, _served() as base:
        opened["waiting"] = partial(till.opened, base)
        folder = Path(name)
        asyncio.run(_go(folder / "warm", 4, opened["scripted"], None, 0))  # patterns are compiled once a process
        rows = {
            kind: {"one process": asyncio.run(_go(folder / kind, sessions, opening, None, 0))}
            for kind, opening in opened.items()
        }
        os.environ["RAY_AUTH_MODE"] = "disabled"
        library()
        from ray.cluster_utils import Cluster as Machines

        cluster = Machines(
            initialize_head=True,
            head_node_args={"num_cpus": 0, "object_store_memory": STORE, "include_dashboard": False},
        )
        try:
            for machines in (1, 2):
                cluster.add_node(num_cpus=1, object_store_memory=STORE)
                with connected(cluster.address) as ray:
                    for kind, opening in opened.items():
                        place = folder / f"{kind}-{machines}"
                        row = asyncio.run(_go(place, sessions, opening, ray, machines))
                        rows[kind][f"ray, {machines} nodes"] = row
        finally:
            cluster.shutdown()
    print(json.dumps({"benchmark": "cluster", "sessions": sessions, "at_once": AT_ONCE, "rows": rows}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
