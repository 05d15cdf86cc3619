"""Heartbeat: a line on stderr at least every half minute, so that nobody takes a slow run for a dead one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

BEAT = 25.0
"""Seconds between two lines."""

Sleep = Callable[[float], Awaitable[None]]


@asynccontextmanager
async def heartbeat(beat: Callable[[], None], sleep: Sleep = asyncio.sleep) -> AsyncIterator[None]:
    """While the block lasts, `beat` is called every BEAT seconds."""

    async def beating() -> None:
        while True:
            await sleep(BEAT)
            beat()

    task = asyncio.create_task(beating())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
