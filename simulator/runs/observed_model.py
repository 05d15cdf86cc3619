"""Wrapper of a model that notes every question and answer, and waits while the view is paused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from simulator.llm.model import Model, Models, Prompt, Reply
from simulator.runs.notes import Answered, Asking


class ObservedModel:
    """Wraps a Model and keeps its shape."""

    def __init__(
        self, inner: Model, note: Callable[[Asking | Answered], None], unpaused: Callable[[], Awaitable[None]]
    ) -> None:
        """`note` hears every question and every answer, and no question is sent before `unpaused` returns."""
        self._inner, self._note, self._unpaused = inner, note, unpaused
        self.name, self.dialect, self.context = inner.name, inner.dialect, inner.context

    async def reply(self, prompt: Prompt) -> Reply:
        """The inner model's answer. Raises what it raises."""
        await self._unpaused()
        self._note(Asking(prompt))
        reply = await self._inner.reply(prompt)
        self._note(Answered.to(prompt, reply))
        return reply

    async def aclose(self) -> None:
        """Closes the inner model."""
        await self._inner.aclose()


def observe_models(
    models: Models, note: Callable[[Asking | Answered], None], unpaused: Callable[[], Awaitable[None]]
) -> Models:
    """The same models, each wrapped in an ObservedModel."""

    def wrap(model: Model) -> ObservedModel:
        return ObservedModel(model, note, unpaused)

    others = {name: wrap(model) for name, model in models.others.items()}
    return Models(wrap(models.people), wrap(models.lead), wrap(models.judge) if models.judge else None, others)
