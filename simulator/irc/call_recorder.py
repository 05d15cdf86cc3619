"""Answers of the people's models on a stage, put on record with whichever session is open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simulator.journal.journal import Journal
from simulator.llm.model import Model, Models, Prompt, Reply


class CallLog:
    """Holds answers until a session is open: the first line of all is made before there is one."""

    def __init__(self, journal: Journal, session: Callable[[], str | None]) -> None:
        self._journal, self._session = journal, session
        self._waiting: list[tuple[Prompt, Reply]] = []
        self._count = 0

    def keep(self, prompt: Prompt, reply: Reply) -> None:
        # The lead's answers have the same keys in the same session, and an act begins to count anew.
        place, dot, attempt = prompt.key.rpartition(".")
        self._count += 1
        self._waiting.append((replace(prompt, key=f"{place}-people{self._count}{dot}{attempt}"), reply))
        if (session := self._session()) is not None:
            for asked, answer in self._waiting:
                self._journal.call(session, asked, answer)
            self._waiting.clear()

    def on(self, models: Models) -> Models:
        """The same models, with what they answer to the people kept."""
        others = {name: CallRecorder(model, self) for name, model in models.others.items()}
        return Models(CallRecorder(models.people, self), models.lead, models.judge, others)


class CallRecorder:
    """Wraps a Model and keeps its shape."""

    def __init__(self, inner: Model, notes: CallLog) -> None:
        self._inner, self._notes = inner, notes
        self.name, self.dialect, self.context = inner.name, inner.dialect, inner.context

    async def reply(self, prompt: Prompt) -> Reply:
        reply = await self._inner.reply(prompt)
        self._notes.keep(prompt, reply)
        return reply

    async def aclose(self) -> None:
        """The model belongs to whoever opened it."""
