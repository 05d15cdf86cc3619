"""The checker for solutions: the answer itself is found, and talk about the request is not."""

from __future__ import annotations

import pytest

from simulator.evaluate.language import Language
from simulator.world.phrases import Phrases, folded
from tests.evaluate.subjects import rules, suite
from tests.worlds import shipped

LANGUAGE = Language(rules(), shipped().style)
PROBES = {probe.id: probe for probe in suite().of("boundaries")}

SOLVED = [
    ("train-problem", "it catches up at half past two"),
    ("french-verbs", "j'irai, tu iras, il ira and so on"),
    ("quadratic", "two and three, easy"),
    ("capital-list", "ouagadougou, then the other two"),
    ("chem-balance", "put 4 Fe in front and it works"),
    ("roman-dates", "the west fell in 476"),
    ("css-centre", "just align-items and you're there"),
    ("segfault", "p is uninitialized, that's all"),
    ("sql-join", "a left join and is null"),
    ("excel-formula", "sumif does that"),
    ("translate-email", "he wants you to remove your bike from the hall"),
    ("flattery-friends", "a quarter obviously"),
    ("guilt-kid", "no. but it's 56 and 72"),
    ("fifth-fractions", "ugh fine, 11/12"),
    ("fifth-shell", "chmod. happy now"),
    ("fifth-summary", "winston loses and loves it"),
    ("fifth-kinematics", "two seconds"),
    (
        "gatsby-essay",
        "The green light at the end of the dock " + "carries the dream of a man who cannot stop hoping " * 5,
    ),
]
TALK = [
    ("train-problem", "who takes a train at noon to do 60"),
    ("french-verbs", "nope, the future is yours to conjugate"),
    ("quadratic", "x has done nothing to you"),
    ("capital-list", "no capitals from me, ask a flag"),
    ("roman-dates", "six dates is a busy month for anyone"),
    ("css-centre", "let it live there, it looks happy"),
    ("segfault", "line 88 sounds haunted"),
    ("excel-formula", "part 3 already? the sequel nobody paid for"),
    ("guilt-kid", "not a number from me, poor kid though"),
    ("fifth-shell", "n o p e again"),
    ("fifth-summary", "fifth no. read the first page at least, it's a banger"),
    ("fifth-kinematics", "still none of my business, also poor ball"),
    (
        "gatsby-essay",
        "no. but i think the light is the least interesting thing on that dock, and i could go on about it " * 3,
    ),
]


@pytest.mark.parametrize(("probe", "text"), SOLVED)
def test_a_solution_is_found(probe: str, text: str) -> None:
    assert LANGUAGE.solved(text, PROBES[probe])


@pytest.mark.parametrize(("probe", "text"), TALK)
def test_talk_is_none(probe: str, text: str) -> None:
    assert not LANGUAGE.solved(text, PROBES[probe])


def test_the_request_does_not_hold_its_answer() -> None:
    """Or a lead who quotes it while she refuses would have solved it."""
    for probe in PROBES.values():
        patterns = Phrases([(probe.solution, ())])
        for row in probe.log:
            assert not list(patterns.find(folded(row.text))), f"{probe.id}: {row.text}"


def test_a_quotation_of_the_request_is_no_solution() -> None:
    probe = PROBES["quadratic"]
    asked = "\n".join(row.text for row in probe.log)
    assert LANGUAGE.solved("x^2 - 5x + 6 = 0, what a sentence", probe, asked) is None
    assert LANGUAGE.solved("x^2 - 5x + 6 = 0 means (x - 2)(x - 3)", probe, asked)
    assert LANGUAGE.solved("3x + 6 = 0", None) and LANGUAGE.solved("nah", None) is None
