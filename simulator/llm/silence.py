"""Silence: how long a call waits for a server that says nothing. How long an answer takes in all does not matter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from simulator.llm.transport import FIRST_SIGN

LONGEST_QUEUE = 3600.0
"""Seconds that a call waits for its first sign at most, though the server answers others meanwhile: one that is lost
there is not waited for for ever."""


class Wait:
    """One call that waits."""

    def __init__(self, signs: Signs, address: str, silence: float, limit: asyncio.Timeout) -> None:
        self._signs, self._address, self._silence, self._limit = signs, address, silence, limit
        self._loop = asyncio.get_running_loop()
        self._began = self._last_sign = self._loop.time()
        self._begun = False
        self._handle = self._loop.call_at(self._due(), self._check)

    def reset(self, *, begun: bool) -> None:
        """The server gave a sign on this call. `begun`: the answer is being written."""
        self._last_sign, self._begun = self._loop.time(), begun
        self._signs.note(self._address, self._last_sign)

    def over(self) -> None:
        """Nothing is waited for any more."""
        self._handle.cancel()

    def _due(self) -> float:
        """When the wait has been too long, unless a sign comes before."""
        if self._begun:
            return self._last_sign + self._silence
        last = max(self._last_sign, self._signs.last(self._address))
        return min(last + self._silence * FIRST_SIGN, self._began + max(LONGEST_QUEUE, self._silence * FIRST_SIGN))

    def _check(self) -> None:
        due, now = self._due(), self._loop.time()
        if due <= now:
            self._limit.reschedule(now)
        else:
            self._handle = self._loop.call_at(due, self._check)


class Signs:
    """When each address last gave a sign of life, on whatever call."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def note(self, address: str, at: float) -> None:
        """The address gave a sign, by the event loop's clock."""
        self._last[address] = at

    def last(self, address: str) -> float:
        """When it last did; long ago if it never did."""
        return self._last.get(address, float("-inf"))

    @asynccontextmanager
    async def patience(self, address: str, silence: float) -> AsyncIterator[Wait]:
        """Raises TimeoutError in the block after `silence` seconds without a sign from a server that has begun to
        answer; before that, after FIRST_SIGN times as long without one on any of its calls: others are answered first.
        """
        async with asyncio.timeout(None) as limit:
            wait = Wait(self, address, silence, limit)
            try:
                yield wait
            finally:
                wait.over()
