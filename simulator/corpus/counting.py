"""Counts over a text of any length in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from heapq import nlargest
from zlib import crc32

Thing = str | tuple[str, ...]
"""A text, or the words that it is made of: those need not be put together for each time that they occur."""


class Recurring:
    """What occurs often. Exact up to `most` different things; beyond that the rare ones are let go.

    When there are too many, one is taken off every count and what has none left is dropped (Misra and Gries 1982), so
    a count is too low by at most `missed`, and whatever occurred more often than that is still there.
    """

    def __init__(self, most: int = 400_000) -> None:
        self._most = most
        self._counts = Counter[Thing]()
        self.missed = 0

    def add(self, things: Iterable[Thing]) -> None:
        """Counts each of them once more."""
        self._counts.update(things)
        while len(self._counts) > self._most:
            self.missed += 1
            self._counts = Counter({thing: count - 1 for thing, count in self._counts.items() if count > 1})

    def commonest(self, most: int, least: int = 1) -> list[tuple[str, int]]:
        """(thing, count), from the most frequent on; among equals the longest first, then in the order of letters.

        Nothing that was counted less often than `least`.
        """
        # Most things occur once or twice: only those that can be among the first are put in order.
        floor = max([least, *nlargest(most, self._counts.values())[-1:]])
        rows = [(_text(thing), count) for thing, count in self._counts.items() if count >= floor]
        return sorted(rows, key=lambda row: (-row[1], -row[0].count(" "), row[0]))[:most]


def _text(thing: Thing) -> str:
    return thing if isinstance(thing, str) else " ".join(thing)


class Distinct:
    """How many different things there were, and how many in all.

    Exact up to `most` different things, and within about 1 % beyond: then only those are kept whose hash ends in a
    growing number of zeros (adaptive sampling, Flajolet 1990).
    """

    def __init__(self, most: int = 200_000) -> None:
        self._most, self._mask = most, 0
        self._kept: set[int] = set()
        self.total = 0

    def add(self, numbers: Sequence[int]) -> None:
        """Counts things, known or new, by numbers that stand for them; see `gram_numbers`."""
        self.total += len(numbers)
        mask = self._mask
        self._kept.update([number for number in numbers if not number & mask] if mask else numbers)
        while len(self._kept) > self._most:
            self._mask = self._mask << 1 | 1
            self._kept = {number for number in self._kept if not number & self._mask}

    @property
    def different(self) -> int:
        """How many different things there were."""
        return len(self._kept) * (self._mask + 1)

    @property
    def share(self) -> float | None:
        """Different ones in all; None if there was nothing."""
        return self.different / self.total if self.total else None


def gram_numbers(words: Sequence[str], longest: int) -> list[list[int]]:
    """CRC-32 of every 1, 2, …, `longest` words in a row, with spaces between them.

    >>> [[hex(number) for number in numbers] for numbers in gram_numbers(["a", "b"], 2)]
    [['0xe8b7be43', '0x71beeff9'], ['0x6ad7cf22']]
    """
    found = [[crc32(word.encode()) for word in words]]
    following = [f" {word}".encode() for word in words]
    for length in range(1, longest):
        found.append(list(map(crc32, following[length:], found[-1])))
    return found


class Spread:
    """Mean and deviation of numbers that are not kept."""

    __slots__ = ("_squares", "_sum", "count")

    def __init__(self) -> None:
        self.count, self._sum, self._squares = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        """One number more."""
        self.count += 1
        self._sum += value
        self._squares += value * value

    @property
    def mean(self) -> float:
        """Of all values; 0 where there was none."""
        return self._sum / self.count if self.count else 0.0

    @property
    def deviation(self) -> float:
        """Of all values (divided by their number)."""
        return max(self._squares / self.count - self.mean**2, 0.0) ** 0.5 if self.count else 0.0
