"""Which of many expressions a text may match, by the strings that they need: see `literals.py`.

A text is looked through for the strings of all expressions at once (Aho-Corasick), and only the expressions of which
every part may be there are tried. So an expression can be tried in vain, but never be missed; those without such
strings are always tried. The idea is that of RE2's `FilteredRE2`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from itertools import islice
from operator import or_
from typing import TYPE_CHECKING, Any

from simulator.world.literals import FOREIGN, TOGETHER, Strings, marked, required

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

_FEW = 12
"""So few expressions are left to RE2 altogether: it searches for them in a microsecond."""


class Prefilter:
    """Which of many expressions a text may match.

    Each way to match an expression is a bit, in `TOGETHER` segments of one number: segment k holds the ways of which
    part k has been found. A way is open if its bit is set in all segments.
    """

    def __init__(self, expressions: Iterable[str]) -> None:
        """`expressions`: as for `required`."""
        every = sorted(set(expressions))
        known = {one: required(one) if len(every) > _FEW else () for one in every}
        self._ways: dict[str, range] = {}
        self._count = sum(map(len, known.values()))
        self._given = 0
        """Ways that have fewer parts: the missing ones are always there."""
        parts: dict[Strings, int] = {}
        place = 0
        for one, ways in known.items():
            self._ways[one] = range(place, place + len(ways))
            for way in ways:
                bit = 1 << place
                place += 1
                for segment in range(TOGETHER):
                    if segment < len(way):
                        parts[way[segment]] = parts.get(way[segment], 0) | bit << segment * self._count
                    else:
                        self._given |= bit << segment * self._count
        found: dict[str, int] = {}
        for strings, bits in parts.items():
            for string in strings:
                found[string] = found[string] | bits if string in found else bits
        self._bits = list(found.values())
        """By string: what has been found with it."""
        self._automaton = _automaton(list(found)) if found else None
        self._recent: dict[str, int] = {}

    def ways(self, expression: str) -> range:
        """The bits of what `possible` answers that stand for an expression; none: it has to be tried on every text."""
        return self._ways[expression]

    def possible(self, text: str) -> int:
        """The ways that may be there, a bit each. `text` has no half surrogates."""
        found = self._recent.get(text)
        if found is None:
            make_room(self._recent)
            found = self._recent[text] = self._search(text)
        return found

    def _search(self, text: str) -> int:
        every = (1 << self._count) - 1
        if not text.isascii() and any(letter in text for letter in FOREIGN):
            return every
        if self._automaton is None:
            return 0
        hits = self._automaton.find_matches_as_indexes(marked(text), overlapping=True)
        parts = reduce(or_, map(self._bits.__getitem__, {hit[0] for hit in hits}), self._given)
        return parts & parts >> self._count & parts >> 2 * self._count & every


_RECENT = 512
"""Texts of which the answer is kept: a line is asked about again while it is one of the last of its session."""


def make_room(recent: dict[str, Any]) -> None:
    """Forgets the older half of the answers where there are `_RECENT`."""
    if len(recent) >= _RECENT:
        for old in list(islice(recent, _RECENT // 2)):
            del recent[old]


def _automaton(strings: list[str]) -> AhoCorasick:
    from ahocorasick_rs import AhoCorasick, Implementation

    return AhoCorasick(strings, store_patterns=False, implementation=Implementation.ContiguousNFA)
