"""What a call through litellm costs beside a bare one, what that makes of 50 sessions at once, and the embedded model.

    python tests/bench/bench_llm.py [--quick]

Prints one JSON object. The loopback server is a process of its own and answers at once: wall and CPU milliseconds are
the client's, per call, for a prompt of 8 kB. `direct` is what one's own server gets, `translated` what a provider gets
(`llm/litellm_transport.py`). `sessions` are played and recorded whole, 50 at once in one process, chat dialect.
`embedded` (not with --quick) is tokens a second with one session and with four at once, and uncached prompt tokens a
message after the first.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import mean, median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import aiohttp

from simulator.journal.journal import Journal
from simulator.journal.recorded_model import recorded
from simulator.llm.litellm_transport import library
from simulator.llm.model import CallId, Message, Model, Models, Prompt, PromptFormat, Purpose, Reply
from simulator.llm.registry import open_models
from simulator.llm.scripted import Scripted
from simulator.plan.planner import single
from simulator.session.play import play
from tests import builders
from tests.llm.clients import straight, translated
from tests.worlds import card, shipped

SERVER = """
import asyncio
import random
from tests.llm.servers import says, serving

WORDS = '''soup bread kettle garden window train ticket winter coffee ladder river pencil market blanket candle orange
puddle jacket mirror basket carpet bottle button pocket engine cabbage violin hammer tunnel harbour lantern cushion
walnut biscuit teapot gravel meadow pigeon thunder marble ribbon copper velvet saddle barrel whistle'''.split()

def line(request, body):
    some = random.sample(WORDS, 6)
    return says("my {} and the {} went past a {} near that {}, then one {} met a {}.".format(*some))(request, body)

async def main():
    async with serving(line) as server:
        print(server.base, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
TEXT = Prompt(Purpose.PEOPLE, CallId(0), 7, 40, 0.9, text="<kai> some words of chat to fill the prompt\n" * 180)
CHAT = Prompt(Purpose.PEOPLE, CallId(0), 7, 40, 0.9, messages=(Message("user", TEXT.text or ""),))


@contextmanager
def server() -> Iterator[str]:
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True, cwd=root) as child:
        assert child.stdout is not None
        yield child.stdout.readline().strip()
        child.kill()


async def measured(call: Callable[[], Awaitable[object]], calls: int) -> dict[str, float]:
    for _ in range(5):
        await call()
    walls, cpu = [], time.process_time()
    for _ in range(calls):
        began = time.perf_counter()
        await call()
        walls.append(time.perf_counter() - began)
    cpu = time.process_time() - cpu
    began = time.perf_counter()
    await asyncio.gather(*(call() for _ in range(20)))
    at_once = 20 / (time.perf_counter() - began)
    return {
        "wall_ms": round(median(walls) * 1000, 3),
        "cpu_ms": round(cpu / calls * 1000, 3),
        "20_at_once_per_s": round(at_once, 1),
    }


async def calls(base: str, count: int) -> dict[str, object]:
    text = translated([base], model="text-completion-openai/it", dialect=PromptFormat.COMPLETION)
    chat, direct = translated([base]), straight([base])
    scripted = Scripted()
    async with aiohttp.ClientSession() as session:

        async def raw() -> object:
            body = {"model": "it", "prompt": TEXT.text, "max_tokens": 40}
            async with session.post(f"{base}/completions", json=body) as response:
                return await response.json()

        rows = {
            "direct_text": await measured(lambda: direct.reply(TEXT), count),
            "direct_chat": await measured(lambda: direct.reply(CHAT), count),
            "translated_text": await measured(lambda: text.reply(TEXT), count),
            "translated_chat": await measured(lambda: chat.reply(CHAT), count),
            "aiohttp": await measured(raw, count),
            "scripted": await measured(lambda: scripted.reply(TEXT), count * 10),
        }
    for door in (text, chat, direct):
        await door.aclose()
    return rows


async def sessions(base: str, at_once: int, number: int, *, direct: bool) -> dict[str, object]:
    """Whole sessions of 16 messages with everything written down, as `em generate` plays them."""
    door = (straight if direct else translated)([base])
    asked = 0

    class Counted:
        name, dialect, context = door.name, door.dialect, door.context

        async def reply(self, prompt: Prompt) -> Reply:
            nonlocal asked
            asked += 1
            return await door.reply(prompt)

        async def aclose(self) -> None:
            pass

    world, model = shipped(), Counted()
    # The server's lines are about nothing, so no beat may wait for a certain one.
    ordinary = builders.changed(single(world, 1, messages=16), beats=(), expect=(), presence=())

    async def one(seed: int, journal: Journal) -> int:
        plan = builders.changed(ordinary, id=f"s{seed:05d}", number=seed, seed=seed)
        journal.begin(plan)
        said = 0
        async for event in play(plan, world, recorded(Models(model, model), journal, plan.id)):
            journal.event(plan.id, event)
            said += event.kind == "said"
        return said

    with tempfile.TemporaryDirectory() as name, Journal.create(Path(name) / "run", card(sessions=number)) as journal:
        await door.reply(CHAT)
        began, cpu = time.perf_counter(), time.process_time()
        said = 0
        for first in range(0, number, at_once):
            said += sum(await asyncio.gather(*(one(first + i, journal) for i in range(at_once))))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    await door.aclose()
    return {
        "at_once": at_once,
        "messages": said,
        "calls_a_message": round(asked / said, 3),
        "cpu_ms_a_message": round(cpu / said * 1000, 2),
        "messages_per_s": round(said / seconds, 1),
    }


async def transcript(door: Model, number: int, messages: int) -> tuple[int, list[int]]:
    """Tokens written, and uncached prompt tokens of each call, for one growing transcript."""
    text = f"A log of #general, day {number}. People write whole sentences about soup.\n\n<kai> soup is a real meal.\n"
    written, uncached = 0, []
    for i in range(messages):
        text += f"<{('mara', 'tom', 'kai')[i % 3]}>"
        reply = await door.reply(Prompt(Purpose.PEOPLE, CallId(i), 100 * number + i, 90, 0.9, text=text, stop=("\n",)))
        text += reply.text + "\n"
        written += reply.usage.completion
        uncached.append(reply.usage.prompt - reply.usage.cached)
    return written, uncached[1:]


async def embedded(messages: int) -> dict[str, object]:
    models = await open_models("embedded", None, None)
    began = time.perf_counter()
    await transcript(models.people, 0, 1)
    rows: dict[str, object] = {"first_answer_s": round(time.perf_counter() - began, 2)}
    for at_once in (1, 4):
        began = time.perf_counter()
        done = await asyncio.gather(*(transcript(models.people, 10 * at_once + i, messages) for i in range(at_once)))
        seconds = time.perf_counter() - began
        rows[f"{at_once}_at_once"] = {
            "tokens_per_s": round(sum(written for written, _ in done) / seconds, 1),
            "messages_per_s": round(messages * at_once / seconds, 2),
            "uncached_tokens_a_message": round(mean(n for _, uncached in done for n in uncached), 1),
        }
    await models.aclose()
    return rows


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    began = time.perf_counter()
    library()
    result: dict[str, object] = {"litellm_import_s": round(time.perf_counter() - began, 2)}
    with server() as base:
        result |= asyncio.run(calls(base, 40 if quick else 200))
        result["sessions"] = {
            way: asyncio.run(sessions(base, 50, 50 if quick else 100, direct=way == "direct"))
            for way in ("direct", "translated")
        }
    if not quick:
        result["embedded"] = asyncio.run(embedded(8))
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
