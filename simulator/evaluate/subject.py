"""Who is evaluated: anything that goes on with a log, and perhaps says how likely the lead is to speak next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from simulator.document import Header, TranscriptLine

AT_ONCE = 16
"""Questions on their way at once."""

A = TypeVar("A")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask:
    """Where a subject goes on."""

    header: Header
    lines: tuple[TranscriptLine, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a subject writes."""

    temperature: float
    top_p: float
    line_tokens: int
    """Most tokens of a line; a longer one ends there."""


async def gather(ask: Callable[[A], Awaitable[T]], of: Sequence[A]) -> list[T]:
    """The answers to all questions, in their order, AT_ONCE of them on their way at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def held(each: A) -> T:
        async with gate:
            return await ask(each)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(held(each)) for each in of]
    return [task.result() for task in tasks]


class Subject(Protocol):
    """A model, or something that answers like one."""

    name: str
    digest: str
    """Names exactly this subject: results are kept by it."""
    note: str
    """What it cannot be asked, and why; empty: nothing."""

    def lines(self, asks: Sequence[Ask], sampling: Sampling) -> list[str]:
        """For each, the text of the lead's next line, given that the lead speaks. Empty: it wrote none."""
        ...

    def sessions(self, asks: Sequence[Ask], messages: int, sampling: Sampling) -> list[str]:
        """For each, so many further lines as they were written, nicks and all; each ends in a newline."""
        ...

    def reads(self, texts: Sequence[str]) -> list[tuple[float, ...]] | None:
        """For each document, P(the lead speaks next) before each of its messages. None: it cannot say."""
        ...

    def surprises(self, texts: Sequence[str]) -> list[tuple[float, int]] | None:
        """For each document, what people's words cost in nats, and their tokens. None: it cannot say."""
        ...

    def close(self) -> None:
        """Gives back what it holds. Safe to call twice."""
        ...
