"""The language rules on tables of lines, and on what real people typed."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from simulator.line_checks import LineChecker
from simulator.world.yaml_file import parse
from tests.corpus.language import LEAD, style

CASES = parse(Path(__file__).with_name("language_cases.yaml").read_text(encoding="utf-8"), "language_cases.yaml")
SPEAKERS = {"anyone": (LEAD, "kai"), "lead": (LEAD,), "people": ("kai",)}
LOGS = Path(__file__).resolve().parents[3] / "shared" / "reference" / "irc"
MOST_FALSE = 0.003
"""Share of real messages that assistant-language may find; a few of them are service talk indeed."""


@cache
def manners() -> LineChecker:
    return LineChecker(style(), LEAD)


def rules(text: str, nick: str) -> dict[str, str]:
    return {fault.rule: fault.evidence for fault in manners().wording(text, nick=nick, politics_allowed=False)}


def lines(block: str) -> list[str]:
    return block.strip().splitlines()


FAILING = [
    (rule, who, line) for rule, by in CASES["must_fail"].items() for who, block in by.items() for line in lines(block)
]
PASSING = [(who, line) for who, block in CASES["must_pass"].items() for line in lines(block)]
SHOWN = [
    (signal, kind == "shows", line)
    for signal, by in CASES["signals"].items()
    for kind, block in by.items()
    for line in lines(block)
]


def test_the_tables_are_large_and_repeat_nothing() -> None:
    assert len(FAILING) >= 150 and len(PASSING) >= 150
    assert len(set(FAILING)) == len(FAILING) and len(set(PASSING)) == len(PASSING)


@pytest.mark.parametrize("rule", CASES["must_fail"])
def test_what_must_not_be_said_is_found(rule: str) -> None:
    missed = [
        (nick, line)
        for name, who, line in FAILING
        if name == rule
        for nick in SPEAKERS[who]
        if rule not in rules(line, nick)
    ]
    assert not missed


@pytest.mark.parametrize("who", CASES["must_pass"])
def test_what_people_say_is_left_alone(who: str) -> None:
    wrong = [
        (line, found) for by, line in PASSING if by == who for nick in SPEAKERS[who] if (found := rules(line, nick))
    ]
    assert not wrong


def test_every_rule_has_lines_that_it_must_find() -> None:
    alone = {rule.name for rule in style().rules if rule.after is None}
    assert alone == set(CASES["must_fail"])
    assert set(style().signals) == set(CASES["signals"])


def test_signals() -> None:
    wrong = [(signal, line) for signal, shows, line in SHOWN if (manners().shows(signal, line) is not None) != shows]
    assert not wrong


def test_typography_and_case_do_not_matter() -> None:
    for text in ("I’d be HAPPY to help", "i'd be happy to help", "id be happy  to help", "I´d be happy to help"):
        assert "assistant-language" in rules(text, "kai"), text


def test_evidence_is_part_of_the_line() -> None:
    for rule, who, line in FAILING:
        assert rules(line, SPEAKERS[who][0])[rule].rstrip("…") in " ".join(line.split())


def test_people_may_laugh_at_assistants_and_the_lead_may_not() -> None:
    line = 'chatgpt goes "how can I help you today?" every single time'
    assert not rules(line, "kai")
    assert "assistant-language" in rules(line, LEAD)
    assert "assistant-language" in rules("how can I help you today? asked chatgpt", "kai")


def _real() -> Iterator[str]:
    shapes = re.compile(r"(?:[\w-]+ \d{4}-\d\d-\d\d )?\s*(?:\[[\d:]+\])?\s*<\s*[^>\s]+>\s+(\S.*)")
    for path in sorted(LOGS.glob("*/*.raw.txt")) + sorted(LOGS.glob("*/*.ascii.txt")):
        for row in path.read_text(encoding="utf-8", errors="replace").split("\n"):
            if found := shapes.match(row):
                yield found[1]


def test_real_chat_is_hardly_ever_taken_for_an_assistant() -> None:
    said = list(_real())
    if not said:
        warnings.warn("no samples of real chat beside the checkout: false positives not measured", stacklevel=1)
        pytest.skip(f"{LOGS} is not there")
    found = [line for line in said if "assistant-language" in rules(line, "kai")]
    assert len(found) <= MOST_FALSE * len(said), found
