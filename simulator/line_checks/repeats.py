"""Was this said before, in these or nearly these words?

Messages are compared by their words in pairs, without case, punctuation and the nick that they are addressed to. They
are nearly the same if most of their pairs are common, or if the longer one holds most of the shorter one; two of one
speaker's already if nearly all their words are common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from simulator.document import TranscriptLine
from simulator.line_checks.wording import own_words, runs
from simulator.world.style import Numbers


def repeated(
    said: TranscriptLine, earlier: Sequence[TranscriptLine], numbers: Numbers, *, lead: str | None = None
) -> tuple[int, TranscriptLine] | None:
    """(index, line) of the last earlier line that this one repeats or nearly repeats.

    Near repeats are looked for in the last `repeat_window` lines only; before that, lines must be the same. `lead`: the
    nick that must not say so many words in a row again, either (`lead_repeat_run`); people say half a sentence twice.
    """
    own = _gist(said.text)
    if own.words < numbers.repeat_words:
        return None
    begins = max(0, len(earlier) - numbers.repeat_window)
    for index in range(len(earlier) - 1, begins - 1, -1):
        line = earlier[index]
        other = _gist(line.text)
        same = line.nick == said.nick
        if own.key != other.key:
            # Most lines have no two words in a row in common; that is found out quickest.
            apart = own.pairs.isdisjoint(other.pairs)
            if apart and not same:
                continue
            alike = not apart and (
                _near(own, other, numbers)
                or (same and line.nick == lead and _own_run(said, line, earlier[begins:], numbers.lead_repeat_run))
            )
            if not alike and not (same and _own_repeat(own, other, numbers)):
                continue
        if not line.action and (same or not _echo(other, len(earlier) - index, numbers)):
            return index, line
    for index in range(begins):
        if earlier[index].text == said.text and not earlier[index].action:
            return index, earlier[index]
    return None


class Repeats:
    """The same question about each message of a session in turn, answered from an index."""

    def __init__(self, numbers: Numbers, lead: str | None = None) -> None:
        self._numbers, self._lead = numbers, lead
        self._said: list[_Gist] = []
        self._lines: list[TranscriptLine] = []
        self._nicks: list[str] = []
        self._own: dict[str, list[int]] = {}
        """Indexes of each speaker's messages, in order."""
        self._same: dict[str, int] = {}
        """Index of the first message with these words."""
        self._last: dict[int, int] = {}
        """Index of the last message with this pair of words."""

    def before(self, line: TranscriptLine) -> int | None:
        """Index of an earlier message that this one repeats, or None; then remembers this one."""
        own, index = _gist(line.text), len(self._said)
        mine = self._own.setdefault(line.nick, [])
        found = None
        if own.words >= self._numbers.repeat_words:
            found = self._find(own, line.nick, index)
            if found is None:
                found = self._find_own(own, index, mine)
            if found is None and line.nick == self._lead:
                found = self._find_run(line, index, mine)
        mine.append(index)
        self._lines.append(line)
        self._nicks.append(line.nick)
        self._said.append(own)
        self._same.setdefault(own.key, index)
        self._last.update(dict.fromkeys(own.pairs, index))
        return found

    def _find(self, own: _Gist, nick: str, index: int) -> int | None:
        first = self._same.get(own.key)
        if first is not None and not self._free(nick, first, index):
            return first
        # A near repeat shares most pairs, so it was the last to use at least one of them.
        shared = self._last.keys() & own.pairs
        if not shared:
            return None
        candidates = set(map(self._last.__getitem__, shared))
        begins = index - self._numbers.repeat_window
        near = (
            other
            for other in candidates
            if other >= begins and not self._free(nick, other, index) and _near(own, self._said[other], self._numbers)
        )
        return max(near, default=None)

    def _free(self, nick: str, other: int, index: int) -> bool:
        return self._nicks[other] != nick and _echo(self._said[other], index - other, self._numbers)

    def _find_own(self, own: _Gist, index: int, mine: list[int]) -> int | None:
        if own.words < self._numbers.own_repeat_words:
            return None
        begins, said, share = index - self._numbers.repeat_window, self._said, self._numbers.own_repeat_share
        for other in reversed(mine):
            if other < begins:
                break
            # Most are too short or too long for it; that is found out quickest.
            distinct = said[other].distinct
            alike = distinct >= share * own.distinct and own.distinct >= share * distinct
            if alike and _own_repeat(own, said[other], self._numbers):
                return other
        return None

    def _find_run(self, line: TranscriptLine, index: int, mine: list[int]) -> int | None:
        begins = max(0, index - self._numbers.repeat_window)
        near, run = self._lines[begins:], self._numbers.lead_repeat_run
        own = (other for other in reversed(mine) if other >= begins)
        return next((other for other in own if _own_run(line, self._lines[other], near, run)), None)


@dataclass(frozen=True, slots=True)
class _Gist:
    """A text as far as repetition is concerned: without case, punctuation and the nick that it is addressed to."""

    key: str
    words: int
    pairs: frozenset[int]
    """Hashes of each two words in a row."""
    vocabulary: frozenset[str]
    distinct: int
    """Words in `vocabulary`."""


@lru_cache(maxsize=8192)
def _gist(text: str) -> _Gist:
    words = own_words(text)
    vocabulary = frozenset(words)
    return _Gist(" ".join(words), len(words), frozenset(map(hash, pairwise(words))), vocabulary, len(vocabulary))


@lru_cache(maxsize=1024)
def _runs(text: str, run: int) -> frozenset[tuple[str, ...]]:
    return frozenset(runs(own_words(text), run))


def _own_run(said: TranscriptLine, line: TranscriptLine, near: Sequence[TranscriptLine], run: int) -> bool:
    """So many words in a row are in both lines, and in nobody else's near them: those are the subject's name."""
    shared = _runs(said.text, run) & _runs(line.text, run)
    if not shared:
        return False
    others = (other for other in near if other.nick != said.nick)
    return not any(not shared.isdisjoint(_runs(other.text, run)) for other in others)


def _echo(other: _Gist, back: int, numbers: Numbers) -> bool:
    """A short line, `back` messages ago, that another person may take up: an echo among friends."""
    return other.words <= numbers.echo_free_words and back <= numbers.answer_within


def _own_repeat(a: _Gist, b: _Gist, numbers: Numbers) -> bool:
    """One speaker's two lines are of nearly the same words, in whatever order."""
    needed = numbers.own_repeat_share * max(a.distinct, b.distinct)
    if min(a.distinct, b.distinct) < needed or min(a.words, b.words) < numbers.own_repeat_words:
        return False
    return len(a.vocabulary & b.vocabulary) >= needed


def _near(a: _Gist, b: _Gist, numbers: Numbers) -> bool:
    less, shared = min(len(a.pairs), len(b.pairs)), len(a.pairs & b.pairs)
    if less < numbers.repeat_words - 1:
        return False
    if shared >= numbers.repeat_similarity * (len(a.pairs) + len(b.pairs) - shared):
        return True
    return less >= numbers.echo_words - 1 and shared >= numbers.echo_share * less
