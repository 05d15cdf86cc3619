"""What a text has to contain for an expression to match it: strings that are found much faster than the expression.

Of `\\b(great|good) +question`, every match holds "great question" or "good question"; of `\\bcan .* (help|assist)`,
"can" and one of "help" and "assist". Strings and texts are compared after `marked`. `prefilter.py` looks for them.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SEAM = "\x01"
"""Stands where a word begins or ends (ASCII, as RE2's `\\b`)."""
EDGE = "\x02"
"""Stands at an end of a string behind or before which no word goes on; a SEAM if there is a word inside."""
_UNMARKED = {ord(SEAM): None, ord(EDGE): None}
_ENDS = ("AT_BEGINNING", "AT_END", "AT_BEGINNING_STRING")
"""What Python calls the ends of a text."""
_SEAMS = re.compile(r"\b", re.ASCII)
_SPACES = re.compile("  +")
_WORDS = re.compile(r"\w+", re.ASCII)
_MARKS = re.compile(r"[^\w\s\x01]")

FOREIGN = ("\u017f", "\u212a")
"""The two characters outside ASCII that RE2 takes for `s` and `k`: what contains one is not looked up but tried."""

_MOST = 16
"""Strings that alternatives are multiplied to, at most, before the row is cut there."""
_TIMES = 4
"""A part that is repeated fewer times than that is written out."""
_CLASS = 12
"""Most characters of a class that are taken one by one."""
TOGETHER = 3
"""Most parts of a match that are asked for at once: further ones hardly ever tell more."""
_FREQUENT = 3.0
"""Strings that are expected more often than that in a text are not worth looking for."""
_WAYS = 48
"""Most ways to match an expression that are told apart."""
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
_DIGIT = 0.02
"""Share of lines that hold a certain digit, roughly."""
_OFTEN = {".": 1.0, ",": 0.6, "?": 0.4, "'": 0.4}
"""Share of lines that hold a mark, roughly."""
# What RE2 reads in another way than Python's parser does: a class by name, a count without its first number.
_OTHERWISE = re.compile(r"\[:\^?[a-z]+:\]|\{,|\\[QpPXC]")

Strings = frozenset[str]
Way = tuple[Strings, ...]
"""A way to match an expression: every such match has one string of each."""


def marked(text: str) -> str:
    """The text as strings are looked for in it: with SEAMs, without case, with single spaces.

    >>> marked("Ask  Him")
    '\\x01ask\\x01 \\x01him\\x01'
    """
    text = _SEAMS.sub(SEAM, text).casefold()
    return _SPACES.sub(" ", text) if "  " in text else text


_known: dict[str, tuple[Way, ...]] = {}
"""Answers of `required`: they depend on nothing but the expression and this file."""


def required(expression: str) -> tuple[Way, ...]:
    """The ways to match an expression, of which every match follows one; empty: no strings are known.

    `expression`: valid RE2, searched for without regard to case.

    >>> [[sorted(part) for part in way] for way in required("(great|good) +question")]
    [[['good\\x01 \\x01question', 'great\\x01 \\x01question']]]
    """
    found = _known.get(expression)
    if found is None:
        found = _known[expression] = _required(expression)
    return found


def packed(expressions: Iterable[str]) -> dict[str, Any]:
    """What `required` answers about these, as plain data for `remember`."""
    parts: dict[Strings, int] = {}
    ways = {one: [[parts.setdefault(part, len(parts)) for part in way] for way in required(one)] for one in expressions}
    return {"parts": [sorted(part) for part in parts], "ways": ways}


def remember(answers: Mapping[str, Any]) -> None:
    """Takes over what `required` answered in another process that ran the same code; see `packed`."""
    parts = list(map(frozenset, answers["parts"]))
    for expression, ways in answers["ways"].items():
        _known[expression] = tuple(tuple(map(parts.__getitem__, way)) for way in ways)


def _required(expression: str) -> tuple[Way, ...]:
    if _OTHERWISE.search(expression) or any(letter in expression for letter in FOREIGN):
        return ()
    try:
        _, ways = _row(_parser().parse(expression))
    except (re.error, OverflowError, RecursionError):
        return ()
    found = tuple(tuple(part.strings for part in way if part.frequency <= _FREQUENT) for way in ways)
    return found if all(found) else ()


def _parser() -> Any:
    return importlib.import_module("re._parser")  # it has no public name


@dataclass(frozen=True, slots=True)
class _Needed:
    """Strings of which every match has one."""

    strings: Strings
    frequency: float
    """In how many of all texts one of them is to be expected, roughly."""


_Ways = list[tuple[_Needed, ...]]
"""Every match follows one of these, and has a string of each part of it."""
_ANYHOW: _Ways = [()]
"""Nothing is known."""
_Found = tuple[set[str] | None, _Ways]
"""All strings that a part of an expression can match, as far as they can be listed; what every match of it needs."""


def _row(row: Iterable[tuple[Any, Any]], before: str = "", after: str = "") -> _Found:
    """`before` and `after`: SEAM, EDGE or nothing, what is known of the places where the row begins and ends."""
    nodes = list(row)
    so_far, whole, left = {""}, True, before
    ways = _ANYHOW
    for place, node in enumerate(nodes):
        if str(node[0]) == "LITERAL":
            so_far = {start + chr(node[1]) for start in so_far}
            continue
        here = _end(so_far, left)
        exact, within = _node(node, here, _begin(nodes[place + 1 :], after))
        if exact is not None and len(so_far) * len(exact) <= _MOST:
            so_far = {start + rest for start in so_far for rest in exact}
            continue
        ways = _both(ways, _strings(so_far, left, _begin(nodes[place:], after)))
        if exact is None:
            ways = _both(ways, within)
            so_far, left = {""}, EDGE if _clean(node, here != "") else ""
        else:
            so_far, left = exact, here
        whole = False
    ways = _both(ways, _strings(so_far, left, after))
    return so_far if whole else None, ways


def _end(strings: set[str], left: str) -> str:
    """What is known of the place where each of the strings ends; `left`: of the place where they begin."""
    ends = {(left + string)[-1:] for string in strings}
    if ends == {SEAM}:
        return SEAM
    return EDGE if all(end and not _is_word(end) for end in ends - {SEAM}) and SEAM not in ends else ""


def _begin(nodes: Sequence[Any], after: str) -> str:
    """What is known of the place where a row begins; `after`: of the place where it ends."""
    if not nodes:
        return after
    kind, value = nodes[0]
    match str(kind):
        case "AT":
            return SEAM if str(value) == "AT_BOUNDARY" else EDGE if str(value) in _ENDS else ""
        case "SUBPATTERN":
            return _begin(value[-1], "")
        case "BRANCH":
            begins = {_begin(branch, "") for branch in value[1]}
            return begins.pop() if len(begins) == 1 else ""
        case "MAX_REPEAT" | "MIN_REPEAT" if value[0] > 0:
            return _begin(value[2], "")
    return EDGE if _clean(nodes[0], False) else ""


def _clean(node: tuple[Any, Any], before: bool) -> bool:
    """Whether no word can go on behind what the node matches; `before`: whether none can in front of it."""
    kind, value = node
    match str(kind):
        case "LITERAL":
            return not _is_word(chr(value))
        case "IN":
            members = _class(value)
            return members is not None and not any(map(_is_word, members))
        case "AT":
            return before or str(value) in _ENDS
        case "SUBPATTERN":
            return _all_clean(value[-1], before)
        case "BRANCH":
            return all(_all_clean(branch, before) for branch in value[1])
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, _, inner = value
            return _all_clean(inner, before) and (before or least > 0)
    return False


def _all_clean(nodes: Iterable[tuple[Any, Any]], before: bool) -> bool:
    for node in nodes:
        before = _clean(node, before)
    return before


def _is_word(character: str) -> bool:
    """As RE2's `\\w`, whatever the case."""
    return character == "_" or (character.isascii() and character.isalnum()) or character in FOREIGN


def _both(ways: _Ways, others: _Ways) -> _Ways:
    """What a match needs that has two parts."""
    if len(ways) > 1 and len(others) > 1 and len(ways) * len(others) > _WAYS:
        others = [_either(others)]
    return [_rarest((*way, *other)) for way in ways for other in others]


def _rarest(way: tuple[_Needed, ...]) -> tuple[_Needed, ...]:
    return tuple(sorted(way, key=lambda part: part.frequency)[:TOGETHER])


def _either(ways: Sequence[tuple[_Needed, ...]]) -> tuple[_Needed, ...]:
    """One way that is good for all of these."""
    return tuple(
        _Needed(frozenset().union(*(part.strings for part in parts)), sum(part.frequency for part in parts))
        for parts in zip(*ways, strict=False)
    )


def _node(node: tuple[Any, Any], before: str, after: str) -> _Found:
    """What is not known here may match anything."""
    kind, value = node
    match str(kind):
        case "AT":
            return {SEAM if str(value) == "AT_BOUNDARY" else EDGE if str(value) in _ENDS else ""}, _ANYHOW
        case "IN":
            return _class(value), _ANYHOW
        case "SUBPATTERN":
            return _row(value[-1], before, after)
        case "BRANCH":
            return _branches(value[1], before, after)
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, inner = value
            if 1 < least == most < _TIMES:
                return _row([*inner] * least, before, after)
            exact, within = _row(inner, before, after if most == 1 else "")
            if least == 0:
                return exact | {""} if most == 1 and exact is not None else None, _ANYHOW
            if most == 1 or (least == 1 and exact == {" "}):  # several spaces are as one in a marked text
                return exact, within
            return None, within if exact is None else _both(within, _strings(exact, before, ""))
    return None, _ANYHOW


def _class(members: Iterable[tuple[Any, Any]]) -> set[str] | None:
    found: set[str] = set()
    for kind, value in members:
        match str(kind):
            case "LITERAL":
                found.add(chr(value))
            case "RANGE" if value[1] - value[0] < _CLASS:
                found |= set(map(chr, range(value[0], value[1] + 1)))
            case "CATEGORY" if str(value) == "CATEGORY_DIGIT":
                found |= set("0123456789")
            case _:
                return None
    return found


def _branches(branches: Sequence[Any], before: str, after: str) -> _Found:
    rows = [_row(branch, before, after) for branch in branches]
    exact: set[str] | None = set()
    for strings, _ in rows:
        exact = None if exact is None or strings is None or len(exact) + len(strings) > _MOST else exact | strings
    ways = [way for _, found in rows for way in found]
    if not all(ways):
        return exact, _ANYHOW
    several = [way for way in ways if len(way) > 1]
    if len(several) >= _WAYS:
        return exact, [_either(ways)]
    single = [way for way in ways if len(way) == 1]
    return exact, [*several, _either(single)] if single else several


def _strings(exact: set[str], left: str, right: str) -> _Ways:
    """As they stand in marked texts; nothing if one of them is empty or a mere border, since that is everywhere."""
    strings = [left + string + right for string in exact]
    if not all(map(_telling, strings)):
        return _ANYHOW
    found = frozenset(string for string in map(_inside, strings) if string is not None)
    return [(_Needed(found, sum(map(_share, found))),)] if found else _ANYHOW


def _telling(string: str) -> bool:
    """Whether it is worth looking for: a full stop, or a letter that may be within a word, is in nearly every text."""
    bare = string.translate(_UNMARKED)
    return bare.strip(" .,") != "" and (len(bare) > 1 or len(string) > 2 or not bare.isalpha())


def _inside(string: str) -> str | None:
    """As it stands in a marked text, SEAMs at its ends only if it has them; None: it matches nothing."""
    bare = string.translate(_UNMARKED)
    inner = marked(bare)
    # At its ends a SEAM may also come from the character outside: `\b` before a comma wants a letter there.
    left = SEAM if string.strip(EDGE).startswith(SEAM) or (string.startswith(EDGE) and _is_word(bare[0])) else ""
    right = SEAM if string.strip(EDGE).endswith(SEAM) or (string.endswith(EDGE) and _is_word(bare[-1])) else ""
    string = string.replace(EDGE, "")
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
        if f"{SEAM}{word}{SEAM}" in string:
            whole *= _COMMON.get(word, _LETTER ** -len(word))
        elif word.isdigit():
            whole *= _DIGIT
        else:
            whole *= min(1.0, _LETTER ** -(len(word) - 2))  # the end of many words
    for mark in _MARKS.findall(string):
        whole *= _OFTEN.get(mark, 0.2)
    return whole
