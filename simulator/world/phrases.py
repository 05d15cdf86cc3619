"""Patterns as people write them in `policies/style.yaml`; a message is searched only for those that it can hold.

They are RE2 expressions: no pattern can take more than linear time, whatever text it meets. Case does not matter. So
that they stay readable, two characters stand for more than themselves:

    '       an apostrophe that may be missing: `i'm` also finds "im"; typographic ones are folded first
    space   one or more spaces, unless a repetition (`*`, `+`, `?`, `{}`) follows it
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import re2
from pydantic import BeforeValidator, Field, model_validator

from simulator.world.prefilter import Prefilter, make_room
from simulator.world.strict import Prose, StrictModel

_FOLDED = {
    ord(character): plain
    for characters, plain in (
        ("\u2018\u2019\u201b\u02bc\u00b4`", "'"),
        ("\u201c\u201d\u201e\u00ab\u00bb", '"'),
        ("\u00a0\u2007\u2009\u202f", " "),
        ("\u2010\u2011\u2013\u2014", "-"),
        (map(chr, range(0xD800, 0xE000)), "\ufffd"),
    )
    for character in characters
}
"""One character for one, so that a place in the folded text is the same place in the text as typed."""

_SPACE = re.compile(r" (?![*+?{])")

_MEMORY = 8 << 20
"""Bytes that an expression's program and its automaton may take."""
SMALL = 500
"""An expression of so many characters that repeats nothing a number of times fits into that memory (each character
takes at most some kilobytes of it): it is valid if it can be parsed, which costs a quarter of compiling it."""


def _lines(value: Any) -> Any:
    return [line for line in map(str.strip, value.splitlines()) if line] if isinstance(value, str) else value


Patterns = Annotated[tuple[str, ...], BeforeValidator(_lines, json_schema_input_type=str | tuple[str, ...])]
"""One pattern a line of a YAML block, or a list of them."""


def expression(pattern: str) -> str:
    """The RE2 expression of a pattern.

    >>> expression("i'm here")
    "i'?m +here"
    """
    return _SPACE.sub(" +", pattern.replace("'", "'?"))


def fault_of(pattern: str) -> str | None:
    """What is wrong with a pattern, or None.

    >>> fault_of("(great|good question")
    'missing ): (great|good +question'
    """
    made = expression(pattern)
    if len(made) <= SMALL and "{" not in made and _parses(made):
        return None
    try:
        re2.compile(made, _options())
    except re2.error as error:
        cause = error.args[0]
        return cause.decode(errors="replace") if isinstance(cause, bytes) else str(cause)
    return None


def _options() -> re2.Options:
    """How every expression is read."""
    made = re2.Options()
    made.case_sensitive = False
    made.log_errors = False
    made.max_mem = _MEMORY
    return made


def _parses(made: str) -> bool:
    try:
        re2.Set.SearchSet(_options()).Add(made)
    except re2.error:
        return False
    return True


def folded(text: str) -> str:
    """The text with typographic quotes, dashes and spaces as a keyboard has them, character for character."""
    return text if text.isascii() else text.translate(_FOLDED)


@dataclass(frozen=True, slots=True)
class Found:
    """Where a group of patterns matched."""

    group: int
    start: int
    end: int


class Phrases:
    """Groups of patterns, each with exceptions: a match that overlaps a match of one of these is none."""

    def __init__(
        self, groups: Sequence[tuple[Iterable[str], Iterable[str]]], prefilter: Prefilter | None = None
    ) -> None:
        """`groups`: (patterns, exceptions) each. `prefilter`: one that knows their `expressions`; None: one of its own.

        Patterns that are not valid raise re2.error when they are tried.
        """
        self._patterns = [(number, expression(p)) for number, (patterns, _) in enumerate(groups) for p in patterns]
        self._unless = [[expression(p) for p in unless] for _, unless in groups]
        self._prefilter = Prefilter(own for _, own in self._patterns) if prefilter is None else prefilter
        self._ways: dict[int, list[int]] = {}
        """For each way of the pre-filter's, the patterns that it is a way to match, by their places."""
        self._always: set[int] = set()
        for place, (_, own) in enumerate(self._patterns):
            ways = self._prefilter.ways(own)
            if not ways:
                self._always.add(place)
            for way in ways:
                self._ways.setdefault(way, []).append(place)
        self._own = sum(1 << way for way in self._ways)
        self._compiled: dict[str, Any] = {}
        self._recent: dict[str, tuple[Found, ...]] = {}

    def find(self, text: str) -> Iterator[Found]:
        """The first match of each group that has one, in the order of the groups. `text` is folded."""
        found = self._recent.get(text)
        if found is None:
            make_room(self._recent)
            found = self._recent[text] = tuple(self._search(text))
        return iter(found)

    def _search(self, text: str) -> Iterator[Found]:
        ways, places = self._prefilter.possible(text) & self._own, self._always.copy()
        while ways:
            lowest = ways & -ways
            ways ^= lowest
            places.update(self._ways[lowest.bit_length() - 1])
        if not places:
            return
        # In bytes RE2 answers twice as fast, and in ASCII a byte is a character.
        searched = text.encode() if text.isascii() else text
        done = -1
        for number, own in map(self._patterns.__getitem__, sorted(places)):
            if number != done and (found := self._first(own, self._unless[number], searched)):
                yield Found(number, *found)
                done = number

    def _first(self, own: str, unless: list[str], text: str | bytes) -> tuple[int, int] | None:
        """The first match that overlaps none of the exceptions'."""
        excused: list[tuple[int, int]] | None = None
        for match in self._re2(own).finditer(text):
            start, end = match.span()
            if excused is None:
                excused = [other.span() for one in unless for other in self._re2(one).finditer(text)]
            if not any(start < to and begin < end for begin, to in excused):
                return start, end
        return None

    def _re2(self, expression: str) -> Any:
        compiled = self._compiled.get(expression)
        if compiled is None:
            compiled = self._compiled[expression] = re2.compile(expression, _options())
        return compiled


class RemarkKind(StrictModel):
    """Something that people say to the lead or of the lead. `{lead}` in a pattern stands for any nick of the lead's."""

    about: Prose
    """What such a remark says."""
    praise: bool = False
    """Not a complaint."""
    less: bool = False
    """A wish that the lead talk less: its turns before and after are compared, and in a channel it is heeded."""
    patterns: Annotated[Patterns, Field(min_length=1)]
    """Regular expressions (RE2, lower case); one match is enough."""
    unless: Patterns = ()
    """Patterns that undo a match."""

    @model_validator(mode="after")
    def _usable(self) -> RemarkKind:
        for pattern in (one for some in self.named(("x",)) for one in some):
            if cause := fault_of(pattern):
                raise ValueError(f"pattern `{pattern}`: {cause}")
        return self

    def named(self, nicks: Iterable[str]) -> tuple[Patterns, Patterns]:
        """Patterns and exceptions with the lead's nicks in them."""
        among = "(" + "|".join(map(re.escape, nicks)) + ")"
        patterns, unless = (
            tuple(pattern.replace("{lead}", among) for pattern in each) for each in (self.patterns, self.unless)
        )
        return patterns, unless


def remark_phrases(kinds: Iterable[RemarkKind], nicks: Iterable[str]) -> Phrases:
    """A group for each kind, in order. `nicks`: all of the lead's."""
    nicks = tuple(nicks)
    return Phrases([kind.named(nicks) for kind in kinds])
