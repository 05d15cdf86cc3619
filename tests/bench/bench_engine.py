"""What the engine itself costs: CPU per message with the scripted model, flat in n; memory of many sessions at once.

    python tests/bench/bench_engine.py

Prints one JSON object. `cpu_ms_per_message` is everything but the model: scheduler, prompts, manners, journal, filters.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulator.journal.journal import Journal
from simulator.journal.recorded_model import recorded
from simulator.llm.model import Models, Prompt, PromptFormat, Reply
from simulator.llm.scripted import Scripted
from simulator.plan.planner import single
from simulator.runs.admission import RunLimits
from simulator.runs.run import Run
from simulator.session.play import play
from tests import builders
from tests.worlds import card, shipped


class Timed:
    """The scripted model, with the time it takes kept apart and its calls counted."""

    def __init__(self, dialect: PromptFormat) -> None:
        self._inner = Scripted(dialect=dialect)
        self.name, self.dialect, self.context, self.cpu, self.calls = "scripted", dialect, None, 0.0, 0

    async def reply(self, prompt: Prompt) -> Reply:
        begun = time.process_time()
        reply = await self._inner.reply(prompt)
        self.cpu += time.process_time() - begun
        self.calls += 1
        return reply

    async def aclose(self) -> None:
        pass


async def _session(n: int, seed: int, dialect: PromptFormat, folder: Path) -> tuple[float, int, int]:
    """(CPU seconds without the model, messages, calls) of one recorded session of n messages."""
    world, model = shipped(), Timed(dialect)
    # The planner's lengths are the quota's; a session of any n is the same plan with beats and people left in.
    plan = single(world, seed, engagement="LOW", messages=n if n in range(10, 21) else max(80, n))
    if n == 40:
        plan = builders.changed(plan, messages=40, lead_messages=3, beats=(), expect=(), presence=())
    said = 0
    with Journal.create(folder / f"{dialect}-{n}-{seed}", card(sessions=1)) as journal:
        journal.begin(plan)
        models = recorded(Models(model, model), journal, plan.id)
        begun = time.process_time()
        async for event in play(plan, world, models):
            journal.event(plan.id, event)
            said += event.kind == "said"
        return time.process_time() - begun - model.cpu, said, model.calls


def _per_message(n: int, dialect: PromptFormat, folder: Path) -> dict[str, float]:
    rows = [asyncio.run(_session(n, seed, dialect, folder)) for seed in range(1, max(4, 400 // n))]
    cpu, said, calls = (sum(column) for column in zip(*rows, strict=True))
    return {"cpu_ms_per_message": round(cpu / said * 1000, 4), "calls_per_message": round(calls / said, 3)}


def _many(sessions: int, folder: Path) -> dict[str, float]:
    """All of them open at once, played to the end."""
    with Journal.create(folder / "many", card(sessions=sessions)) as journal:
        model = Scripted()
        begun = time.perf_counter()
        asyncio.run(Run(journal, shipped(), Models(model, model), RunLimits(sessions)).go())
        seconds = time.perf_counter() - begun
        messages = sum(row.plan.messages for row in journal.sessions())
    return {
        "sessions_at_once": sessions,
        "messages": messages,
        "messages_per_second": round(messages / seconds, 1),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for dialect in PromptFormat:  # patterns are compiled once a process
            asyncio.run(_session(12, 99, dialect, folder))
        engine = {
            dialect.value: {str(n): _per_message(n, dialect, folder) for n in (12, 40, 100)} for dialect in PromptFormat
        }
        print(json.dumps({"benchmark": "engine", "engine": engine, "many": _many(200, folder)}))


if __name__ == "__main__":
    main()
