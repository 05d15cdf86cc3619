"""Do people who judged the same sessions agree? Krippendorff's alpha, and what most of them say."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from simulator.corpus.judge import AnswerReader, JudgeMark
from simulator.document import Document
from simulator.journal.journal_reader import JournalReader
from simulator.journal.records import PersonMark
from simulator.llm.model import Purpose
from simulator.world.policies.judge import JudgePolicy

Verdicts = Mapping[str, Mapping[str, bool]]
"""Session to person to whether that person would keep it."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of everybody who judged sessions of a run."""

    people: int
    sessions: int
    """That two or more have judged."""
    same: int
    """Of these, all say the same."""
    alpha: float | None
    """Krippendorff's, for two categories: 1 agreement, 0 no better than chance, below 0 worse. None: it has no value,
    or nltk is not installed."""


def verdicts_of(marks: Iterable[PersonMark], bad: frozenset[str]) -> dict[str, dict[str, bool]]:
    """Session to person to whether they would keep it: a message that was marked bad counts against the session.

    `bad`: sessions that somebody's mark keeps out (`Reviews.marked_bad`); elsewhere bad messages were mended.
    """
    found: defaultdict[str, dict[str, bool]] = defaultdict(dict)
    for mark in marks:
        if mark.line is None:
            found[mark.session][mark.person] = mark.good and found[mark.session].get(mark.person, True)
        elif not mark.good and mark.session in bad:
            found[mark.session][mark.person] = False
    return dict(found)


def consensus(verdicts: Mapping[str, bool]) -> bool | None:
    """What most of them say; None: as many would keep the session as not.

    >>> consensus({"ann": True, "bob": True, "cy": False}), consensus({"ann": True, "bob": False})
    (True, None)
    """
    keep = sum(verdicts.values())
    return None if 2 * keep == len(verdicts) else 2 * keep > len(verdicts)


def agreement(verdicts: Verdicts) -> Agreement:
    """How far people agree about the sessions that several of them judged."""
    people = {person for each in verdicts.values() for person in each}
    shared = {session: each for session, each in verdicts.items() if len(each) > 1}
    same = sum(len(set(each.values())) == 1 for each in shared.values())
    return Agreement(len(people), len(shared), same, _alpha(shared))


def _alpha(shared: Verdicts) -> float | None:
    """None where nothing was judged twice, or everybody says the same of everything (K. Krippendorff, 2011)."""
    said = [(person, session, keep) for session, each in shared.items() for person, keep in each.items()]
    if len({keep for _, _, keep in said}) < 2 or find_spec("nltk") is None:
        return None
    from nltk.metrics.agreement import AnnotationTask

    alpha = float(AnnotationTask(said).alpha())
    return None if math.isnan(alpha) else round(alpha, 4)


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
