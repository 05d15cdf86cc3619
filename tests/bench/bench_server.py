"""What a message costs on the embedded server: prompt tokens that no cache held, from the server's own counts.

    python tests/bench/bench_server.py [12 40 100]

Prints one JSON object. `beyond_newest` is uncached prompt tokens a message, less the tokens of the message before it:
what the layout of the prompt costs. The first call of a session reads the cards and is given on its own.
`wall_over_decoding` is the wall time of the sessions after their first calls, beside what the server says it spent on
making their tokens: 1 where nobody waits and nothing is read. `load` is the machine's at the end: seconds mean little
where anything else runs.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import itertools

from simulator.llm.model import Models, Prompt, PromptFormat, Reply
from simulator.llm.registry import OpenOptions, open_models
from simulator.plan.planner import single
from simulator.plan.session_plan import SessionPlan
from simulator.session.play import play
from tests import builders
from tests.worlds import shipped


class Meter:
    """Keeps the usage of every call of one session."""

    def __init__(self, models: Models) -> None:
        self._inner = models.people
        self.name, self.dialect, self.context = self._inner.name, self._inner.dialect, self._inner.context
        self.replies: list[Reply] = []
        self.first = self.last = 0.0
        """When the first answer was there, and the last one."""

    async def reply(self, prompt: Prompt) -> Reply:
        reply = await self._inner.reply(prompt)
        self.replies.append(reply)
        self.last = time.perf_counter()
        self.first = self.first or self.last
        return reply

    async def aclose(self) -> None:
        pass


def _plan(n: int, seed: int) -> SessionPlan:
    """A session of n messages without beats, so that the figures are those of ordinary turns."""
    plan = single(shipped(), seed, engagement="LOW", messages=20 if n <= 20 else 100)
    counts = shipped().engagement.bands["LOW"].counts(n)
    return builders.changed(plan, messages=n, lead_messages=counts[0], beats=(), expect=(), presence=())


async def _session(n: int, seed: int, models: Models) -> Meter:
    meter = Meter(models)
    async for _ in play(_plan(n, seed), shipped(), Models(meter, meter)):
        pass
    return meter


async def _row(n: int, at_once: int, dialect: PromptFormat) -> dict[str, object]:
    models = await open_models("embedded", None, None, options=OpenOptions(dialect=dialect, slots=at_once))
    try:
        begun = time.perf_counter()
        meters = await asyncio.gather(*(_session(n, seed, models) for seed in range(1, at_once + 1)))
        ended = time.perf_counter()
    finally:
        await models.aclose()
    sessions = [meter.replies for meter in meters]
    busy = sum(reply.decoding or 0.0 for replies in sessions for reply in replies[1:])
    steady = sum(meter.last - meter.first for meter in meters)
    uncached, newest, written = [], [], 0
    for replies in sessions:
        for before, reply in itertools.pairwise(replies):
            uncached.append(reply.usage.prompt - reply.usage.cached)
            # In the completion dialect the server made those tokens itself and still holds them.
            newest.append(before.usage.completion if dialect is PromptFormat.CHAT else 0)
        written += sum(reply.usage.completion for reply in replies)
    calls = sum(map(len, sessions))
    return {
        "n": n,
        "sessions_at_once": at_once,
        "dialect": dialect.value,
        "calls_per_message": round(calls / (n * at_once), 3),
        "first_call_uncached": round(mean(r[0].usage.prompt - r[0].usage.cached for r in sessions)),
        "uncached_per_message": round(mean(uncached), 1),
        "beyond_newest": round(mean(uncached) - mean(newest), 1),
        "last_prompt_tokens": round(mean(r[-1].usage.prompt for r in sessions)),
        "completion_tokens_per_message": round(written / (n * at_once), 1),
        "messages_per_second": round(n * at_once / (ended - begun), 2),
        "wall_over_decoding": round(steady / busy, 2),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    rows: list[dict[str, object]] = []
    lengths = tuple(map(int, sys.argv[1:])) or (12, 40, 100)
    for dialect in (PromptFormat.COMPLETION, PromptFormat.CHAT):
        for at_once in (1, 2, 4):
            for n in lengths if at_once != 2 else lengths[:1]:
                rows.append(asyncio.run(_row(n, at_once, dialect)))
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    print(json.dumps({"benchmark": "embedded server", "rows": rows}))


if __name__ == "__main__":
    main()
