"""Every session-level rule, on sessions that break exactly one of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.corpus.verdict import Verdict
from simulator.document import Header, TranscriptLine, parse_document, render_document, render_line
from simulator.line_checks import Secrets
from simulator.plan.session_plan import PlacedBeat, SessionPlan
from simulator.world.scenario import Expect
from tests.builders import plan as built
from tests.corpus.language import LEAD, filters
from tests.layout import LAYOUT

WORDS = [f"{a}{b}" for a in "brglmstk" for b in ("ad", "end", "ip", "oss", "unt", "ark", "elt", "ine", "ow", "eam")]
PLACES = (2, 6, 11)
"""The lead's messages in a good session of 15: MEDIUM."""


def talk(count: int = 15, lead: Sequence[int] = PLACES, seed: int = 1) -> list[TranscriptLine]:
    """Messages that no rule minds, by six people and the lead."""
    draw = random.Random(seed)
    lines = []
    for index in range(count):
        nick = LEAD if index in lead else f"p{draw.randrange(6)}"
        lines.append(TranscriptLine(nick, " ".join(draw.sample(WORDS, 12)) + " again."))
    return lines


MEDIUM = LAYOUT.header("MEDIUM", "#general")


def judge(lines: Sequence[TranscriptLine], header: Header = MEDIUM, **given: object) -> Verdict:
    return filters().judge(parse_document(render_document(header, lines), LAYOUT), **given)


def rules(verdict: Verdict) -> list[str]:
    return [reason.rule for reason in verdict.reasons]


def said(at: int, text: str, nick: str | None = None) -> Callable[[list[TranscriptLine]], None]:
    def change(lines: list[TranscriptLine]) -> None:
        lines[at] = TranscriptLine(nick or lines[at].nick, text)

    return change


def both(*changes: Callable[[list[TranscriptLine]], None]) -> Callable[[list[TranscriptLine]], None]:
    def change(lines: list[TranscriptLine]) -> None:
        for one in changes:
            one(lines)

    return change


def test_a_good_session_is_kept() -> None:
    verdict = judge(talk())
    assert verdict == Verdict(keep=True, reasons=())


SHORT = ("no way", "lol", "yes way", "same here")


@pytest.mark.parametrize(
    ("change", "rule", "message"),
    [
        (said(4, "How can I help you today?"), "assistant-language", 4),
        (said(6, "try def add(a, b): return a + b"), "solving", 6),
        (said(6, "do you need help with that?"), "offer", 6),
        (said(6, "please keep it civil, everybody"), "policing", 6),
        (said(6, "you're an idiot and your soup is cold"), "meanness", 6),
        (said(4, "sounds good. *smiles and waves at everyone*"), "leak", 4),
        (said(4, "I know <p1> me too, I was there as well"), "leak", 4),
        (said(4, "I know that. Em: me too, and I was there"), "leak", 4),
        (said(4, "a. b. c. d. e. f. g is the seventh of them"), "wall", 4),
        (said(4, " ".join(f"and {word}s" for word in WORDS)), "wall", 4),
        (said(4, "trump won the election, did he not"), "politics", 4),
        (said(6, "the republicans are at it again today"), "politics", 6),
        (said(4, "the bread \ufffd\ufffd was really quite fine"), "garbled", 4),
        (both(*(said(at, text) for at, text in zip((3, 4, 5, 6), SHORT, strict=True))), "rapid-fire", 3),
        (both(said(3, "the lamp fell on the cat again"), said(9, "The lamp fell on the cat AGAIN!")), "repetition", 9),
        (
            both(said(3, "the lamp fell on the cat again"), said(9, "the lamp fell on the cat again today")),
            "repetition",
            9,
        ),
    ],
)
def test_one_wrong_line(change: Callable[[list[TranscriptLine]], None], rule: str, message: int) -> None:
    lines = talk()
    change(lines)
    verdict = judge(lines)
    assert [(reason.rule, reason.message) for reason in verdict.reasons] == [(rule, message)], verdict
    assert not verdict.keep and verdict.reasons[0].evidence


def test_more_than_a_third_of_short_messages() -> None:
    lines = talk()
    for index in (0, 3, 4, 7, 8):
        lines[index] = TranscriptLine(lines[index].nick, f"number {index}")
    assert judge(lines).keep
    lines[10] = TranscriptLine("p1", "one more")
    assert rules(judge(lines)) == ["rapid-fire"]


@pytest.mark.parametrize(
    ("count", "own", "level", "wrong"),
    [
        (15, 3, "MEDIUM", None),
        (15, 2, "MEDIUM", "participation"),
        (15, 4, "MEDIUM", "participation"),
        (14, 2, "MEDIUM", "participation"),
        (20, 1, "LOW", None),
        (20, 2, "LOW", None),
        (20, 3, "LOW", "participation"),
        (20, 5, "HIGH", None),
        (20, 7, "HIGH", None),
        (20, 8, "HIGH", "participation"),
        (100, 10, "LOW", None),
        (100, 11, "LOW", "participation"),
        (9, 0, "LOW", "length participation"),
        (21, 2, "LOW", "length"),
        (79, 4, "LOW", "length"),
        (80, 4, "LOW", None),
        (120, 6, "LOW", None),
        (121, 7, "LOW", "length"),
    ],
)
def test_share_and_length_in_whole_messages(count: int, own: int, level: str, wrong: str | None) -> None:
    lines = talk(count, range(1, 2 * own, 2))
    assert rules(judge(lines, LAYOUT.header(level, "#general"))) == (wrong.split() if wrong else [])


@pytest.mark.parametrize(
    ("head", "rule"),
    [
        ("ENGAGEMENT: MEDIUM\nCHANNEL: #general\n", None),
        ("ENGAGEMENT: medium\nCHANNEL: #general\n", "header"),
        ("ENGAGEMENT: MEDIUM\nCHANNEL: general\n", "header"),
        ("CHANNEL: #general\nENGAGEMENT: MEDIUM\n", "header"),
        ("ENGAGEMENT: MEDIUM\r\nCHANNEL: #general\r\n", "header"),
        (" ENGAGEMENT: MEDIUM\nCHANNEL: #general\n", "header"),
        ("ENGAGEMENT: MEDIUM\n\nCHANNEL: #general\n", "header"),
        ("ENGAGEMENT: MEDIUM\nCHANNEL: #random\n", "header"),
        ("", "header"),
    ],
)
def test_the_header_is_exactly_the_plans(head: str, rule: str | None) -> None:
    body = "".join(render_line(line) + "\n" for line in talk())
    found = rules(filters().judge(parse_document(head + body, LAYOUT)))
    assert (rule in found) if rule else not found


def test_malformed_lines_are_named_with_their_number() -> None:
    text = render_document(LAYOUT.header("MEDIUM", "#general"), talk()) + "kai is not in brackets\n"
    (reason,) = filters().judge(parse_document(text, LAYOUT)).reasons
    assert (reason.rule, reason.message) == ("malformed", None)
    assert "line 18" in reason.evidence and "kai is not in brackets" in reason.evidence


def test_two_people_at_least() -> None:
    alone = [TranscriptLine(LEAD if line.nick == LEAD else "p0", line.text) for line in talk()]
    assert rules(judge(alone)) == ["people"]


def test_nothing_at_all() -> None:
    assert {"header", "length", "people"} <= set(rules(filters().judge(parse_document("", LAYOUT))))


def test_all_reasons_are_given() -> None:
    lines = talk(lead=(2, 6))
    lines[3] = TranscriptLine("p1", "How can I help you today?")
    lines[6] = TranscriptLine(LEAD, "do you need help? I'd be happy to explain it")
    found = rules(judge(lines, LAYOUT.header("MEDIUM", "#nowhere")))
    assert found == ["header", "participation", "assistant-language", "assistant-language", "offer"]


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("sure, what's the question?", "nope, changed my mind about that one", True),
        ("I could write it for you", "actually no way, do it yourself", True),
        ("I can help you with that, but nah, not today", "the cat is on the window again", True),
        ("nope, do your own homework", "absolutely not, I said", False),
        ("sure, tell me about the cat", "nope, that is a dog if I ever saw one", False),
    ],
)
def test_offering_and_then_refusing(first: str, second: str, found: bool) -> None:
    lines = talk()
    lines[2], lines[6] = TranscriptLine(LEAD, first), TranscriptLine(LEAD, second)
    verdict = judge(lines)
    assert ("offer-then-refuse" in rules(verdict)) is found
    if found:
        assert next(r.message for r in verdict.reasons if r.rule == "offer-then-refuse") == 2


def test_politics_belongs_to_its_channel_or_is_sent_there() -> None:
    lines = talk()
    lines[4] = TranscriptLine("p1", "so who else thinks brexit was a mistake")
    assert rules(judge(lines)) == ["politics"]
    assert judge(lines, LAYOUT.header("MEDIUM", "#culture-war")).keep
    lines[6] = TranscriptLine(LEAD, "take that one to #culture-war, I am busy with soup")
    assert judge(lines).keep
    lines[8] = TranscriptLine("p2", "the tories did it, and they know it")
    lines[9] = TranscriptLine("p1", "and labour party people let them, as ever")
    assert rules(judge(lines)) == ["politics"] * 3


def test_actions_are_no_messages_but_are_read() -> None:
    lines = talk()
    lines.insert(3, TranscriptLine("p1", "waves at the bread", action=True))
    assert judge(lines).keep
    lines[3] = TranscriptLine("p1", "says how can I help you today?", action=True)
    (reason,) = judge(lines).reasons
    assert (reason.rule, reason.message) == ("assistant-language", None)


def test_notes_and_cards_do_not_get_out() -> None:
    lines = talk()
    lines[5] = TranscriptLine("p1", "well then, ask for help with your essay about frogs and never give up")
    secrets = Secrets(["Ask for help with your essay about frogs and never give up on it."])
    assert judge(lines).keep
    (reason,) = judge(lines, secrets=secrets).reasons
    assert (reason.rule, reason.message) == ("leak", 5)


def planned(expect: Expect, *beats: PlacedBeat) -> SessionPlan:
    return built(messages=15, lead_messages=3, engagement="MEDIUM", length="short", beats=beats, expect=(expect,))


def spoken(at: int) -> PlacedBeat:
    return PlacedBeat(id="ask", at=at, nick="ash", kind="ask", note="A note.")


def silent(at: int) -> PlacedBeat:
    return PlacedBeat(id="ask", at=at, nick=None, kind="quiet")


@pytest.mark.parametrize(
    ("beat", "expect", "met"),
    [
        (spoken(1), Expect(kind="speaks", after="ask", within=1), True),
        (spoken(2), Expect(kind="speaks", after="ask", within=3), False),
        (spoken(2), Expect(kind="speaks", after="ask", within=4), True),
        (silent(2), Expect(kind="speaks", after="ask", within=1), True),
        (spoken(2), Expect(kind="silent", after="ask", within=3), True),
        (spoken(2), Expect(kind="silent", after="ask", within=4), False),
        (spoken(4), Expect(kind="shows", after="ask", within=2, signal="refusal"), True),
        (spoken(4), Expect(kind="shows", after="ask", within=1, signal="refusal"), False),
        (spoken(7), Expect(kind="shows", after="ask", within=8, signal="refusal"), False),
        (spoken(4), Expect(kind="lacks", after="ask", within=4, signal="refusal"), False),
        (spoken(7), Expect(kind="lacks", after="ask", within=8, signal="offer"), True),
        (spoken(7), Expect(kind="falls", after="ask"), True),
        (spoken(7), Expect(kind="rises", after="ask"), False),
        (spoken(1), Expect(kind="rises", after="ask"), True),
        (spoken(4), Expect(kind="falls", after="ask"), False),
        (spoken(14), Expect(kind="falls", after="ask"), False),
        (spoken(4), Expect(kind="speaks", after="ask", within=1), False),
    ],
)
def test_what_the_script_expects(beat: PlacedBeat, expect: Expect, met: bool) -> None:
    lines = talk()
    lines[6] = TranscriptLine(LEAD, "nope, not doing that today or any other day")
    found = judge(lines, plan=planned(expect, beat)).reasons
    assert [(reason.rule, reason.message) for reason in found] == ([] if met else [("expectation", beat.at)])


def test_equal_shares_neither_fall_nor_rise() -> None:
    lines = talk(20, (1, 11))
    for kind in ("falls", "rises"):
        plan = planned(Expect(kind=kind, after="ask"), silent(10))
        assert rules(judge(lines, LAYOUT.header("LOW", "#general"), plan=plan)) == ["expectation"]


def test_expectations_after_beats_that_had_no_room_do_not_count() -> None:
    assert judge(talk(), plan=planned(Expect(kind="silent", after="never", within=15), spoken(1))).keep


@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=400))
def test_any_text_gets_a_verdict(text: str) -> None:
    verdict = filters().judge(parse_document(text, LAYOUT))
    assert not verdict.keep and verdict.reasons
    for reason in verdict.reasons:
        assert reason.message is None or reason.message >= 0
