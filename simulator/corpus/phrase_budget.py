"""The habits of speech of one speaker over many sessions, and the budget that keeps the lead from wearing them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from simulator.corpus.counting import Recurring
from simulator.document import Document
from simulator.line_checks.wording import own_words, runs
from simulator.world.realism_reference import SpeechHabits

PHRASE = (3, 4, 5)
"""Words in a row."""
OPENINGS = (1, 2)
"""First words of a message."""
SHOWN = 20
ENOUGH = 100
"""Messages of the lead before anything is called worn out."""
AVOIDED = 12
"""Most phrases that a session is asked to do without."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The first words of many messages of one speaker."""

    opening: str
    share: float
    """Of the messages."""
    over: bool
    """Whether it goes beyond the habits of the world."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row that one speaker says often."""

    phrase: str
    per_1000: float
    """Messages with it, in a thousand."""
    over: bool
    """Whether it goes beyond the habits of the world."""


class Speaker:
    """The habits of the lead, or of everybody else taken together."""

    def __init__(self) -> None:
        self.messages = self.compared = self.repeats = 0
        self._first = {length: Recurring() for length in OPENINGS}
        self._phrases = Recurring()

    def add(self, said: Sequence[str], again: bool | None) -> None:
        """`again`: whether it repeats an earlier message; None: not compared."""
        self.messages += 1
        self.compared += again is not None
        self.repeats += again is True
        for length, counted in self._first.items():
            if len(said) >= length:
                counted.add([" ".join(said[:length])])
        self._phrases.add(set(chain.from_iterable(runs(said, length) for length in PHRASE)))

    def openings(self, habits: SpeechHabits) -> dict[int, tuple[Opening, ...]]:
        """Number of first words to the most frequent ones."""
        limits: Mapping[int, float] = dict(habits.opening.items())
        return {
            length: tuple(
                Opening(first, round(count / self.messages, 4), count > limits[length] * self.messages)
                for first, count in counted.commonest(SHOWN // 4)
            )
            for length, counted in self._first.items()
        }

    def recurring(self, habits: SpeechHabits) -> tuple[Phrase, ...]:
        """The phrases that are most often used, without what overlaps with one before it."""
        shown: list[Phrase] = []
        for phrase, count in self._phrases.commonest(SHOWN * 20, least=2):
            if len(shown) == SHOWN:
                break
            if not any(_overlap(phrase, row.phrase) for row in shown):
                rate = 1000 * count / self.messages
                shown.append(Phrase(phrase, round(rate, 2), rate > habits.phrase_per_1000))
        return tuple(shown)


def _overlap(one: str, other: str) -> bool:
    """Whether one phrase holds the other, or goes on from its last two words or more.

    >>> _overlap("if you ask me", "you ask me why"), _overlap("for the record", "for the win")
    (True, False)
    """
    if f" {one} " in f" {other} " or f" {other} " in f" {one} ":
        return True
    first, second = one.split(), other.split()
    most = min(len(first), len(second))
    return any(first[-size:] == second[:size] or second[-size:] == first[:size] for size in range(2, most))


class PhraseBudget:
    """What the lead has said so often in a run that other words should be found."""

    def __init__(self, habits: SpeechHabits, lead: str) -> None:
        self._habits, self._lead, self._speaker = habits, lead, Speaker()

    def add(self, document: Document) -> None:
        """A kept session."""
        for line in document.messages:
            if line.nick == self._lead:
                self._speaker.add(own_words(line.text), None)

    def overused(self) -> tuple[str, ...]:
        """First words of two, and phrases of three to five, that go beyond the habits of `policies/realism.yaml`.

        Single first words are left alone: half of all sentences begin with one of a dozen.
        """
        if self._speaker.messages < ENOUGH:
            return ()
        openings = [row.opening for row in self._speaker.openings(self._habits)[2] if row.over]
        phrases = [row.phrase for row in self._speaker.recurring(self._habits) if row.over]
        return tuple(dict.fromkeys((*openings, *phrases)))[:AVOIDED]
