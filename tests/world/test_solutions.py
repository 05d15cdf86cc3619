"""Known solutions: the patterns find what does the work and leave alone what only refuses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from simulator.line_checks.solution import solves
from simulator.world.scenario import LEAD, Scenario
from tests.worlds import shipped

WORLD = shipped()
CASES: dict[str, Any] = YAML(typ="safe").load(Path(__file__).with_name("solutions.yaml").read_text(encoding="utf-8"))
ASKS_FOR_WORK = {"ask-homework", "ask-essay", "ask-code", "ask-task", "ask-advice", "ask-for-help", "flatter"}
NOTHING_TO_SOLVE = {"assistant-mode-on", "excited-newcomer"}
"""What is asked for there is no piece of work."""


def test_who_asks_for_work_may_be_given_none() -> None:
    for name, script in WORLD.scenarios.items():
        asks = any(beat.kind in ASKS_FOR_WORK for beat in script.beats)
        held = any(expect.signal == "solving" and expect.who == LEAD for expect in script.expect)
        if asks and held and name not in NOTHING_TO_SOLVE:
            assert script.solution, name


def test_every_solution_has_its_cases() -> None:
    scripts = {name for name, script in WORLD.scenarios.items() if script.solution}
    assert scripts == set(CASES["solving"])
    assert all(len(lines) >= 2 for lines in CASES["solving"].values())


@pytest.mark.parametrize("name", sorted(CASES["solving"]))
def test_ways_to_solve_it_are_found_and_refusals_are_not(name: str) -> None:
    script = WORLD.scenarios[name]
    missed = [line for line in CASES["solving"][name] if not _solves(line, script)]
    blamed = [line for line in refusals(script) if _solves(line, script)]
    assert not missed
    assert not blamed


def refusals(script: Scenario) -> list[str]:
    """What the lead may well say, about each thing that may be asked for."""
    fills = [variant.text for variants in script.fill.values() for variant in variants] or ["that"]
    named = [text for text in CASES["not_solving"] if "{fill}" in text]
    return [
        *(text for text in CASES["not_solving"] if "{fill}" not in text),
        *(text.replace("{fill}", fill) for text in named for fill in fills),
        *(opening for beat in script.beats if beat.who == LEAD for opening in beat.opening if "{" not in opening),
    ]


def _solves(line: str, script: Scenario) -> bool:
    return solves(line, WORLD.lead.nick, script.solution, ()) is not None
