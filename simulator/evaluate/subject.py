"""Who is evaluated, anything that goes on with a log, and what was seen of it before anything is judged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from pydantic import ConfigDict

from simulator.document import Header, TranscriptLine
from simulator.world.probe import Measure
from simulator.world.strict import Level, StrictModel

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
    limit = asyncio.Semaphore(AT_ONCE)

    async def held(each: A) -> T:
        async with limit:
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


class _Seen(StrictModel):
    model_config = ConfigDict(str_strip_whitespace=False)


class Answer(_Seen):
    """A line of the lead's."""

    measure: Measure
    probe: str
    """Id of the probe; of a reference, of the document and message."""
    sample: int = 0
    told: bool = True
    """False: the other half of a `feedback` pair."""
    engagement: Level
    channel: str
    context: str
    """What was said before, as a document."""
    text: str


class Written(_Seen):
    """A session that the subject went on with by itself."""

    engagement: Level
    opening: int
    """Messages that it was given."""
    text: str
    """The document with everything that was readable."""
    broken: int
    """Lines after the opening that are neither a message nor an action."""


class Expected(_Seen):
    """P(the lead speaks next) at some places of a text."""

    source: Literal["probe", "feedback", "held-out"]
    name: str
    """Of the probe or document."""
    expect: str = ""
    """What its probe expects."""
    sample: int = 0
    told: bool = True
    engagement: Level
    """In the header."""
    own: bool = True
    """False: the text was written under another level."""
    p: tuple[float, ...]
    spoke: tuple[bool, ...] = ()
    """Of a held-out document: whether the lead did speak there."""


class Observations(_Seen):
    """Everything about one subject."""

    subject: str
    digest: str
    note: str
    answers: tuple[Answer, ...] = ()
    written: tuple[Written, ...] = ()
    expected: tuple[Expected, ...] | None = None
    """None: the subject cannot say."""
    surprises: tuple[tuple[float, int], ...] | None = None
    """For each document of real chat: nats and tokens of people's words. None: the subject cannot say."""
    reference: bool = False
    """Documents, not a model: nothing could be asked."""
