"""The measures on text against lines labelled by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from simulator.errors import ContentError
from simulator.evaluate.language import Language
from simulator.world.policies.evaluation import Wording
from simulator.world.style import StylePolicy
from tests.worlds import shipped

LABELLED, HELD_OUT = (
    YAML(typ="safe").load((Path(__file__).parent / f"{name}.yaml").read_text()) for name in ("labelled", "held_out")
)
AGREEMENT = 0.85
"""Least share of the labelled lines, of the hits and of the misses each, on which a measure says what a person said."""


@cache
def language() -> Language:
    world = shipped()
    return Language(world.evaluation, world.style)


@pytest.mark.parametrize("measure", LABELLED)
def test_agreement_with_a_person(measure: str) -> None:
    lines = LABELLED[measure]
    assert len(lines["hit"]) + len(lines["miss"]) >= 25
    missed = [text for text in lines["hit"] if not language().found(measure, text)]
    false = {text: found for text in lines["miss"] if (found := language().found(measure, text))}
    print(f"{measure}: {len(missed)} of {len(lines['hit'])} missed {missed}, {len(false)} false {false}")
    assert len(missed) <= (1 - AGREEMENT) * len(lines["hit"]), missed
    assert len(false) <= (1 - AGREEMENT) * len(lines["miss"]), false


@pytest.mark.parametrize("measure", HELD_OUT)
def test_what_no_pattern_was_made_for_is_found_as_often_as_was_measured(measure: str) -> None:
    lines = HELD_OUT[measure]
    assert len(lines["hit"]) == len(lines["miss"]) >= 25
    found = [text for text in lines["hit"] if language().found(measure, text)]
    wrong = {text: words for text in lines["miss"] if (words := language().found(measure, text))}
    print(f"{measure}: {len(found)} found, {len(wrong)} wrong {wrong}")
    assert len(found) >= lines["found"] and len(wrong) <= lines["wrong"], wrong


def test_no_held_out_line_is_among_those_that_the_patterns_were_made_from() -> None:
    seen = {text for lines in LABELLED.values() for text in (*lines["hit"], *lines["miss"])}
    assert not seen & {text for lines in HELD_OUT.values() for text in (*lines["hit"], *lines["miss"])}


def test_a_word_that_no_list_has_is_told() -> None:
    rules = shipped().style
    with pytest.raises(ValueError, match="no `gadget`, which a pattern names"):
        rules.spelled((r"\bmy {gadget}\b",))
    fresh = StylePolicy.model_validate(rules.model_dump() | {"words": {**rules.words, "zork": "cat|dog"}})
    assert fresh.spelled(("a {zork}{1,2}",)) == ("a (cat|dog){1,2}",)


def test_an_unknown_rule_is_told() -> None:
    world, rules = shipped(), shipped().evaluation
    wrong = rules.measures.model_copy(update={"mean": Wording(rules=("rudeness",))})
    with pytest.raises(ContentError, match=r"measures\.mean: policies/style\.yaml has no `rudeness`"):
        replace(world, evaluation=rules.model_copy(update={"measures": wrong}))


@pytest.mark.parametrize(("words", "brief"), [(1, True), (30, True), (31, False)])
def test_brevity(words: int, brief: bool) -> None:
    assert language().brief("kai: " + "word " * words) is brief
