"""Clocks of a channel: seconds since 1970 that never go back, and waiting. Tests bring one of their own."""

from __future__ import annotations

import asyncio
import heapq
from datetime import datetime
from typing import Protocol

from simulator import clock

DAY = 86400


class Clock(Protocol):
    """What tells the time and waits."""

    def now(self) -> float:
        """Seconds since 1970, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Comes back after so many of its seconds."""
        ...


class WallClock:
    """The machine's. A correction of its clock while the program runs is not followed."""

    def __init__(self, tempo: float = 1.0) -> None:
        """`tempo`: how many times faster time goes here."""
        self._began, self._first, self._tempo = _now(), clock.tick(), tempo

    def now(self) -> float:
        """Seconds since 1970, UTC."""
        return self._began + (clock.tick() - self._first) * self._tempo

    async def sleep(self, seconds: float) -> None:
        """Comes back after so many of its seconds."""
        await asyncio.sleep(seconds / self._tempo)


class ManualClock:
    """Time that stands still until somebody plays it on: a stage without waits, and tests."""

    def __init__(self, began: float | None = None) -> None:
        self._now = _now() if began is None else began
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> float:
        """Seconds since 1970, UTC."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Comes back when so many seconds were played."""
        self._count += 1
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, self._count, woken))
        await woken

    async def play(self, seconds: float) -> None:
        """Lets so many seconds pass; whoever waits for a moment within them goes on at that moment, in order."""
        end = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, woken = heapq.heappop(self._sleepers)
            self._now = max(self._now, at)
            if not woken.done():
                woken.set_result(None)
                for _ in range(YIELDS):
                    await asyncio.sleep(0)
        self._now = end


YIELDS = 5
"""Rounds of the event loop that whoever was woken has before time goes on."""


def _now() -> float:
    return datetime.fromisoformat(clock.now()).timestamp()


def seconds_of_day(at: float) -> float:
    """Seconds after midnight, UTC."""
    return at % DAY
