"""Wrapper of a model that notes every question and answer, and waits while the view is paused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from simulator.llm.model import Model, Models, ModelWrapper, Prompt, Reply
from simulator.runs.notes import Answered, Asking, CallEnded, RunNote


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
