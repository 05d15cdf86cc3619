"""A scripted model whose every answer is paid for at a real server on this machine, which writes down what it sold."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from simulator import rng
from simulator.journal.journal import Journal
from simulator.llm.model import Billing, Models, Prompt, Reply, Usage
from simulator.llm.scripted import Scripted
from tests.loopback import listening

Sold = tuple[int, str]
"""Seed and key of a prompt: one answer of one session."""


@dataclass
class Till:
    """What was sold so far. At the call number `last` it stops answering, until `go_on`."""

    base: str = ""
    last: int | None = None
    seconds: float = 0.0
    """An answer takes so long."""
    sold: Counter[Sold] = field(default_factory=Counter)
    waiting: Counter[Sold] = field(default_factory=Counter)
    """Paid for, and not yet answered."""
    full: asyncio.Event = field(default_factory=asyncio.Event)
    """So many calls have come."""
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def sell(self, request: web.Request) -> web.Response:
        wanted = (int(request.query["seed"]), request.query["key"])
        self.sold[wanted] += 1
        self.waiting[wanted] += 1
        if self.last is not None and self.sold.total() >= self.last:
            self.full.set()
            await self.go_on.wait()
        await asyncio.sleep(self.seconds)
        self.waiting -= Counter([wanted])
        return web.Response(text="sold")


@asynccontextmanager
async def till(last: int | None = None, seconds: float = 0.0) -> AsyncIterator[Till]:
    counted = Till(last=last, seconds=seconds)
    async with listening(counted.sell) as address:
        counted.base = f"{address}/"
        try:
            yield counted
        finally:
            counted.go_on.set()


class Paying:
    """The scripted model behind the till at `base`, for so many dollars an answer."""

    def __init__(self, base: str, dollars: float) -> None:
        self._inner, self._base, self._dollars = Scripted(), base, dollars
        self.name, self.dialect, self.context = self._inner.name, self._inner.dialect, None
        self._client: aiohttp.ClientSession | None = None

    async def reply(self, prompt: Prompt) -> Reply:
        if self._client is None:
            self._client = aiohttp.ClientSession()
        async with self._client.get(self._base, params={"seed": prompt.seed, "key": str(prompt.call_id)}) as response:
            assert await response.text() == "sold"
        reply = await self._inner.reply(prompt)
        return Reply(reply.text, "paying", Usage(10, 0, 10), Billing.KNOWN, self._dollars)

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()


async def opened(base: str, dollars: float = 0.01) -> Models:
    model = Paying(base, dollars)
    return Models(model, model)


def recorded(journal: Journal) -> Counter[Sold]:
    """What a journal holds of what was sold."""
    found: Counter[Sold] = Counter()
    seeds = {row.plan.id: row.plan.script.seed for row in journal.sessions()}
    for call in journal.calls():
        asked = call.call_id
        found[rng.number(seeds[call.session], "line", asked.question, asked.attempt) % 2**31, str(asked)] += 1
    return found
