"""Models that write down every answer, and give the ones already written down for nothing."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.journal.journal import Journal
from simulator.journal.reviews import Reviews
from simulator.llm.model import CallId, Model, Models, ModelWrapper, Prompt, Reply
from simulator.llm.retry import GaveUp


class RecordedModel(ModelWrapper):
    """A model whose answers in one session are on record."""

    def __init__(self, inner: Model, journal: Journal, session: str, known: Mapping[CallId, Reply]) -> None:
        """`known`: the session's answers up to now."""
        super().__init__(inner)
        self._journal, self._session, self._known = journal, session, known

    async def reply(self, prompt: Prompt) -> Reply:
        """The answer on record, or else the inner model's, which is on disk when this returns."""
        if (known := self._known.get(prompt.call_id)) is not None:
            return known
        reply = await _asked(self.inner, prompt, self._journal, self._session)
        self._journal.call(self._session, prompt, reply)
        return reply


class DeskModel(ModelWrapper):
    """A model that a reviewer asks for a line once more: every answer is new, and on record under an id of its own."""

    def __init__(self, inner: Model, journal: Reviews, session: str) -> None:
        super().__init__(inner)
        self._journal, self._session = journal, session

    async def reply(self, prompt: Prompt) -> Reply:
        """The inner model's answer, which is on disk when this returns."""
        reply = await _asked(self.inner, prompt, self._journal, self._session)
        self._journal.desk_call(self._session, prompt, reply)
        return reply


async def _asked(model: Model, prompt: Prompt, journal: Reviews, session: str) -> Reply:
    """The model's answer; when it gives up, what became of its attempts is on record."""
    try:
        return await model.reply(prompt)
    except GaveUp as error:
        journal.failed(session, prompt, error.failures)
        raise


def recorded(models: Models, journal: Journal, session: str) -> Models:
    """The same models, with everything they answer in this session on record."""
    known = journal.replies(session)
    return models.map(lambda model: RecordedModel(model, journal, session, known))
