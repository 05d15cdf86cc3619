"""Answers of the people's models on a stage, put on record with whichever session is open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simulator.journal.journal import Journal
from simulator.llm.model import Model, Models, ModelWrapper, Prompt, Reply


class CallLog:
    """Holds answers until a session is open: the first line of all is made before there is one."""

    def __init__(self, journal: Journal, session: Callable[[], str | None]) -> None:
        self._journal, self._session = journal, session
        self._waiting: list[tuple[Prompt, Reply]] = []
        self._count = 0

    def keep(self, prompt: Prompt, reply: Reply) -> None:
        """Puts an answer on record as soon as a session is open."""
        # The lead's calls have the same ids in the same session, and an act begins to count anew.
        self._count += 1
        call_id = replace(prompt.call_id, part=f"people{self._count}")
        self._waiting.append((replace(prompt, call_id=call_id), reply))
        if (session := self._session()) is not None:
            for asked, answer in self._waiting:
                self._journal.call(session, asked, answer)
            self._waiting.clear()

    def on(self, models: Models) -> Models:
        """The same models, with what they answer to the people kept."""
        return replace(models.map(lambda model: CallRecorder(model, self)), lead=models.lead, judge=models.judge)


class CallRecorder(ModelWrapper):
    """A model of the people's whose answers are kept."""

    def __init__(self, inner: Model, log: CallLog) -> None:
        super().__init__(inner)
        self._log = log

    async def reply(self, prompt: Prompt) -> Reply:
        """The inner model's answer, when it is kept."""
        reply = await self.inner.reply(prompt)
        self._log.keep(prompt, reply)
        return reply
