"""Does a session read as a very small model writes? Two counts of words, about a millisecond a session.

Such models (measured: 135 to 270 million parameters) write sentences of hardly anything but function words, and say the
same four words again and again. Thresholds come from people's logs, of which a hundredth at most lies beyond them; they
see emptiness and repetition, not whether a talk makes sense.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from simulator.document import TranscriptLine
from simulator.line_checks.wording import runs
from simulator.world.style import StylePolicy

SMALL_MODEL = "very-small-model"
"""Name of the rule."""
GRAM = 4
"""Words in a row."""
_ENGLISH, _WORD = re.compile(r"[a-z][a-z']*"), re.compile(r"[^\W\d_](?:[^\W\d_]|')*")
"""The limits were measured on English words, in which no letter has a mark."""
_ADDRESS = re.compile(r"\S{1,31}[:,] ")


@dataclass(frozen=True, slots=True)
class Emptiness:
    """Both counts of one session, each a share in [0, 1]."""

    closed_class: float
    """Of its words, those of the closed classes."""
    shared_grams: float
    """Of its messages, those with four words in a row that another message near it has too; mean over windows."""


def emptiness(messages: Sequence[TranscriptLine], style: StylePolicy) -> Emptiness:
    """The counts, over the words of the messages without the nick that they are addressed to."""
    closed = style.closed_class_words
    word = _ENGLISH if style.language == "en" else _WORD
    texts = [_words(line.text, word) for line in messages]
    total = sum(map(len, texts))
    share = sum(map(closed.__contains__, chain.from_iterable(texts))) / total if total else 0.0
    window = style.numbers.shared_grams_window
    starts = range(0, max(1, len(texts) - window + 1), window)
    shares = [_shared(texts[start : start + window]) for start in starts]
    return Emptiness(share, sum(shares) / len(shares) if shares else 0.0)


def written_by_small_model(messages: Sequence[TranscriptLine], style: StylePolicy) -> str | None:
    """The count that shows it, with its limit, or None. Sessions that are too short to tell show nothing."""
    numbers = style.numbers
    if len(messages) < numbers.small_model_lines:
        return None
    found = emptiness(messages, style)
    repeating = found.shared_grams >= numbers.shared_grams_some
    most = numbers.closed_class_repeating if repeating else numbers.closed_class_most
    if found.closed_class > most:
        return f"{found.closed_class:.1%} of the words are function words, more than {most:.0%}"
    if found.shared_grams > numbers.shared_grams_most:
        limit = f"more than {numbers.shared_grams_most:.0%}"
        return f"{found.shared_grams:.0%} of the messages share four words in a row with another one, {limit}"
    return None


def _grams(words: list[str]) -> Iterator[tuple[str, ...]]:
    return runs(words, GRAM)


def _words(text: str, word: re.Pattern[str]) -> list[str]:
    address = _ADDRESS.match(text)
    return word.findall((text[address.end() :] if address else text).lower().replace("’", "'"))


def _shared(texts: list[list[str]]) -> float:
    listed = list(chain.from_iterable(map(_grams, texts)))
    if len(set(listed)) == len(listed):
        return 0.0  # as most often
    grams = [set(_grams(words)) for words in texts]
    count = Counter(chain.from_iterable(grams))
    common = {gram for gram, times in count.items() if times > 1}
    return sum(not common.isdisjoint(each) for each in grams) / len(grams)
