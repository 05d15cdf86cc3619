"""First prompts of sessions: read one after the other by a model on this machine, and what they tell of its pace."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from types import TracebackType

from simulator import clock

SESSIONS = 4096
"""Sessions remembered of which a prompt was read; the oldest is forgotten first."""
BEARABLE = 60.0
"""Seconds in which the first prompts of all sessions at once are to be read: slower models play fewer at once, and the
first of them is done the sooner."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a server of ours keeps up with."""

    sessions: int
    """At once, at least 1."""
    pace: float | None
    """Tokens of prompts that it reads a second; None: not measured yet, and one session at once goes ahead."""


class FirstPrompts:
    """Those of one server.

    Reading is bound by computing, so two prompts at once take as long as one after the other; but then no session has
    a line until all are read. Later prompts of a session are short, and go at once.
    """

    def __init__(self, slots: int) -> None:
        """`slots`: sessions that the server can work on at once, at least 1."""
        self._slots, self._lock = slots, asyncio.Lock()
        self._read: OrderedDict[tuple[str, float | None], None] = OrderedDict()
        self._pace: float | None = None
        self._tokens = 1

    @property
    def reading(self) -> bool:
        """True while one is read."""
        return self._lock.locked()

    def turn(self, session: str, scale: float | None) -> FirstPromptTurn:
        """Held while a session's prompt is read; free at once if its first one was. `scale`: of the adapter."""
        key = (session, scale)
        known = not session or key in self._read
        self._read[key] = None
        if len(self._read) > SESSIONS:
            self._read.popitem(last=False)
        return FirstPromptTurn(None if known else self._lock)

    def note(self, measured: tuple[float, float] | None) -> None:
        """Takes note of a first prompt: its tokens, and how many were read a second; None: it cannot be told."""
        if measured is not None:
            self._tokens, self._pace = max(1, int(measured[0])), measured[1]

    @property
    def capacity(self) -> Capacity:
        """How many sessions at once make sense, by the pace that was measured last."""
        if self._pace is None:
            return Capacity(1, None)
        return Capacity(max(1, min(self._slots, int(BEARABLE * self._pace / self._tokens))), self._pace)


class FirstPromptTurn:
    """A lock that is given back with the first token of the answer, or when there is none."""

    def __init__(self, lock: asyncio.Lock | None) -> None:
        """`lock` None: it is not the first."""
        self._lock = lock
        self._signs: list[tuple[float, float]] = []
        """When how many tokens were read."""

    async def __aenter__(self) -> FirstPromptTurn:
        if self._lock is not None:
            lock, self._lock = self._lock, None
            await lock.acquire()
            self._lock = lock
            self._signs.append((clock.tick(), 0.0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over()

    def read(self, tokens: float) -> None:
        """So many tokens are read, those that a cache held among them."""
        self._signs.append((clock.tick(), tokens))

    def over(self) -> tuple[float, float] | None:
        """The prompt is read. Returns its tokens, and how many were read a second; None: it cannot be told."""
        lock, self._lock = self._lock, None
        if lock is None:
            return None
        lock.release()
        # What a cache held is there with the first sign, and the start of the server is before it.
        (began, before), (ended, after) = self._signs[min(1, len(self._signs) - 1)], self._signs[-1]
        if after <= before or ended <= began:
            (began, before), (ended, after) = self._signs[0], (clock.tick(), after)
        return (after, (after - before) / (ended - began)) if after > before and ended > began else None
