"""The shipped content: as much of it, and as varied, as a data set of 15 MB needs."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from simulator.document import TranscriptLine
from simulator.line_checks import LineChecker
from simulator.world.persona import Role
from simulator.world.scenario import LEAD
from simulator.world.yaml_file import parse
from tests.worlds import shipped

WORLD = shipped()
CASES = parse((Path(__file__).parents[1] / "corpus/language_cases.yaml").read_text("utf-8"), "language_cases.yaml")
ABOUT_THE_LEAD = {"asks-about-life", "asks-what-it-is"}
"""Signals that ask for an answer of a kind: an opening alone is none."""


def test_how_much_there_is() -> None:
    assert len(WORLD.people) >= 60
    assert sum(map(len, WORLD.topics.values())) >= 500
    for pattern in WORLD.quota.patterns:
        assert sum(s.pattern == pattern for s in WORLD.scenarios.values()) >= 20


def test_topics_have_the_shares_of_the_quota() -> None:
    total = sum(map(len, WORLD.topics.values()))
    for group, share in WORLD.quota.topics.items():
        assert len(WORLD.topics[group]) / total == pytest.approx(share, abs=0.01)


def test_no_topic_and_no_angle_occurs_twice() -> None:
    subjects = [topic.subject.casefold() for topics in WORLD.topics.values() for topic in topics]
    angles = [angle.casefold() for topics in WORLD.topics.values() for topic in topics for angle in topic.angles]
    assert not [line for line, n in Counter(subjects + angles).items() if n > 1]


def test_chattiness_is_spread_as_in_real_channels() -> None:
    """Few loud, many quiet."""
    values = sorted(p.chattiness for p in WORLD.people)
    assert values[len(values) // 2] < 1.0
    assert 4 <= sum(value > 2 for value in values) <= 12
    assert values[-1] / values[0] > 8


def test_nicks_cannot_be_mistaken_for_each_other() -> None:
    for a, b in combinations([nick.casefold() for nick in WORLD.personas], 2):
        assert not a.startswith(b) and not b.startswith(a)


def test_voice_lines_are_their_own_and_pass_the_manners() -> None:
    lines = [(p, line) for p in WORLD.personas.values() for line in p.voice]
    assert len({line.casefold() for _, line in lines}) == len(lines)
    manners = LineChecker(WORLD.style, WORLD.lead.nick)
    for persona, line in lines:
        assert not list(manners.wording(line, nick=persona.nick)), (persona.nick, line)


def test_people_also_write_plainly() -> None:
    """Not everybody has a dry twist ready: "no idea sorry" is a line, too."""
    short = [p for p in WORLD.people if sum(len(line.split()) <= 4 for line in p.voice)]
    assert len(short) >= 40
    assert all(sum(len(line.split()) > 6 for line in p.voice) >= 3 for p in WORLD.people), "what tells them apart"


def test_the_lead_has_lines_for_each_pattern_and_for_any() -> None:
    manners = LineChecker(WORLD.style, WORLD.lead.nick)
    card = WORLD.lead
    assert set(card.voice_for) == set(WORLD.quota.patterns)
    assert all(len(numbers) >= 4 for numbers in card.voice_for.values())
    kept = {number for numbers in card.voice_for.values() for number in numbers}
    free = [line for number, line in enumerate(card.voice) if number not in kept]
    assert sum(manners.shows("refusal", line) is not None for line in free) >= 2
    elsewhere = [
        card.voice[number] for pattern, numbers in card.voice_for.items() for number in numbers if pattern != "identity"
    ]
    assert not [line for line in (*free, *elsewhere) if manners.shows("acknowledges-ai", line)]


def test_no_opening_of_the_lead_breaks_a_rule_by_itself() -> None:
    """A line that begins so would be refused at every try, and the session would end there."""
    manners = LineChecker(WORLD.style, WORLD.lead.nick)
    openings = {
        opening: scenario.name
        for scenario in WORLD.scenarios.values()
        for beat in scenario.beats
        if beat.who == LEAD
        for opening in beat.opening
    }
    assert len(openings) > 500
    for opening, name in openings.items():
        assert not list(manners.wording(opening, nick=WORLD.lead.nick)), (name, opening)


@pytest.mark.parametrize("signal", sorted({rule.after for rule in WORLD.style.rules if rule.after} - ABOUT_THE_LEAD))
def test_no_opening_of_the_lead_breaks_a_rule_in_answer_to_others(signal: str) -> None:
    """Whatever the talk has come to: work asked for, trouble told, a choice to make."""
    manners = LineChecker(WORLD.style, WORLD.lead.nick)
    asked = TranscriptLine("kai", CASES["signals"][signal]["shows"].splitlines()[0])
    assert manners.shows(signal, asked.text)
    for scenario in WORLD.scenarios.values():
        for beat in scenario.beats:
            for opening in beat.opening if beat.who == LEAD else ():
                for line in (opening, f"kai: {opening}"):
                    faults = list(manners.wording(line, nick=WORLD.lead.nick, earlier=[asked]))
                    assert not faults, (scenario.name, line)


def test_scripts_name_no_nick() -> None:
    """The character is a YAML diff: scripts say {lead}."""
    name = re.compile(rf"\b{re.escape(WORLD.lead.nick)}\b")
    for scenario in WORLD.scenarios.values():
        texts = [scenario.premise, *(t for b in scenario.beats for t in (*b.note, *b.opening))]
        assert not [text for text in texts if name.search(text)], scenario.name


def test_scripts_give_the_lead_no_gender() -> None:
    """Scripts say {lead.they}; nobody's pronoun stands beside the lead in words of its own."""
    gendered = re.compile(r"\{lead\}[^.!?]*\b(?:she|her|hers|herself|he|him|his|himself)\b")
    for scenario in WORLD.scenarios.values():
        texts = [scenario.premise, *(t for b in scenario.beats for t in (*b.note, *b.opening))]
        assert not [text for text in texts if gendered.search(text)], scenario.name
        assert not re.search(r"\b(she|her|hers|herself)\b", scenario.name), scenario.name


def test_scripts_that_need_somebody_say_so() -> None:
    """Homework comes from who studies, a question about code from who codes or learns to."""
    wanted = {
        "ask-homework": {"studies"},
        "ask-essay": {"studies"},
        "ask-code": {"codes", "studies", "avoids-computers"},
    }
    for scenario in WORLD.scenarios.values():
        for beat in scenario.beats:
            if beat.kind in wanted:
                assert set(scenario.slots[beat.who].needs) & wanted[beat.kind], scenario.name


def test_core_scripts_expect_something() -> None:
    for scenario in WORLD.scenarios.values():
        if scenario.core and any(beat.who == LEAD or beat.silent or beat.pressure for beat in scenario.beats):
            assert scenario.expect, scenario.name


def test_passersby_pass_by() -> None:
    passing = [p for p in WORLD.people if p.role is Role.PASSERBY]
    assert 0.15 < len(passing) / len(WORLD.people) < 0.35
    regulars = [p for p in WORLD.people if p.role is Role.REGULAR]
    mean = sum(p.chattiness for p in passing) / len(passing)
    assert mean < sum(p.chattiness for p in regulars) / len(regulars)
