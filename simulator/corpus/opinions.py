"""What the machine said about sessions, read back from the journal: the judge's marks, item by item."""

from __future__ import annotations

from simulator.corpus.judge import AnswerReader, JudgeMark
from simulator.document import Document
from simulator.journal.journal_reader import JournalReader
from simulator.llm.model import Purpose
from simulator.world.policies.judge import JudgePolicy


class JudgeOpinions:
    """The marks of a run's judge. Answers that today's rubric cannot read are passed over."""

    def __init__(self, journal: JournalReader, policy: JudgePolicy) -> None:
        self._journal, self._reader = journal, AnswerReader(policy)

    def marks(self, session: str, document: Document) -> tuple[JudgeMark, ...]:
        """Of the last readable answer; empty: there is none. `document`: the session as the judge saw it."""
        found: tuple[JudgeMark, ...] = ()
        for call in self._journal.calls(session, Purpose.JUDGE.value):
            for begun in ("", "{"):  # a model that continues text is given the first bracket
                if marks := self._reader.read(begun + call.reply.text, document).marks:
                    found = marks
                    break
        return found
