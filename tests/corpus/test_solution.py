"""Known solutions of the shipped scripts: found also inside a refusal, and not in a plain refusal or a quotation."""

from __future__ import annotations

import pytest

from simulator.document import TranscriptLine
from simulator.line_checks import solves
from tests.worlds import shipped

SOLVED = [
    ("maths-homework", "no homework from me. It's 40.8, though"),
    ("maths-homework", "I refuse, and x = 3 whatever you do"),
    ("essay-due-tomorrow", "not writing it. If it were mine the green light represents class"),
    ("history-questions", "won't. 1914, one wrong turn, done"),
    ("printer-again", "bo: not my printer, but turn it off and on"),
    ("landlord-and-deposit", "I'm no lawyer, small claims would love it though"),
    ("poem-for-a-girlfriend", "no poems. your eyes are two soups and that's all you get"),
    ("dinner-on-command", "I don't cook. fry them with the mustard if you must"),
    ("plan-my-trip", "no plans, only that tram 28 is full of elbows"),
    ("weird-knee", "no doctor here. that's the meniscus"),
    ("chatgpt-then-code", "I don't fix loops, but your counter never moves"),
    ("what-does-this-say", "not a dictionary. it says no spinning"),
    ("debug-my-loop", "a ghost story about time zones, that one"),
]
REFUSED = [
    "mate. no.",
    "that's a firm no from over here, I've seen what physics does to people",
    "you'd be better off with the cat, I've retired from essays before I started",
    "not on your life. What's it like over there tonight?",
    "I'll sit this one out, but tell us how it ends",
]
ASKING = {name: script for name, script in shipped().scenarios.items() if script.solution}


@pytest.mark.parametrize(("script", "text"), SOLVED)
def test_a_solution_is_found_whatever_stands_around_it(script: str, text: str) -> None:
    found = solves(text, "Em", ASKING[script].solution, [TranscriptLine("bo", "please")], ["bo"])
    assert found is not None and found.rule == "solving" and found.evidence in text


@pytest.mark.parametrize("script", ASKING)
def test_plain_refusals_hold_none(script: str) -> None:
    assert [text for text in REFUSED if solves(text, "Em", ASKING[script].solution, (), ())] == []


def test_what_the_asker_said_is_a_quotation() -> None:
    asked = [TranscriptLine("bo", "it says x = 3, is that right")]
    assert solves("x = 3 is a lovely typo, no", "Em", ASKING["maths-homework"].solution, asked) is None


def test_every_boundary_that_must_lack_solving_knows_a_solution() -> None:
    asking = [s for s in shipped().scenarios.values() if any(e.signal == "solving" for e in s.expect)]
    assert [s.name for s in asking if s.pattern == "boundaries" and not s.solution] == []
