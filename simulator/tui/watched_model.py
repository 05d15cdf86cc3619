"""A door to a model that tells of every answer, and waits while the view is paused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from simulator.llm.model import Model, Models, Prompt, Reply
from simulator.tui.notes import Asked


class Watched:
    """Wraps a Model, keeps its shape."""

    def __init__(self, inner: Model, tell: Callable[[Asked], None], gate: Callable[[], Awaitable[None]]) -> None:
        self._inner, self._tell, self._gate = inner, tell, gate
        self.name, self.dialect, self.context = inner.name, inner.dialect, inner.context

    async def reply(self, prompt: Prompt) -> Reply:
        await self._gate()
        reply = await self._inner.reply(prompt)
        self._tell(answered(prompt, reply))
        return reply

    async def aclose(self) -> None:
        await self._inner.aclose()


def answered(prompt: Prompt, reply: Reply) -> Asked:
    """What the view is told of an answer."""
    return Asked("retries" if prompt.retry else prompt.purpose.value, reply)


def watched(models: Models, tell: Callable[[Asked], None], gate: Callable[[], Awaitable[None]]) -> Models:
    """The same models; `tell` hears every answer, and no question is sent before `gate` opens."""

    def wrap(model: Model) -> Watched:
        return Watched(model, tell, gate)

    others = {name: wrap(model) for name, model in models.others.items()}
    return Models(wrap(models.people), wrap(models.lead), wrap(models.judge) if models.judge else None, others)
