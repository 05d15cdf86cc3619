"""Text as words and sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from simulator.addressing import without_address
from simulator.world.phrases import folded

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_SENTENCE_END = re.compile(r"[.!?…]+[\"')\]]*(?=\s|$)")


@lru_cache(maxsize=4096)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text without case and punctuation, as repetition and leaks are measured in.

    They are remembered for a while: several checks ask for those of the same line.
    """
    return tuple(WORD.findall(folded(text).casefold()))


def own_words(text: str) -> tuple[str, ...]:
    """The words of a message without the `nick: ` that it may begin with.

    >>> own_words("kai: no, not again")
    ('no', 'not', 'again')
    """
    return words_of(without_address(text))


def runs(words: Sequence[str], length: int) -> Iterator[tuple[str, ...]]:
    """Every `length` words in a row, `length` at least 1.

    >>> list(runs(["a", "b", "c"], 2)), list(runs(["a"], 2))
    ([('a', 'b'), ('b', 'c')], [])
    """
    return zip(*[words[start:] for start in range(length)], strict=False)


def passage(text: str, start: int, count: int) -> str:
    """The `count` words from word `start` on, as typed."""
    places = [found.span() for found in WORD.finditer(folded(text))]
    return text[places[start][0] : places[start + count - 1][1]]


def clipped(text: str, most: int) -> str:
    """The text as one line of at most `most` characters, with `…` at its end where something was cut off.

    >>> clipped("well  then\\nwe go", 20), clipped("well then we go", 10)
    ('well then we go', 'well then…')
    """
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def sentences(text: str) -> int:
    """
    >>> sentences("wait... really? no way")
    3
    """
    ends = 0
    last = 0
    for found in _SENTENCE_END.finditer(text):
        ends, last = ends + 1, found.end()
    return ends + (last < len(text) and not text[last:].isspace())


def most_sentences(text: str) -> int:
    """As many as `sentences` or more, told at once.

    >>> most_sentences("version 2.1 is out. really?")
    4
    """
    return 1 + sum(map(text.count, ".!?…"))


def first_sentences(text: str, most: int) -> str:
    """At most so many sentences from the beginning.

    >>> first_sentences("wait... really? no way", 2)
    'wait... really?'
    """
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    return text[: ends[most - 1]].rstrip() if len(ends) >= most else text


def longest_run(words: list[str]) -> int:
    """How often one word stands in a row, at most."""
    longest = run = 1
    for before, word in pairwise(words):
        run = run + 1 if word == before else 1
        longest = max(longest, run)
    return longest
