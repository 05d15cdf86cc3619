"""A pattern is never missed because of the strings that are looked for before it."""

from __future__ import annotations

import random
import sys

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.world.literals import FOREIGN, marked, required
from simulator.world.phrases import Phrases, expression, folded
from simulator.world.prefilter import Prefilter
from simulator.world.style import StylePolicy
from simulator.world.yaml_file import parse
from tests.corpus.language import ROOT
from tests.worlds import shipped


class _Everything(Prefilter):
    """Tells nothing: every pattern is tried on every text."""

    def possible(self, text: str) -> int:
        return (1 << self._count) - 1


def _patterns(style: StylePolicy) -> list[str]:
    rules = [pattern for rule in style.rules for pattern in (*rule.patterns, *rule.unless)]
    signals = [pattern for signal in style.signals.values() for pattern in (*signal.patterns, *signal.unless)]
    return list(dict.fromkeys(style.spelled((*rules, *signals))))


def _ignoring_case(pattern: str) -> object:
    options = re2.Options()
    options.case_sensitive = False
    return re2.compile(expression(pattern), options)


PATTERNS = _patterns(shipped().style)
WITH = Phrases([((pattern,), ()) for pattern in PATTERNS])
WITHOUT = Phrases([((pattern,), ()) for pattern in PATTERNS], _Everything(map(expression, PATTERNS)))


def _same(text: str) -> None:
    text = folded(text)
    assert list(WITH.find(text)) == list(WITHOUT.find(text)), text


def _lines() -> list[str]:
    files = (ROOT / "tests/corpus/language_cases.yaml", ROOT / "tests/corpus/meaning.yaml")
    lines = [line for path in files for line in _texts(parse(path.read_text(encoding="utf-8"), path.name))]
    return [*lines, *(line for person in shipped().personas.values() for line in person.voice)]


def _texts(part: object) -> list[str]:
    if isinstance(part, str):
        return part.splitlines()
    if isinstance(part, dict):
        part = list(part.values())
    return [text for item in part for text in _texts(item)] if isinstance(part, list) else []


LINES = _lines()


def test_most_patterns_need_some_string() -> None:
    assert sum(bool(required(expression(pattern))) for pattern in PATTERNS) > 0.7 * len(PATTERNS)


def test_every_labelled_line_is_judged_as_without_the_strings() -> None:
    assert len(LINES) > 500
    for line in LINES:
        _same(line)
        _same(line.upper().replace(" ", "   ").replace("'", "\u2019"))


def test_lines_cut_and_mixed_at_random_are_too() -> None:
    draw = random.Random(5)
    words = [word for line in LINES for word in line.split()]
    for _ in range(500):
        mixed = [*draw.choices(words, k=draw.randint(1, 20)), *draw.choice(LINES).split()[: draw.randint(0, 9)]]
        _same(draw.choice((" ", "  ", ", ", "-", "")).join(mixed))


@settings(deadline=None, max_examples=100)
@given(
    st.text(max_size=120)
    | st.lists(st.sampled_from("aikstoe' .,?:*=-<1\u017f\u212a\u00df\u0130"), max_size=60).map("".join)
)
def test_any_text_is_too(text: str) -> None:
    _same(text)


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("(great|good) question", ["a GREAT   question", "good question"]),
        ("i'm here", ["im here", "I'm  here"]),
        (r"\bare\b,", ["you are, then"]),
        (r"are\b -", ["are -"]),
        (r"\b-5", ["x-5"]),
        (r"\bno\b\b", ["no"]),
        (r"(\b|x)\byes", ["yes"]),
        ("sink", ["\u017fin\u212a", "SINK"]),
        ("stra\u00dfe|caf\u00e9", ["STRA\u1e9eE", "CAF\u00c9", "stra\u00dfe"]),
        ("[[:alpha:]]og", ["dog"]),
        ("{,3}", ["{,3}"]),
        (r"(ab){2,3}c", ["xababc"]),
        (r"(?-i:Ab)c", ["AbC"]),
        ("a|", ["", "b"]),
        (r"\x{263a}ok", ["\u263aok"]),
        (r"\Qa.b\E", ["a.b"]),
        (r"[^a]b{1}", ["cb"]),
        ("x{0}y", ["y"]),
        ("(a|(b|c)d)e", ["ae", "bde", "cde"]),
        ("\u03c3\u03af", ["\u03a3\u038a", "\u03c2\u03af"]),
    ],
)
def test_what_matches_is_found(pattern: str, texts: list[str]) -> None:
    compiled = _ignoring_case(pattern)
    phrases = Phrases([((pattern,), ())])
    for text in texts:
        assert compiled.search(text), "the example is wrong"  # type: ignore[attr-defined]
        assert list(phrases.find(text)) == list(
            Phrases([((pattern,), ())], _Everything([expression(pattern)])).find(text)
        )


def test_letters_that_re2_takes_for_each_other_are_the_same_in_marked_texts() -> None:
    options = re2.Options()
    options.case_sensitive = False
    for code in range(128, sys.maxunicode + 1):
        letter = chr(code)
        others = {letter.lower(), letter.upper(), letter.casefold(), letter.title()} - {letter}
        for other in others:
            if len(other) == 1 and marked(other).strip("\x01") != marked(letter).strip("\x01"):
                same = re2.compile(re2.escape(letter), options).fullmatch(other)
                assert not same or {letter, other} & set(FOREIGN), (letter, other)
