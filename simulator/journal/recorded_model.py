"""A door to a model that writes down every answer, and gives the ones already written down for nothing."""

from __future__ import annotations

from simulator.journal.journal import Journal
from simulator.llm.model import Model, Models, Prompt, Reply
from simulator.llm.retry import GaveUp


class RecordedModel:
    """Wraps a Model for one session and keeps its shape."""

    def __init__(self, inner: Model, journal: Journal, session: str, known: dict[str, Reply]) -> None:
        self._inner, self._journal, self._session, self._known = inner, journal, session, known
        self.name, self.dialect, self.context = inner.name, inner.dialect, inner.context

    async def reply(self, prompt: Prompt) -> Reply:
        if (known := self._known.get(prompt.key)) is not None:
            return known
        try:
            reply = await self._inner.reply(prompt)
        except GaveUp as error:
            self._journal.failed(self._session, prompt, error.failures)
            raise
        self._journal.call(self._session, prompt, reply)
        return reply

    async def aclose(self) -> None:
        """The model belongs to the run, not to the session: nothing to give back."""


def recorded(models: Models, journal: Journal, session: str) -> Models:
    """The same models, with everything they answer in this session on record."""
    known = journal.replies(session)

    def wrap(model: Model) -> RecordedModel:
        return RecordedModel(model, journal, session, known)

    others = {name: wrap(model) for name, model in models.others.items()}
    return Models(wrap(models.people), wrap(models.lead), wrap(models.judge) if models.judge else None, others)
