"""What a text has to contain for an expression to match it: strings that are found much faster than the expression.

Of `\\b(great|good) +question`, every match holds "great question" or "good question". A text is looked through for the
strings of all expressions at once (Aho-Corasick), and only the expressions of which one is there are tried. So an
expression can be tried in vain, but never be missed; those without such strings are left to one pass of RE2. The idea
is that of RE2's `FilteredRE2`. Strings and texts are compared after `marked`.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import re2

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

SEAM = "\x01"
"""Stands where a word begins or ends (ASCII, as RE2's `\\b`)."""
_SEAMS = re.compile(r"\b", re.ASCII)
_SPACES = re.compile("  +")
_WORDS = re.compile(r"\w+", re.ASCII)
_MARKS = re.compile(r"[^\w\s\x01]")

FOREIGN = ("\u017f", "\u212a")
"""The two characters outside ASCII that RE2 takes for `s` and `k`: what contains one is not looked up but tried."""

SET_MEMORY = 8 << 20
"""Most bytes that the automaton of RE2's pass may keep; it grows with the variety of the text up to this."""

_TOGETHER = 3
"""Expressions that RE2 searches for in one pass."""
_FEW = 12
"""So few expressions are left to RE2 altogether: it searches for them in a microsecond."""
_MOST = 16
"""Strings that alternatives are multiplied to, at most, before the row is cut there."""
_CLASS = 12
"""Most characters of a class that are taken one by one."""
_FREQUENT = 0.3
"""Strings that are expected in more than this share of all texts are not worth looking for."""
_LETTER = 6.0
"""Each further character makes a string so much rarer; a guess for English that decides only about speed."""
_COMMON = {
    word: share
    for share, words in (
        (0.4, "the a i you to and of it in that"),
        (0.15, "is my for on your me not be this with have but so are just what was at no"),
        (0.08, "do all one an as if like can don im we or they there its out up about now how he"),
        (0.03, "from had has did who when which where some these those would could will get know"),
    )
    for word in words.split()
}
"""Share of lines that hold one of the commonest words, roughly."""
# What RE2 reads in another way than Python's parser does: a class by name, a count without its first number.
_OTHERWISE = re.compile(r"\[:\^?[a-z]+:\]|\{,|\\[QpPXC]")

Strings = frozenset[str]


def marked(text: str) -> str:
    """The text as strings are looked for in it: with SEAMs, without case, with single spaces.

    >>> marked("Ask  Him")
    '\\x01ask\\x01 \\x01him\\x01'
    """
    text = _SEAMS.sub(SEAM, text).casefold()
    return _SPACES.sub(" ", text) if "  " in text else text


_known: dict[str, Strings] = {}
"""Answers of `required`: they depend on nothing but the expression and this file."""


def required(expression: str) -> Strings:
    """Strings of which every match has at least one; empty: none are known, or they are too frequent to help.

    `expression`: valid RE2, searched for without regard to case.

    >>> sorted(required("(great|good) +question"))
    ['good\\x01 \\x01question', 'great\\x01 \\x01question']
    """
    found = _known.get(expression)
    if found is None:
        found = _known[expression] = _required(expression)
    return found


def remember(answers: Mapping[str, Iterable[str]]) -> None:
    """Takes over what `required` answered in another process that ran the same code."""
    _known.update((expression, frozenset(strings)) for expression, strings in answers.items())


def _required(expression: str) -> Strings:
    if _OTHERWISE.search(expression) or any(letter in expression for letter in FOREIGN):
        return frozenset()
    try:
        _, needed = _row(_parser().parse(expression))
    except (re.error, OverflowError, RecursionError):
        return frozenset()
    return needed.strings if needed is not None and needed.frequency <= _FREQUENT else frozenset()


def _parser() -> Any:
    return importlib.import_module("re._parser")  # it has no public name


@dataclass(frozen=True, slots=True)
class _Needed:
    """Strings of which every match has one."""

    strings: Strings
    frequency: float
    """In how many of all texts one of them is to be expected, roughly."""


_Found = tuple[set[str] | None, _Needed | None]
"""All strings that a part of an expression can match, as far as they can be listed; what every match of it needs."""


def _row(nodes: Iterable[tuple[Any, Any]]) -> _Found:
    so_far, whole = {""}, True
    needed: list[_Needed | None] = []
    for node in nodes:
        exact, within = _node(*node)
        needed.append(within)
        if exact is not None and len(so_far) * len(exact) <= _MOST:
            so_far = {before + after for before in so_far for after in exact}
            continue
        needed.append(_strings(so_far))
        so_far, whole = {""} if exact is None else exact, False
    needed.append(_strings(so_far))
    rarest = min((one for one in needed if one is not None), key=lambda one: one.frequency, default=None)
    return so_far if whole else None, rarest


def _node(kind: Any, value: Any) -> _Found:
    """What is not known here may match anything."""
    match str(kind):
        case "LITERAL":
            return {chr(value)}, None
        case "AT":
            return {SEAM if str(value) == "AT_BOUNDARY" else ""}, None
        case "IN":
            return _class(value), None
        case "SUBPATTERN":
            return _row(value[-1])
        case "BRANCH":
            return _branches(value[1])
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, inner = value
            exact, within = _row(inner)
            if least == 0:
                return exact | {""} if most == 1 and exact is not None else None, None
            # Several spaces are as one in a marked text.
            return exact if most == 1 or (least == 1 and exact == {" "}) else None, within
    return None, None


def _class(members: Iterable[tuple[Any, Any]]) -> set[str] | None:
    found: set[str] = set()
    for kind, value in members:
        match str(kind):
            case "LITERAL":
                found.add(chr(value))
            case "RANGE" if value[1] - value[0] < _CLASS:
                found |= set(map(chr, range(value[0], value[1] + 1)))
            case _:
                return None
    return found


def _branches(branches: Sequence[Any]) -> _Found:
    rows = [_row(branch) for branch in branches]
    exact: set[str] | None = set()
    for strings, _ in rows:
        exact = None if exact is None or strings is None or len(exact) + len(strings) > _MOST else exact | strings
    within = [needed for _, needed in rows if needed is not None]
    if len(within) < len(rows):
        return exact, None
    together = frozenset().union(*(needed.strings for needed in within))
    return exact, _Needed(together, sum(needed.frequency for needed in within))


def _strings(exact: set[str]) -> _Needed | None:
    """As they stand in marked texts; None if one of them is empty or a mere border, since that is everywhere."""
    if any(not string.strip(SEAM) for string in exact):
        return None
    found = frozenset(string for string in map(_inside, exact) if string is not None)
    return _Needed(found, sum(map(_share, found))) if found else None


def _inside(string: str) -> str | None:
    """As it stands in a marked text, SEAMs at its ends only if it has them; None: it matches nothing."""
    bare = string.replace(SEAM, "")
    inner = marked(bare)
    # At its ends a SEAM may also come from the character outside: `\b` before a comma wants a letter there.
    left = SEAM if string.startswith(SEAM) else ""
    right = SEAM if string.endswith(SEAM) else ""
    if SEAM in string[1:-1] and not _borders(string) <= {found.start() for found in _SEAMS.finditer(bare)}:
        return None
    return left + inner[inner.startswith(SEAM) : len(inner) - inner.endswith(SEAM)] + right


def _borders(string: str) -> set[int]:
    """Where SEAMs stand inside a string, counted without them."""
    places, at = set(), 0
    for character in string.strip(SEAM):
        if character == SEAM:
            places.add(at)
        else:
            at += 1
    return places


def _share(string: str) -> float:
    whole = 1.0
    for word in _WORDS.findall(string):
        if word in _COMMON and f"{SEAM}{word}{SEAM}" in string:
            whole *= _COMMON[word]
        else:
            whole *= _LETTER ** -(len(word) - (not string.startswith(SEAM)))
    return whole * 0.2 ** len(_MARKS.findall(string))


class Prefilter:
    """Which of many expressions a text may match."""

    def __init__(self, expressions: Iterable[str]) -> None:
        """`expressions`: as for `required`."""
        owners: dict[str, list[str]] = {}
        self._others: list[str] = []
        """Of which nothing is known: RE2 searches for all of them in one pass."""
        self._all = frozenset(expressions)
        for expression in sorted(self._all):
            strings = required(expression) if len(self._all) > _FEW else frozenset()
            for string in strings:
                owners.setdefault(string, []).append(expression)
            if not strings:
                self._others.append(expression)
        self._owners = list(owners.values())
        self._automaton = _automaton(list(owners)) if owners else None
        self._recent: dict[str, frozenset[str]] = {}

    def possible(self, text: str) -> frozenset[str]:
        """The expressions that may match the text. `text` has no half surrogates."""
        found = self._recent.get(text)
        if found is None:
            if len(self._recent) >= _RECENT:
                for old in list(islice(self._recent, _RECENT // 2)):
                    del self._recent[old]
            found = self._recent[text] = self._search(text)
        return found

    def _search(self, text: str) -> frozenset[str]:
        if not text.isascii() and any(letter in text for letter in FOREIGN):
            return self._all
        found: list[str] = []
        for group, together in self._sets:
            found += group if together is None else [group[place] for place in together.Match(text) or ()]
        if self._automaton is None:
            return frozenset(found)
        hits = self._automaton.find_matches_as_indexes(marked(text), overlapping=True)
        return frozenset(found).union(*[self._owners[place] for place, _, _ in hits])

    @cached_property
    def _sets(self) -> list[tuple[list[str], Any]]:
        """The others in small groups: the states of an automaton multiply with the expressions that it searches for."""
        made: list[tuple[list[str], Any]] = []
        for first in range(0, len(self._others), _TOGETHER):
            made += _search_sets(self._others[first : first + _TOGETHER])
        return made


def _search_sets(group: list[str]) -> list[tuple[list[str], Any]]:
    """The group as one set; halved where that takes too much memory, and None, for any text, where one alone does."""
    together = re2.Set.SearchSet(options(SET_MEMORY))
    for expression in group:
        together.Add(expression)
    try:
        together.Compile()
    except re2.error:
        if len(group) == 1:
            return [(group, None)]
        middle = len(group) // 2
        return [*_search_sets(group[:middle]), *_search_sets(group[middle:])]
    return [(group, together)]


_RECENT = 512
"""Texts of which the answer is kept: a line is asked about again while it is one of the last of its session."""


def options(memory: int = 8 << 20) -> re2.Options:
    """How every expression is read. `memory`: bytes for the program and its automaton."""
    made = re2.Options()
    made.case_sensitive = False
    made.log_errors = False
    made.max_mem = memory
    return made


def _automaton(strings: list[str]) -> AhoCorasick:
    from ahocorasick_rs import AhoCorasick, Implementation

    return AhoCorasick(strings, store_patterns=False, implementation=Implementation.ContiguousNFA)
