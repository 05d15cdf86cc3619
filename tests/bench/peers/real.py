"""The same on a real server: the embedded model, one slot, its own counts of tokens: `python real.py [12 40 100]`.

Prints one JSON object. Rows: this project in both dialects, and the two bare loops against the same child process. The
naive loop reads everything again and is not played beyond NAIVE_MOST messages. Tokens, not seconds, are the result.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

os.environ["DIALECT"] = "completion"
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import aiohttp
from cast import MAX_TOKENS, NICKS, TEMPERATURE, topic
from loop_bare import HEAD, naive
from ours import plan, world

from simulator.llm import openai_protocol
from simulator.llm.gguf_file import default_weights
from simulator.llm.llama_server import EmbeddedModel, LlamaServer
from simulator.llm.model import CallId, Models, Prompt, PromptFormat, Purpose, Reply
from simulator.session.play import play

NAIVE_MOST = 40
Counts = list[tuple[int, int, int]]
"""Of each call: prompt tokens, those of them that the cache held, tokens written."""


class Counting:
    """Keeps what the server counted."""

    def __init__(self, inner: EmbeddedModel) -> None:
        self._inner = inner
        self.name, self.dialect, self.context = inner.name, inner.dialect, inner.context
        self.counts: Counts = []

    async def reply(self, prompt: Prompt) -> Reply:
        reply = await self._inner.reply(prompt)
        self.counts.append((reply.usage.prompt, reply.usage.cached, reply.usage.completion))
        return reply

    async def aclose(self) -> None:
        pass


async def ours(server: LlamaServer, n: int, dialect: PromptFormat) -> Counts:
    model = EmbeddedModel("embedded", server, dialect)
    counting = Counting(model)
    async for _ in play(plan(n, n), world(), Models(counting, counting)):
        pass
    return counting.counts


async def loop(server: LlamaServer, n: int, kind: str) -> Counts:
    """The loop of loop_bare.py; in the log a grammar keeps the model to one line, as it does in this project."""
    address, key = await server.address()
    log, counts = [f"* the topic is {topic(n)}"], []
    async with aiohttp.ClientSession(headers={"authorization": f"Bearer {key}"}) as http:
        for i in range(n):
            nick = NICKS[i % len(NICKS)]
            body = {"max_tokens": MAX_TOKENS, "temperature": TEMPERATURE, "seed": i, "cache_prompt": True}
            if kind == "naive":
                where, body["messages"] = "chat/completions", naive(nick, log)
            else:
                where, body["prompt"] = "completions", HEAD + "\n".join(log) + f"\n<{nick}>"
            asked = Prompt(Purpose.PEOPLE, CallId(0), i, MAX_TOKENS, TEMPERATURE, text=body.get("prompt", f"<{nick}> "))
            body["grammar"] = openai_protocol.one_line(asked)
            async with http.post(f"{address}/{where}", json=body) as response:
                made = await response.json()
            choice, usage = made["choices"][0], made["usage"]
            text = choice["text"] if "text" in choice else choice["message"]["content"]
            log.append(f"<{nick}>{text.rstrip()}" if kind == "log" else f"<{nick}> {text.strip()}")
            cached = usage.get("prompt_tokens_details", {}).get("cached_tokens", 0)
            counts.append((usage["prompt_tokens"], cached, usage["completion_tokens"]))
    return counts


def summed(layout: str, n: int, counts: Counts) -> dict[str, object]:
    """The first call reads the cards and stands on its own."""
    later = [(prompt - cached) for prompt, cached, _ in counts[1:]]
    return {
        "layout": layout,
        "n": n,
        "calls_a_message": round(len(counts) / n, 2),
        "first_call_uncached": counts[0][0] - counts[0][1],
        "uncached_a_message": round(sum(later) / len(later), 1),
        "written_a_message": round(sum(written for *_, written in counts) / n, 1),
        "last_prompt": counts[-1][0],
    }


async def main(lengths: list[int]) -> None:
    rows = []
    for layout in ("completion", "chat", "log", "naive"):
        for n in lengths:
            if layout == "naive" and n > NAIVE_MOST:
                continue
            async with LlamaServer(default_weights(), slots=1) as server:  # with an empty cache
                if layout in ("log", "naive"):
                    counts = await loop(server, n, layout)
                else:
                    counts = await ours(server, n, PromptFormat(layout))
            rows.append(summed(layout, n, counts))
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    print(json.dumps({"benchmark": "peers on the embedded server", "rows": rows}))


if __name__ == "__main__":
    asyncio.run(main([int(n) for n in sys.argv[1:]] or [12, 40, 100]))
