"""Patterns as people write them in `policies/style.yaml`, all searched for in one pass over a message.

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
from pydantic import BeforeValidator

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

SET_MEMORY = 64 << 20
"""Most bytes that the automaton of one pass may keep; it grows with the variety of the text up to this."""

SMALL = 500
"""An expression of so many characters that repeats nothing a number of times fits into RE2's memory (8 MB, of which
each character takes at most some kilobytes): it is valid if it can be parsed, which costs a quarter of compiling it."""


def _lines(value: Any) -> Any:
    return [line for line in map(str.strip, value.splitlines()) if line] if isinstance(value, str) else value


Patterns = Annotated[tuple[str, ...], BeforeValidator(_lines)]
"""One pattern a line of a YAML block, or a list of them."""


def _options(memory: int = 8 << 20) -> re2.Options:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = memory
    return options


def _expression(pattern: str) -> str:
    return _SPACE.sub(" +", pattern.replace("'", "'?"))


def fault_of(pattern: str) -> str | None:
    """What is wrong with a pattern, or None.

    >>> fault_of("(great|good question")
    'missing ): (great|good +question'
    """
    expression = _expression(pattern)
    if len(expression) <= SMALL and "{" not in expression and _parses(expression):
        return None
    try:
        re2.compile(expression, _options())
    except re2.error as error:
        cause = error.args[0]
        return cause.decode(errors="replace") if isinstance(cause, bytes) else str(cause)
    return None


def _parses(expression: str) -> bool:
    try:
        re2.Set.SearchSet(_options()).Add(expression)
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

    def __init__(self, groups: Sequence[tuple[Iterable[str], Iterable[str]]]) -> None:
        """`groups`: (patterns, exceptions) each. Patterns that are not valid raise re2.error."""
        self._patterns = [(number, _expression(p)) for number, (patterns, _) in enumerate(groups) for p in patterns]
        self._unless = [[_expression(p) for p in unless] for _, unless in groups]
        self._compiled: dict[str, Any] = {}
        self._set = re2.Set.SearchSet(_options(SET_MEMORY))
        for _, expression in self._patterns:
            self._set.Add(expression)
        if self._patterns:
            self._set.Compile()

    def find(self, text: str) -> Iterator[Found]:
        """The first match of each group that has one, in the order of the groups. `text` is folded."""
        hits = self._set.Match(text) if self._patterns else None
        if not hits:
            return
        done = -1
        for number, expression in map(self._patterns.__getitem__, sorted(hits)):
            if number == done:
                continue
            excused = self._spans(self._unless[number], text)
            for start, end in self._spans([expression], text):
                if not any(start < to and begin < end for begin, to in excused):
                    yield Found(number, start, end)
                    done = number
                    break

    def _spans(self, expressions: list[str], text: str) -> list[tuple[int, int]]:
        spans = []
        for expression in expressions:
            compiled = self._compiled.get(expression)
            if compiled is None:
                compiled = self._compiled[expression] = re2.compile(expression, _options())
            spans += [match.span() for match in compiled.finditer(text)]
        return spans
