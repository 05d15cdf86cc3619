"""What may not be repeated word for word: private notes, the premise, the cards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from functools import lru_cache
from itertools import pairwise

from simulator.line_checks.wording import passage, runs, words_of

EXAMPLE_WORDS = 6
"""Fewest words of a sentence that, taken from an example line, shows where it is from."""
_SENTENCES = re.compile(r"(?<=[.!?]) +")


class Secrets:
    """Texts that no message may repeat: notes, premise, cards and their voice lines. Built once a session.

    Found are runs of words, and short texts that are repeated as a whole. `public` are phrases that the texts share
    with the talk itself, such as its topic: they alone, or with a word or two around them, give nothing away.
    """

    def __init__(self, texts: Iterable[str], public: Iterable[str] = (), examples: Iterable[str] = ()) -> None:
        """`examples`: lines of which each sentence counts as a text, if it has `EXAMPLE_WORDS` words."""
        self._texts = list(texts)
        for line in examples:
            self._texts += _example_texts(line)
        self._public = [words for text in public if (words := words_of(text))]
        self._built_for: tuple[int, int] | None = None
        self._runs: set[str] = set()
        self._starts: set[tuple[str, str]] = set()
        """The first two words of each run."""
        self._wholes: dict[str, list[tuple[str, ...]]] = {}

    def found(self, text: str, run: int, whole: int) -> str | None:
        """The repeated words, or None. `run`: words in a row; `whole`: fewest words of a text that is shorter."""
        if self._built_for != (run, whole):
            self._build(run, whole)
        words = words_of(text)
        for start, pair in enumerate(pairwise(words[: len(words) - run + 2] if len(words) >= run else ())):
            if pair in self._starts and " ".join(words[start : start + run]) in self._runs:
                return passage(text, start, run)
        for start, word in enumerate(() if self._wholes.keys().isdisjoint(words) else words):
            for secret in self._wholes.get(word, ()):
                if words[start : start + len(secret)] == secret:
                    return passage(text, start, len(secret))
        return None

    def _build(self, run: int, whole: int) -> None:
        self._wholes, self._built_for = {}, (run, whole)
        self._starts = set().union(*map(_starts_of, self._texts))
        public = [_spaced(phrase) for phrase in self._public]
        runs_of: list[Set[str]] = []
        for text in self._texts:
            words = words_of(text)
            said = _spaced(words)
            if not any(phrase in said for phrase in public):  # nearly always, and the same for a card in every session
                private_words = len(words)
                runs_of.append(_runs_of(text, run))
            else:
                private = self._private(words)
                private_words = sum(private)
                starts = range(len(words) - run + 1)
                runs_of.append({" ".join(words[i : i + run]) for i in starts if sum(private[i : i + run]) >= whole})
            if len(words) < run and private_words >= whole:
                self._wholes.setdefault(words[0], []).append(words)
        self._runs = set().union(*runs_of)

    def _private(self, words: tuple[str, ...]) -> list[bool]:
        """For each word, whether it stands outside the public phrases."""
        private = [True] * len(words)
        for phrase in self._public:
            for start in range(len(words) - len(phrase) + 1) if phrase[0] in words else ():
                if words[start : start + len(phrase)] == phrase:
                    private[start : start + len(phrase)] = [False] * len(phrase)
        return private


@lru_cache(maxsize=4096)
def _spaced(words: tuple[str, ...]) -> str:
    """The words with a space before and after each, so that one text is found in another word by word."""
    return f" {' '.join(words)} "


@lru_cache(maxsize=4096)
def _example_texts(line: str) -> tuple[str, ...]:
    """The line, and each of its sentences that shows where it is from."""
    return (line, *(part for part in _SENTENCES.split(line) if len(words_of(part)) >= EXAMPLE_WORDS))


@lru_cache(maxsize=4096)
def _starts_of(text: str) -> frozenset[tuple[str, str]]:
    return frozenset(pairwise(words_of(text)))


@lru_cache(maxsize=4096)
def _runs_of(text: str, run: int) -> frozenset[str]:
    return frozenset(map(" ".join, runs(words_of(text), run)))
