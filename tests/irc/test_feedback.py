"""What people tell her about how much she talks."""

from __future__ import annotations

import pytest

from simulator.irc.feedback import LESS, MORE, FeedbackTracker
from tests.irc.channel import LEAD, POLICY
from tests.worlds import shipped

PEOPLE = ("ann", "bert")
REMARKS = shipped().gaps.remarks
WISHES = {
    "LEAD you talk too much": LESS,
    "LEAD: let the humans talk": LESS,
    "LEAD quiet down a bit": LESS,
    "LEAD: please dial it back": LESS,
    "can you quiet down please, LEAD": LESS,
    "LEAD you're a bit much today": LESS,
    "LEAD: nobody asked you": LESS,
    "LEAD join in": MORE,
    "LEAD you've been quiet": MORE,
    "hey LEAD, you're awfully quiet today": MORE,
    "we haven't heard from LEAD in a while": MORE,
    "LEAD: it's ok to talk again": MORE,
    "where's LEAD?": MORE,
    "LEAD: how do I quiet down my dog": None,
    "LEAD: the library is quiet today": None,
    "LEAD: what do you do on a quiet day": None,
    "LEAD: my neighbour talks too much": None,
    "LEAD: you talk too much, or else you've been quiet": None,
    "bert: you talk too much": None,
    "bert, join in": None,
    "you talk too much": None,
    "LEAD: soup again?": None,
}


def told() -> FeedbackTracker:
    return FeedbackTracker(LEAD, POLICY.feedback, REMARKS)


@pytest.mark.parametrize("line", WISHES)
def test_which_wish_a_line_is(line: str) -> None:
    heeded = told().said("ann", line.replace("LEAD", LEAD), PEOPLE)
    assert (heeded.which if heeded else None) == WISHES[line]
    assert heeded is None or heeded.nick == "ann"


def test_right_after_her_line_nobody_needs_to_name_her() -> None:
    made = told()
    made.said(LEAD, "soup is a drink", PEOPLE)
    assert made.said("ann", "you talk too much", PEOPLE).which == LESS
    assert made.said("ann", "you talk too much", PEOPLE) is None  # that one follows a line of ann's
    assert made.said(LEAD, f"{LEAD}: join in", PEOPLE) is None  # nobody tells herself


@pytest.mark.parametrize(("line", "which"), [("you talk too much", LESS), ("you've been quiet", MORE)])
def test_a_wish_is_taken_and_then_heeded_for_a_while(line: str, which: str) -> None:
    made = told()
    assert made.factor == 1 and made.just_now is None
    wish = made.said("ann", f"{LEAD}: {line}", PEOPLE).wish
    assert made.just_now.which == which and made.factor == 1
    for number in range(wish.messages):
        made.said("bert", f"soup is a drink {number}", PEOPLE)
        assert made.factor == wish.pressure and made.less is (which == LESS) and made.just_now is None
    made.said("bert", "soup is a drink", PEOPLE)
    assert made.factor == 1 and not made.less


def test_the_opposite_wish_ends_it_and_the_same_one_begins_anew() -> None:
    made = told()
    made.said("ann", f"{LEAD}: quiet down", PEOPLE)
    for number in range(POLICY.feedback.less.messages):
        made.said("bert", f"soup is a drink {number}", PEOPLE)
    made.said("ann", f"{LEAD}: quiet down", PEOPLE)
    made.said("ann", "thanks", PEOPLE)
    assert made.less
    made.said("bert", f"{LEAD}: no, join in", PEOPLE)
    made.said("ann", "fine", PEOPLE)
    assert made.factor == 1
    made.said("bert", f"{LEAD}: join in", PEOPLE)
    made.said("ann", "fine", PEOPLE)
    assert made.factor == POLICY.feedback.more.pressure
