"""Which lines are remarks about the lead, of which kind, and which line of hers they are about."""

from __future__ import annotations

import pytest

from simulator.evaluate.gaps.remarks import remarks
from tests.evaluate.gaps.channels import rules, talk

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
    found = remarks([talk(f"<rolf> hello\n<LEAD> the bus is late\n<pim> {line}")], rules())
    assert [remark.kind for remark in found] == ([KINDS[line]] if KINDS[line] else [])
    for remark in found:
        assert (remark.index, remark.cause, remark.her_line, remark.nick) == (2, 1, "the bus is late", "pim")
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
    assert [remark.index for remark in remarks([talk(log)], rules())] == places


def test_her_other_nick_is_hers() -> None:
    log = "<LEAD> why\n<pim> hm\n<pim> emmeline: shut up"
    assert not remarks([talk(log)], rules())
    assert remarks([talk(log, names=frozenset({"emmeline"}))], rules())


UNSEEN = """
LEAD: would you pipe down
LEAD please stop replying to everything
LEAD: you've been talking non stop
LEAD you're ruining the chat
I'm muting LEAD
LEAD: no one was talking to you
LEAD: stay out of this one
hush LEAD
LEAD: that's incorrect, it closed last year
LEAD: no, that was his cousin
LEAD: you got the date wrong
um actually it's pronounced differently
LEAD: stop talking like customer support
LEAD: you're so annoying today
LEAD: get lost
LEAD: that makes no sense
LEAD: this is nonsense
LEAD is full of it
LEAD: ffs
LEAD: you already said that
"""
"""Complaints that no pattern was written for; nobody may write one for them, or the figure means nothing."""
PLAIN = """
LEAD: you talk like my aunt, I love it
LEAD: not sure, maybe tuesday
LEAD: the queue was too long for me
did anyone ask about the tickets
LEAD: I was told to bring bread
LEAD: how did you sleep
it rained again and nobody cared
LEAD: I hate mondays
LEAD: the book was very corporate
my car makes a quiet noise
LEAD: what's a good place for lunch
LEAD: you'd like this song
he kept interrupting the film
LEAD: not me, I like tea
LEAD: where did you hear that
"""
"""The same for lines that are none."""


def test_how_much_of_what_they_never_saw_the_lists_find() -> None:
    """As policies/gaps.yaml says of them."""

    def taken(lines: str) -> int:
        return sum(
            any(not remark.praise for remark in remarks([talk(f"<LEAD> the bus is late\n<pim> {line}")], rules()))
            for line in lines.strip().splitlines()
        )

    assert (taken(UNSEEN), taken(PLAIN)) == (9, 2)
