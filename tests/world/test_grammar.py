"""What is filled into the shipped scripts makes sentences, whatever is drawn."""

from __future__ import annotations

import pytest

from simulator.world.scenario import Scenario, Topic
from tests.world.grammar import plural, read
from tests.worlds import shipped

WORLD = shipped()


def test_every_text_is_a_sentence_with_every_fill_and_topic() -> None:
    assert not [str(fault) for fault in read(WORLD.scenarios.values(), WORLD.topics)]


@pytest.mark.parametrize(
    ("rule", "note", "fills"),
    [
        ("two articles", "Ask for just one of your {thing}.", ["a page of integrals"]),
        ("number of the verb", "Tell the room that {thing} has gone away.", ["dates stuck in 1970"]),
        ("number of the verb", "Ask how is {thing} these days.", ["the jokes of the house"]),
        ("sentence in lower case", "Break off. {thing} boils over.", ["the pan"]),
        ("sentence in lower case", "{thing} boils over.", ["the pan"]),
        ("doubled word", "Say what {thing} means.", ["what it takes"]),
        ("a before a vowel", "Tell them of a {thing}.", ["umbrella"]),
        ("an before a consonant", "Tell them of an {thing}.", ["hat"]),
        ("clause after a preposition", "Complain about {thing}.", ["the moon is broken"]),
        ("capital in a sentence", "Complain about {thing}.", ["The moon"]),
        ("punctuation twice", "Complain about {thing}.", ["the moon."]),
        ("not filled in", "Complain about {thing}.", ["the {moon}"]),
        ("possessive twice", "Complain about {thing}'s end.", ["the neighbour's"]),
        ("article before a name", "Complain about {thing}.", ["a {one}"]),
        ("words after a topic", "Say what {topic} comes down to.", ["soup"]),
        ("doubled word", "Speak with {topic}, with care.", ["soup"]),
    ],
)
def test_the_rules_find_what_they_are_for(rule: str, note: str, fills: list[str]) -> None:
    beat = {"id": "ask", "who": "one", "when": (0.2, 0.4), "note": [note]}
    named = {"premise": "They talk, {lead} too.", "channels": ["#a"], "slots": {"one": {}}, "beats": [beat]}
    script = Scenario.model_validate({"name": "s", "pattern": "p", "heading": "h", "fill": {"thing": fills}, **named})
    soup = Topic(subject="with or without soup", angles=("one bowl", "two bowls"))
    assert rule in {fault.rule for fault in read([script], {"food": [soup]})}


@pytest.mark.parametrize(
    ("phrase", "many"),
    [("a jar of plums", False), ("dates stuck in 1970", True), ("the lighthouse series", False), ("the bus", False)],
)
def test_plural(phrase: str, many: bool) -> None:
    assert plural(phrase) is many
