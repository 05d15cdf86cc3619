"""What the machine said about sessions and lines, read back from the journal: the judge's marks, item by item."""

from __future__ import annotations

from simulator.corpus.judge import JudgeMark, read_answer
from simulator.document import Document
from simulator.journal.journal_reader import JournalReader
from simulator.llm.model import Purpose
from simulator.world.world import World


def judge_marks(journal: JournalReader, world: World, session: str, document: Document) -> tuple[JudgeMark, ...]:
    """The marks of the judge's last answer that could be read; empty: no judge was asked, or it answered nothing.

    `document`: the session as the judge saw it. Items that today's rubric does not have are passed over.
    """
    found: tuple[JudgeMark, ...] = ()
    for call in journal.calls(session, Purpose.JUDGE.value):
        score = read_answer(world.judge, call.reply.text, document)
        found = score.marks or found
    return found
