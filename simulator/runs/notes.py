"""Notes of a run: what it tells whoever watches, in the order in which it happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from simulator.corpus.verdict import Verdict
from simulator.events import Event
from simulator.journal.journal import Journal
from simulator.llm.model import Model, Models, ModelWrapper, Prompt, Reply
from simulator.llm.progress import CallProgress
from simulator.plan.session_plan import AnySession
from simulator.world.world import World


@dataclass(frozen=True, slots=True)
class Began:
    """A session is played from now on, or what is left of it."""

    session: AnySession


@dataclass(frozen=True, slots=True)
class Happened:
    """One more event of a session; it is on disk."""

    session: AnySession
    event: Event


@dataclass(frozen=True, slots=True)
class Asking:
    """A question is about to be sent to a model."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class CallEnded:
    """A question was answered, given up, or is not waited for any more."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Answered:
    """A model answered."""

    purpose: str
    """As `em status` has it: `people`, `lead`, `judge`, or `retries` for second and later tries of any line."""
    reply: Reply

    @classmethod
    def to(cls, prompt: Prompt, reply: Reply) -> Answered:
        """The note for the answer to a prompt."""
        return cls("retries" if prompt.call_id.attempt else prompt.purpose.value, reply)


@dataclass(frozen=True, slots=True)
class Settled:
    """A session was judged for good."""

    session: AnySession
    verdict: Verdict
    bytes: int
    """Of its document."""


@dataclass(frozen=True, slots=True)
class NotNeeded:
    """A session is fit to be kept, and not needed: a better one holds its place."""

    session: AnySession


RunNote = Began | Happened | Asking | CallProgress | Answered | CallEnded | Settled | NotNeeded


class ObservedModel(ModelWrapper):
    """A model of a run that somebody looks at."""

    def __init__(self, inner: Model, note: Callable[[RunNote], None], unpaused: Callable[[], Awaitable[None]]) -> None:
        """`note` hears every question and every answer, and no question is sent before `unpaused` returns."""
        super().__init__(inner)
        self._note, self._unpaused = note, unpaused

    async def reply(self, prompt: Prompt) -> Reply:
        """The inner model's answer. Raises what it raises."""
        await self._unpaused()
        self._note(Asking(prompt))
        try:
            reply = await self.inner.reply(prompt)
        finally:
            self._note(CallEnded(prompt))
        self._note(Answered.to(prompt, reply))
        return reply


def observe_models(models: Models, note: Callable[[RunNote], None], unpaused: Callable[[], Awaitable[None]]) -> Models:
    """The same models, each wrapped in an ObservedModel."""
    return models.map(lambda model: ObservedModel(model, note, unpaused))


class View(Protocol):
    """Hears what happens, and may make it wait."""

    def note(self, note: RunNote) -> None:
        """Something happened."""
        ...

    async def unpaused(self) -> None:
        """Returns when questions may be sent to models; at once, unless somebody paused the view."""
        ...


class RunView(View, Protocol):
    """A view of a run."""

    def open(self, journal: Journal, world: World) -> AbstractAsyncContextManager[None]:
        """The run is shown while this block lasts; leaving it shows how the run went, however it ended."""
        ...

    def say(self, text: str) -> None:
        """One line for people; may be called before `open`."""
        ...


class SessionView(View, Protocol):
    """A view of a single session."""

    def open(self, world: World) -> AbstractAsyncContextManager[None]:
        """The session is shown while this block lasts."""
        ...


class Unseen:
    """A RunView and SessionView that shows nothing."""

    def note(self, note: RunNote) -> None:
        """Nothing is shown."""

    async def unpaused(self) -> None:
        """Never paused."""

    def say(self, text: str) -> None:
        """Nothing is shown."""

    def open(self, *shown: object) -> AbstractAsyncContextManager[None]:
        """Nothing is shown."""
        return nullcontext()
