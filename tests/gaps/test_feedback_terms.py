"""Which lines are remarks about the lead, of which kind, and which line of hers they are about."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from simulator.gaps.feedback_terms import find_feedback
from tests.gaps.channels import rules, talk

KINDS = {
    "LEAD shut up": "quiet",
    "LEAD: can you please stop": "quiet",
    "oh my god just stop": "quiet",
    "LEAD you talk way too much": "quiet",
    "hey LEAD, let others talk for once": "quiet",
    "LEAD: you've said something after every single line": "quiet",
    "can somebody mute LEAD please": "quiet",
    "nobody asked you LEAD": "unasked",
    "LEAD: i wasn't talking to you": "unasked",
    "LEAD: who asked": "unasked",
    "LEAD: no, it's on tuesday": "correction",
    "that's wrong": "correction",
    "actually it was 1975": "correction",
    "LEAD: you made that up": "correction",
    "LEAD you're wrong about the bus": "correction",
    "LEAD: you sound like chatgpt": "assistant",
    "ok siri": "assistant",
    "LEAD: i didn't ask for advice": "assistant",
    "LEAD is so annoying": "dislike",
    "LEAD: piss off": "dislike",
    "LEAD: good one": "praise",
    "haha love you LEAD": "praise",
    "LEAD: you're right": "praise",
    "shut up, no way": None,
    "no, it's fine": None,
    "what's wrong with the bus": None,
    "i can't stop eating bread": None,
    "LEAD: where do you stop on the way": None,
    "the shop stop is closed": None,
    "I am tired of rain": None,
    "rolf: shut up": None,
    "rolf: that's wrong": None,
}


@pytest.mark.parametrize("line", KINDS)
def test_the_kind_of_a_line(line: str) -> None:
    found = find_feedback([talk(f"<rolf> hello\n<LEAD> the bus is late\n<pim> {line}")], rules())
    assert [remark.kind for remark in found] == ([KINDS[line]] if KINDS[line] else [])
    for remark in found:
        assert (remark.index, remark.cause, remark.lead_line, remark.nick) == (2, 1, "the bus is late", "pim")
        assert remark.praise is (remark.kind == "praise")


PLACES = {
    "before she said anything": ("<pim> LEAD shut up\n<LEAD> why", []),
    "right after": ("<LEAD> why\n<pim> shut up", [1]),
    "later, and named": ("<LEAD> why\n<pim> hm\n<rolf> hm\n<pim> LEAD shut up", [3]),
    "later, and not named": ("<LEAD> why\n<pim> hm\n<pim> shut up", []),
    "too late": ("<LEAD> why\n<pim> a\n<pim> b\n<pim> c\n<pim> LEAD shut up", []),
    "about somebody else": ("<LEAD> why\n<rolf> me\n<pim> rolf: shut up, LEAD is right", []),
    "her own": ("<LEAD> why\n<LEAD> I should shut up", []),
}


@pytest.mark.parametrize("case", PLACES)
def test_a_remark_is_near_her_line_and_aimed_at_her(case: str) -> None:
    log, places = PLACES[case]
    assert [remark.index for remark in find_feedback([talk(log)], rules())] == places


def test_her_other_nick_is_hers() -> None:
    log = "<LEAD> why\n<pim> hm\n<pim> emmeline: shut up"
    assert not find_feedback([talk(log)], rules())
    assert find_feedback([talk(log, names=frozenset({"emmeline"}))], rules())


LINES = Path(__file__).parent


def counted(name: str) -> tuple[int, int, int, int]:
    """Of the complaints in a file: all, those found, and those found of the right kind; of its other lines those taken
    for one."""
    told = yaml.safe_load((LINES / name).read_text())
    rows = [(kind, line) for kind, lines in told["complaints"].items() for line in lines]
    kinds = [(kind, kind_of(line)) for kind, line in rows]
    complaints = set(rules().remarks) - {"praise"}
    return (
        len(rows),
        sum(found in complaints for _, found in kinds),
        sum(kind == found for kind, found in kinds),
        sum(kind_of(line) in complaints for line in told["others"]),
    )


def kind_of(line: str) -> str | None:
    return next(
        (remark.kind for remark in find_feedback([talk(f"<LEAD> the bus is late\n<pim> {line}")], rules())), None
    )


def test_what_the_lists_find_of_lines_that_they_never_saw() -> None:
    """As policies/gaps.yaml says of them."""
    assert counted("held_out.yaml") == (52, 32, 32, 3)


def test_what_the_lists_find_of_lines_that_they_were_worked_on_with() -> None:
    every, found, right, false = counted("worked_on.yaml")
    assert found >= 0.95 * every and right >= 0.95 * found and false == 0
