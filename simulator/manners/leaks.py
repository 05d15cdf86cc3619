"""What may not be repeated word for word: private notes, the premise, the cards."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.manners.words import passage, words_of


class Secrets:
    """Texts that no message may repeat: notes, premise, cards and their voice lines. Built once a session.

    Found are runs of words, and short texts that are repeated as a whole. `public` are phrases that the texts share
    with the talk itself, such as its topic: they alone, or with a word or two around them, give nothing away.
    """

    def __init__(self, texts: Iterable[str], public: Iterable[str] = ()) -> None:
        self._texts = [words_of(text) for text in texts]
        self._public = [words_of(text) for text in public]
        self._built_for: tuple[int, int] | None = None
        self._runs: set[str] = set()
        self._wholes: dict[str, list[list[str]]] = {}

    def found(self, text: str, run: int, whole: int) -> str | None:
        """The repeated words, or None. `run`: words in a row; `whole`: fewest words of a text that is shorter."""
        if self._built_for != (run, whole):
            self._build(run, whole)
        words = words_of(text)
        for start in range(len(words) - run + 1):
            if " ".join(words[start : start + run]) in self._runs:
                return passage(text, start, run)
        for start, word in enumerate(words):
            for secret in self._wholes.get(word, ()):
                if words[start : start + len(secret)] == secret:
                    return passage(text, start, len(secret))
        return None

    def _build(self, run: int, whole: int) -> None:
        self._runs, self._wholes, self._built_for = set(), {}, (run, whole)
        for words in self._texts:
            private = self._private(words)
            for start in range(len(words) - run + 1):
                if sum(private[start : start + run]) >= whole:
                    self._runs.add(" ".join(words[start : start + run]))
            if len(words) < run and sum(private) >= whole:
                self._wholes.setdefault(words[0], []).append(words)

    def _private(self, words: list[str]) -> list[bool]:
        """For each word, whether it stands outside the public phrases."""
        private = [True] * len(words)
        for phrase in self._public:
            for start in range(len(words) - len(phrase) + 1):
                if words[start : start + len(phrase)] == phrase:
                    private[start : start + len(phrase)] = [False] * len(phrase)
        return private
