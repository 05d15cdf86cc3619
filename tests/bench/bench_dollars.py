"""What the 15 MB corpus costs in dollars: every speaker's card first (naive), this layout, and both with a cache.

    python tests/bench/bench_dollars.py [SESSIONS]

Prints one JSON object. Sessions of the plan are played with the scripted model in the chat dialect; every prompt is
counted in cl100k tokens and held against the prompts before it, by each provider's own rule of what its cache gives
back. The sums are scaled to 15 MB and to RETRIES calls a message. Prices are the table that the locked litellm brings.

`guard`: a question about each of the lead's lines besides, and its share of the dollars with a cache.

Naive is the usual loop: rules, the speaker's own card, the transcript, an instruction. It is the shorter prompt, and
hardly any of it can be cached. Reasoning tokens are not counted: the models are taken with reasoning off.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulator.document import render_document
from simulator.llm import openai_protocol, prompt_cache
from simulator.llm.litellm_transport import library
from simulator.llm.model import Models, Prompt, PromptFormat, Reply
from simulator.llm.prices import Price, price
from simulator.llm.scripted import Scripted
from simulator.plan.forecast import RETRIES, Tokens
from simulator.plan.planner import Planner
from simulator.session.play import play
from simulator.session.transcript import document
from simulator.world.load import load
from tests.layout import LAYOUT

TARGET = 15e6


@dataclass(frozen=True, slots=True)
class Cache:
    """A provider's rule: the least that is cached, in what steps (tokens); marked: Claude's, by blocks."""

    least: int
    step: int = 1
    marked: bool = False


MODELS = {
    "openai/gpt-4o-mini": Cache(1024, 128),
    "openai/gpt-4.1-nano": Cache(1024, 128),
    "openai/gpt-5-nano": Cache(1024, 128),
    "openai/gpt-5-mini": Cache(1024, 128),
    "gemini/gemini-2.5-flash-lite": Cache(1024),
    "deepseek/deepseek-chat": Cache(64, 64),
    "anthropic/claude-haiku-4-5": Cache(4096, marked=True),
    "anthropic/claude-sonnet-4-5": Cache(1024, marked=True),
}


@lru_cache(maxsize=1 << 18)
def tokens(line: str) -> int:
    return len(library().encoding.encode_ordinary(line))


def size(text: str) -> int:
    return sum(map(tokens, text.splitlines(keepends=True)))


class Listening(Scripted):
    """Keeps the prompts of a session."""

    def __init__(self) -> None:
        super().__init__(PromptFormat.CHAT)
        self.prompts: list[Prompt] = []
        self.written = 0

    async def reply(self, prompt: Prompt) -> Reply:
        reply = await super().reply(prompt)
        self.prompts.append(prompt)
        self.written += tokens(reply.text)
        return reply


class Guarding(Scripted):
    """A guard that is against nothing, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(PromptFormat.CHAT)
        self.prompts: list[Prompt] = []

    async def reply(self, prompt: Prompt) -> Reply:
        self.prompts.append(prompt)
        return Reply("Z" if "Z" in prompt.choices else "Y", self.name)


class Meter:
    """One session behind one cache: tokens at the full price, from the cache, and taken into it."""

    def __init__(self, rule: Cache) -> None:
        self._rule = rule
        self._seen: dict[str, list[tuple[str, int]]] = {}
        self._kept: set[int] = set()
        self.plain = self.cached = self.written = 0

    def call(self, blocks: list[tuple[str, bool]], key: str = "") -> None:
        """`blocks`: (text, marked). `key`: prompts of another key share no beginning worth looking at."""
        if self._rule.marked:
            return self._marks(blocks)
        lines = [(line, tokens(line)) for text, _ in blocks for line in text.splitlines(keepends=True)]
        before, common = self._seen.get(key, []), 0
        for (line, count), (old, _) in zip(lines, before, strict=False):
            if line != old:
                break
            common += count
        self._seen[key] = lines
        cached = common // self._rule.step * self._rule.step if common >= self._rule.least else 0
        self.cached += cached
        self.plain += sum(count for _, count in lines) - cached

    def _marks(self, blocks: list[tuple[str, bool]]) -> None:
        total, digest, sums = 0, 0, []
        for text, marked in blocks:
            total += size(text)
            digest = hash((digest, text))
            sums.append((digest, total, marked))
        last = max((i for i, (_, there, marked) in enumerate(sums) if marked and there >= self._rule.least), default=-1)
        found = next((sums[i][1] for i in range(last, max(-1, last - 20), -1) if sums[i][0] in self._kept), 0)
        head = next(
            ((d, there) for d, there, marked in sums if marked), None
        )  # the system message has a mark of its own
        if not found and head and head[0] in self._kept and head[1] >= self._rule.least:
            found = head[1]
        kept = sums[last][1] if last >= 0 else 0
        self._kept.update(d for d, there, marked in sums if marked and there >= self._rule.least)
        self.cached, self.written = self.cached + found, self.written + kept - found
        self.plain += total - kept


async def sessions(count: int) -> tuple[dict[str, dict[str, Counter[str]]], float, int]:
    world = load(Path(__file__).resolve().parents[2])
    planner = Planner(world, 1)
    sums = {name: {layout: Counter() for layout in ("naive", "here", "guard")} for name in MODELS}
    guards = {name: Meter(rule) for name, rule in MODELS.items()}
    made, messages = 0, 0
    for slot in range(count):
        plan, door, guard = planner.plan(slot), Listening(), Guarding()
        async with aclosing(play(plan, world, Models(door, door, guard=guard))) as session:
            events = [event async for event in session]
        text = document(plan.setting, events, layout=LAYOUT)
        made += len(render_document(text.header, text.lines).encode())
        messages += plan.messages
        for name, rule in MODELS.items():
            here, naive = Meter(rule), Meter(rule)
            for prompt in door.prompts:
                system, user = prompt.messages
                rules, _, cards = system.content.partition("Who is here:")
                begins = f"{prompt.speaker}:", f"{prompt.speaker} ("
                own = next(card for card in cards.split("\n\n") if card.startswith(begins))
                whole = prompt_cache.marked(prompt.messages) if rule.marked else openai_protocol.plain(prompt.messages)
                here.call(_blocks(whole))
                naive.call([(f"{rules}{own}\n\n{user.content}", False)], key=prompt.speaker)
            for prompt in guard.prompts:  # one cache for all sessions: the questions are the same
                marked = prompt_cache.marked if rule.marked else openai_protocol.plain
                guards[name].call(_blocks(marked(prompt.messages)))
            sums[name]["guard"] += Counter(out=len(guard.prompts), calls=len(guard.prompts))
            for layout, meter in (("here", here), ("naive", naive)):
                sums[name][layout] += Counter(plain=meter.plain, cached=meter.cached, written=meter.written)
                sums[name][layout] += Counter(out=door.written, calls=len(door.prompts))
    for name, meter in guards.items():
        sums[name]["guard"] += Counter(plain=meter.plain, cached=meter.cached, written=meter.written)
    return sums, made, messages


def _blocks(messages: list[dict[str, object]]) -> list[tuple[str, bool]]:
    blocks = []
    for message in messages:
        content = message["content"]
        parts = [{"text": content}] if isinstance(content, str) else content
        blocks += [(part["text"], "cache_control" in part) for part in parts]
    return blocks


def dollars(sums: Counter[str], cost: Price, scale: float, *, caching: bool) -> float:
    used = Tokens(sums["plain"] + sums["cached"] + sums["written"], sums["cached"], sums["written"], sums["out"])
    return round((used * scale).usd(cost, caching=caching), 2)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    sums, made, messages = asyncio.run(sessions(count))
    rows = {}
    for name, layouts in sums.items():
        here, naive, cost = layouts["here"], layouts["naive"], price(name)
        assert cost is not None, f"no price for {name}"
        guard = layouts["guard"]
        scale = TARGET / made * messages * RETRIES / here["calls"]
        prices = (cost.prompt, cost.cached, cost.written, cost.completion)
        rows[name] = {
            "per_million": [round(each * 1e6, 3) for each in prices],
            "naive": dollars(naive, cost, scale, caching=False),
            "naive_cached": dollars(naive, cost, scale, caching=True),
            "here": dollars(here, cost, scale, caching=False),
            "here_cached": dollars(here, cost, scale, caching=True),
            "guard_cached": (guarded := dollars(guard, cost, scale, caching=True)),
            "guard_share": round(guarded / (guarded + dollars(here, cost, scale, caching=True)), 3),
            "tokens_a_call": {key: round(value / here["calls"], 1) for key, value in here.items() if key != "calls"},
        }
    facts = {
        "prices": f"litellm {version('litellm')}",
        "sessions": count,
        "messages": messages,
        "sessions_of_15_mb": round(count * TARGET / made),
        "dollars": rows,
    }
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
