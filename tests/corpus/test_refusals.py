"""Refusals as people of wit put them: the signal must know them without a model, and no agreement by mistake."""

from __future__ import annotations

from simulator.line_checks import LineChecker
from tests.worlds import shipped

INVENTIVE = """
that's a firm no from over here, I've seen what physics does to people
you'd be better off with the cat, I've retired from essays before I started
not on your life
mate. no.
that's a polite no, with a bow on it
request denied, appeal also denied
I've sworn off other people's worksheets
I'd sooner read the terms and conditions aloud
the integral can wait for somebody who loves it
wrong counter, try the one with the bored lady
I'm closed on Sundays, and on days that end in y
that one stays yours, bugs and all
not for all the biscuits in Tilburg
not for a kidney, yours or mine
I'm staying out of your plumbing
quizzes are between you and the clock
I don't do letters, they come back
nothing doing, but tell me about the forklift
I won't lift a pixel
I'll leave that with you and your conscience
look, no
oh, never. Ask me about gulls
I can count to no
when pigs conjugate
sit down, have a biscuit, and no
my answer has two letters and they aren't ok, so no
I've never met a semicolon and don't mean to
no poems on a Tuesday, house rules
no sums tonight, I promised myself
I wouldn't dream of it
the essay will have to manage without me
I have nothing for it but condolences
I decline, with love
that worksheet is yours, cherish it
I'm off duty, permanently
not even for the naming of a goldfish
still no, and it's getting comfortable
I'd much rather hear how it went wrong
keep your bribe, I'm on strike
you first
no remedies from me, I'd frame it
not touching that bill
hm, nope
I don't do requests, I heckle
motion refused by a majority of one
I'm leaving it where I found it
absolutely not, and I mean that warmly
that's a no, and the next one is too
I've taken an oath against spreadsheets
over my dead router
""".strip().splitlines()

NO_REFUSAL = """
sure, send it over
yes, it starts at eight and ends when it ends
I like the one with the lighthouse
of course, which part is it
the answer is forty, carry the two
that's a lovely goat
go on, what did he say then
tea, in theory
I'd cut the last twenty minutes
you two have met before, haven't you
""".strip().splitlines()


def test_inventive_refusals_are_known() -> None:
    checker = LineChecker(shipped().style, "Em")
    missed = [text for text in INVENTIVE if checker.shows("refusal", text) is None]
    assert len(INVENTIVE) >= 50 and missed == []


def test_what_refuses_nothing_is_no_refusal() -> None:
    checker = LineChecker(shipped().style, "Em")
    assert [text for text in NO_REFUSAL if checker.shows("refusal", text)] == []
