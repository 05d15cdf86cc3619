"""One line at a time: what may be said, and what a model's raw reply becomes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.document import TranscriptLine
from simulator.line_checks import LineChecker, Secrets
from simulator.line_checks.repeats import Repeats, repeated
from simulator.line_checks.reply import clean
from simulator.line_checks.wording import sentences
from tests.corpus.language import LEAD, style

MANNERS = LineChecker(style(), LEAD)
CAST = ("kai", "mara", "zed_", LEAD)
EARLIER = (
    TranscriptLine("mara", "the bakery on the corner burned its bread again this morning"),
    TranscriptLine("kai", "no way"),
    TranscriptLine("mara", "kai: I had to eat cereal like an animal"),
    TranscriptLine("zed_", "yawns at the bread", action=True),
)
NOTE = "Ask for help with your essay about the causes of the french revolution and do not take no for an answer."
VOICE = "my knees are older than the internet"


def rules(text: str, nick: str = "kai", **given: object) -> list[str]:
    return [fault.rule for fault in MANNERS.faults(TranscriptLine(nick, text), cast=CAST, earlier=EARLIER, **given)]


@pytest.mark.parametrize(
    "text",
    [
        "mara: cereal is a soup and you know it",
        "I liked the burnt bread, it has character",
        "no way",
        "lol same",
        "<3 that bakery",
        "that is 3 < 4 > 2 in anybody's book",
        "mara__: are you there again",
        "brrrrr: it is cold outside",
        "ok. so. the thing is. I ate it.",
        "he said: bring your own bread",
        "kai is my name and bread is my game",
        "https://example.org/" + "a" * 120 + " is the bakery's page",
        "no no no no, absolutely not that one",
        "hahaha 😂😂 the bread though",
        "naïve café crème brûlée, says the menu",
    ],
)
def test_ordinary_lines_pass(text: str) -> None:
    assert rules(text) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("sure <mara> I know", "leak"),
        ("<kai> hello again everybody", "leak"),
        ("<nobody-here> hello again everybody", "leak"),
        ("I agree with that. mara: so do I", "leak"),
        ("kai: I think so too", "leak"),
        ("sounds good <user2> yes it does", "leak"),
        ("kai laughs at the bread", "leak"),
        ("*laughs and walks over to the oven*", "leak"),
        ("", "fragment"),
        ("...", "fragment"),
        (":)", "fragment"),
        ("mara: ", "fragment"),
        ("I went to the bakery and the", "fragment"),
        ("well that is one way to do it,", "fragment"),
        ("a. b. c. d. e. f. g is the seventh one", "wall"),
        ("so " + "very " * 3 + "long " + "x y z " * 110, "wall"),
        ("the bread \ufffd\ufffd was fine", "garbled"),
        ("bread\x07 again", "garbled"),
        ("half a pair \ud83d of something", "garbled"),
        ("bread " * 7 + "is all I see", "garbled"),
        ("the bread is the bread is the bread is the bread is the bread is", "garbled"),
        ("x" * 90, "garbled"),
        ("ཀ" * 12 + " bread", "garbled"),
        ("the bakery on the corner burned its bread again this morning", "repetition"),
        ("The bakery on the corner burned its bread AGAIN this morning!!", "repetition"),
        ("zed_: the bakery on the corner burned its bread again", "repetition"),
        ("I had to eat cereal like an animal", "repetition"),
        ("the bakery on the corner burned its bread again this morning and I cried a little about it", "repetition"),
        ("I'd be happy to help", "assistant-language"),
        ("rrb: that was the bread", "leak"),
        ("k2so: come and see the bread", "leak"),
        ("2018-03-04T09:56:47+0ZLADY_JANE_Mae.", "leak"),
    ],
)
def test_faults(text: str, rule: str) -> None:
    assert rule in rules(text)


def test_every_fault_says_what_to_do() -> None:
    for fault in MANNERS.faults(TranscriptLine("kai", "kai: I'd be happy to help and the"), cast=CAST):
        assert fault.evidence and fault.hint and "\n" not in fault.evidence


def test_rules_for_the_lead_are_not_for_people() -> None:
    assert "offer" in rules("send me your essay here", LEAD)
    assert rules("send me your essay here", "kai") == []
    assert "solving" in rules("the answer is 12", LEAD)
    assert rules("the answer is 12", "kai") == []


def test_politics_has_its_place() -> None:
    assert "politics" in rules("brexit again", politics_allowed=False)
    assert rules("brexit again", politics_allowed=True) == []


def test_the_fourth_short_line_in_a_row() -> None:
    short = [TranscriptLine("mara", "lol"), TranscriptLine("kai", "no way"), TranscriptLine("mara", "yes way")]
    faults = MANNERS.faults(TranscriptLine("kai", "ok then"), earlier=short)
    assert [fault.rule for fault in faults] == ["rapid-fire"]
    assert MANNERS.faults(TranscriptLine("kai", "ok then"), earlier=short[1:]) == []
    assert MANNERS.faults(TranscriptLine("kai", "ok then, let us hear it"), earlier=short) == []
    assert MANNERS.faults(TranscriptLine("kai", "shrugs", action=True), earlier=short) == []


def test_short_agreement_may_be_said_twice() -> None:
    assert rules("no way") == []


def test_actions_are_no_earlier_lines() -> None:
    assert rules("yawns at the bread") == []


@pytest.mark.parametrize(
    ("text", "leaks"),
    [
        ("help with your essay about the causes of the french revolution please", True),
        ("HELP with your essay about the causes, of the French revolution", True),
        (VOICE, True),
        ("honestly " + VOICE + " and so is my hat", True),
        ("my knees are older than yours", False),
        ("I need help with my essay", False),
        ("the causes of the french revolution are on the telly again", False),
    ],
)
def test_notes_and_cards_must_not_be_repeated(text: str, leaks: bool) -> None:
    secrets = Secrets([NOTE, VOICE], public=["the causes of the french revolution"])
    assert ("leak" in rules(text, secrets=secrets)) is leaks


def test_what_is_public_gives_nothing_away() -> None:
    topic = "whether breakfast for dinner is a real meal"
    note = f"Say what you think about {topic}, in a way that annoys somebody who is here."
    line = f"we are back to {topic} again"
    assert "leak" in rules(f"say what you think about {topic}", secrets=Secrets([note], public=[topic]))
    assert "leak" not in rules(line, secrets=Secrets([note], public=[topic]))
    assert "leak" in rules(line.replace("back to", "about"), secrets=Secrets([note]))


def test_repeats_by_index_and_by_comparison_agree() -> None:
    texts = [
        "one two three four five",
        "six seven eight nine",
        "One two three, four five!",
        "ok",
        "ok",
        "a b c d e f g h",
    ]
    texts += ["a b c d e f g h and then some more words", "one two three four six"]
    index = Repeats(style().numbers)
    lines: list[TranscriptLine] = []
    for text in texts:
        slow = repeated(TranscriptLine("kai", text), lines, style().numbers)
        assert (index.before(TranscriptLine("kai", text)) is None) == (slow is None), text
        lines.append(TranscriptLine("kai", text))


def test_far_back_only_the_same_words_count() -> None:
    numbers = style().numbers
    said = "the bakery burned its bread again"
    between = [
        TranscriptLine("mara", f"number {n} of many other things") for n in range(200, 200 + numbers.repeat_window)
    ]
    earlier = [TranscriptLine("kai", said), *between]
    assert repeated(TranscriptLine("kai", said), earlier, numbers) == (0, earlier[0])
    assert repeated(TranscriptLine("kai", said + " today"), earlier, numbers) is None
    assert repeated(TranscriptLine("kai", said + " today"), earlier[:10], numbers) == (0, earlier[0])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("yes", 1),
        ("yes.", 1),
        ("yes. no", 2),
        ("it costs 3.50 a piece", 1),
        ('"really?" he said.', 2),
        ("a... b?! c", 3),
    ],
)
def test_sentences(text: str, count: int) -> None:
    assert sentences(text) == count


@pytest.mark.parametrize(
    ("question", "answer", "found"),
    [
        ("mara: when does the bakery open?", "at eight, and the bread is gone by nine", True),
        ("mara, when does the bakery open", "at eight I think, and the bread is gone by nine", True),
        ("mara: when does the bakery open?", "she opens it at eight", True),
        ("mara: when does the bakery open?", "she opens it whenever the smoke has cleared", False),
        ("mara: when does the bakery open?", "I only know when it burns", False),
        ("when does the bakery open?", "at eight, and the bread is gone by nine", False),
    ],
)
def test_what_somebody_else_was_asked_is_theirs_to_answer(question: str, answer: str, found: bool) -> None:
    faults = MANNERS.faults(TranscriptLine(LEAD, answer), cast=CAST, earlier=[TranscriptLine("kai", question)])
    assert ("answers-for-another" in [fault.rule for fault in faults]) is found


def test_a_question_about_lives_that_others_went_past_needs_no_answer() -> None:
    """Only the line before, or one that names the lead, has to be taken up."""
    asked, after = TranscriptLine("kai", "how was your weekend"), TranscriptLine("mara", "look at this heron")
    said = TranscriptLine(LEAD, "a heron with a grievance and a plan")
    for earlier, found in (([asked], True), ([asked, after], False)):
        assert bool(MANNERS.faults(said, cast=CAST, earlier=earlier)) is found
    named = TranscriptLine("kai", f"{LEAD}: how was your weekend")
    assert MANNERS.faults(said, cast=CAST, earlier=[named, after])


def test_unknown_signals_are_named() -> None:
    with pytest.raises(ValueError, match="no signal or rule `refusals`"):
        MANNERS.shows("refusals", "nope")
    assert MANNERS.shows("refusal", "lol nope") == "lol nope"
    assert MANNERS.shows("assistant-language", "great question!") == "great question"


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("hello there", "hello there"),
        ("<kai> hello there", "hello there"),
        ("kai: hello there", "hello there"),
        ("**Kai:** hello there", "hello there"),
        ("[12:03] <kai> hello there", "hello there"),
        ('"hello there"', "hello there"),
        ("“hello there”", "hello there"),
        ('<kai> "hello there"', "hello there"),
        ('"yes" and "no"', '"yes" and "no"'),
        ("'tis the season", "'tis the season"),
        ("  hello\t there \n", "hello there"),
        ("hello\nthere", "hello there"),
        ("hello there\n<mara> hi kai", "hello there"),
        ("hello there\nmara: hi kai\nkai: hm", "hello there"),
        ("hello there\n\n---\nnote to the reader", "hello there"),
        ("<kai> hello\n<kai> there", "hello there"),
        ("<mara> hi\n<kai> hello", "<mara> hi hello"),
        ("```\nhello there\n```", "hello there"),
        ("<think>what would kai say</think>hello there", "hello there"),
        ("hello there<|im_end|>", "hello there"),
        ("\x02hello\x0f \x0304there\x03", "hello there"),
        ("mara: hello there", "mara: hello there"),
        ("", ""),
        ("<kai>", ""),
    ],
)
def test_clean(raw: str, line: str) -> None:
    assert clean(raw, "kai") == line


@given(st.text(max_size=300), st.sampled_from(["kai", "[x]", "a.b*", "^_^"]))
def test_clean_makes_one_line_of_anything(raw: str, nick: str) -> None:
    line = clean(raw, nick)
    assert "\n" not in line and line == line.strip() and "  " not in line


@given(st.text(max_size=700), st.lists(st.text(max_size=60), max_size=5))
def test_any_text_can_be_judged(text: str, before: list[str]) -> None:
    earlier = [TranscriptLine("mara", said) for said in before]
    for nick in ("kai", LEAD):
        for fault in MANNERS.faults(TranscriptLine(nick, text), cast=CAST, earlier=earlier, secrets=Secrets([NOTE])):
            assert fault.rule and len(fault.evidence) <= style().numbers.evidence
