"""`policies/style.yaml` and what it refuses to be."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import ContentError
from simulator.world.phrases import SMALL, Phrases, fault_of, folded
from simulator.world.style import StylePolicy
from simulator.world.yaml_file import parse, validate
from tests.corpus.language import ROOT, style

RAW = parse((ROOT / "policies" / "style.yaml").read_text(encoding="utf-8"), "style.yaml")


def changed(*path: object, to: object) -> dict[str, Any]:
    data = copy.deepcopy(RAW)
    place: Any = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return data


def dropped(*path: object) -> dict[str, Any]:
    data = copy.deepcopy(RAW)
    place: Any = data
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return data


def test_the_numbers_are_the_plans() -> None:
    numbers = style().numbers
    assert (numbers.max_sentences, numbers.max_characters) == (6, 600)
    assert (numbers.short_words, numbers.rapid_fire_share, numbers.rapid_fire_run) == (4, Fraction(1, 3), 4)
    assert numbers.min_people == 2


@pytest.mark.parametrize(
    "name",
    [
        "assistant-language", "offer", "solving", "policing", "meanness", "leak", "politics",
        "refusal", "acknowledges-ai", "denies-ai", "concedes", "asks-back", "disagrees",
    ],
)  # fmt: skip
def test_the_names_that_scenarios_use_are_there(name: str) -> None:
    assert name in style().named()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (
            changed("rules", 0, "patterns", to="fine\n(great|good"),
            "rules.0 (assistant-language): pattern `(great|good`",
        ),
        (changed("rules", 0, "unless", to="[a-"), "rules.0 (assistant-language): pattern `[a-`"),
        (changed("rules", 0, "patterns", to=r"(?=ahead)"), "invalid perl operator"),
        (changed("rules", 0, "patterns", to=""), "rules.0.patterns"),
        (changed("rules", 0, "who", to="everyone"), "rules.0.who"),
        (changed("rules", 0, "pattern", to="x"), "unknown field"),
        (changed("signals", "refusal", "patterns", to="*"), "signals.refusal: pattern `*`"),
        (changed("quotation", to="("), "quotation: pattern `(`"),
        (changed("numbers", "max_sentences", to=0), "numbers.max_sentences"),
        (changed("numbers", "rapid_fire_share", to="often"), "numbers.rapid_fire_share"),
        (changed("signals", "offer", to=RAW["signals"]["refusal"]), "offer is the name of a rule already"),
        (dropped("signals", "refusal"), "signals: missing refusal"),
        (dropped("hints", "wall"), "hints: missing wall"),
        (dropped("numbers", "leak_words"), "numbers.leak_words"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(data: dict[str, Any], says: str) -> None:
    with pytest.raises(ContentError) as raised:
        validate(StylePolicy, data, "policies/style.yaml")
    assert says in str(raised.value) and "\n" not in str(raised.value)


def test_an_apostrophe_may_be_missing_and_spaces_may_be_many() -> None:
    phrases = Phrases([(["i'm here to help"], [])])
    assert all(list(phrases.find(text)) for text in ("I'm here to help", "im here  to help", "IM HERE TO HELP"))
    assert not list(phrases.find("im hereto help"))


def test_an_exception_excuses_only_what_it_touches() -> None:
    phrases = Phrases([([r"\btrump\b"], [r"\btrump card"])])
    assert not list(phrases.find("play the trump card"))
    (found,) = phrases.find("trump played the trump card")
    assert (found.start, found.end) == (0, 5)


def test_broken_patterns_are_explained() -> None:
    assert fault_of("fine (really)?") is None
    assert "missing" in (fault_of("(") or "")


@pytest.mark.parametrize("part", [r"\pL", r"\PL", r"[^\pL]", r"(\pL|\PL)", r"\pL*", ".", "a"])
def test_no_pattern_passes_that_cannot_be_searched_for(part: str) -> None:
    """A small one is only parsed: it has to fit into memory whatever it is made of. A large one may not."""
    assert fault_of(part * (SMALL // len(part))) is None
    list(Phrases([([part * (SMALL // len(part))], [])]).find("text"))
    for large in (part * 1000, f"({part}){{1000}}", part * 20_000):
        if fault_of(large) is None:
            list(Phrases([([large], [])]).find("text"))


def test_a_pattern_that_takes_too_much_memory_is_named_so() -> None:
    assert "too large" in (fault_of(r"\pL" * 20_000) or "")


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_searched_and_folding_moves_nothing(text: str) -> None:
    assert len(folded(text)) == len(text)
    rules, phrases = style().of_lead
    for found in phrases.find(folded(text)):
        assert 0 <= found.start < found.end <= len(text)
        assert rules[found.group].who in ("anyone", "lead")


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["how can i help you", "great question!", "trump", "soup", "i'm", '"', "def f(", "1. a 2. b"])
    )
)
def test_one_pass_over_all_patterns_finds_what_single_passes_find(parts: list[str]) -> None:
    text = " ".join(parts)
    rules, phrases = style().of_people
    together = {rules[found.group].name for found in phrases.find(text)}
    single = {
        rule.name
        for rule in rules
        if list(Phrases([(rule.patterns, (*rule.unless, *(style().quotation if rule.quotable else ())))]).find(text))
    }
    assert together == single
