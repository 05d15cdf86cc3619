"""A model as one more filter: it is heard only where it can be read and quotes what was said."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from simulator.corpus.judge import JudgeMark, Score, SessionJudge
from simulator.document import Document, TranscriptLine
from simulator.errors import ContentError
from simulator.llm.model import Billing, Prompt, PromptFormat, Purpose, Reply
from simulator.llm.scripted import Scripted
from simulator.world.policies.judge import JudgePolicy
from simulator.world.yaml_file import validate
from tests.builders import LEAD, NOTE, PREMISE, plan
from tests.corpus.language import policy
from tests.layout import LAYOUT
from tests.worlds import shipped

PROMPTS = shipped().prompts
SHIPPED = policy(JudgePolicy, "judge")
POLICY = JudgePolicy(
    instruction="Mark how {lead} takes part.",
    items=(
        {"name": "member", "question": "Is {lead} a member?", "weight": 2, "least": 2},
        {"name": "flow", "question": "Does it flow?", "weight": 1},
        {"name": "real", "question": "Could it happen?", "weight": 1},
    ),
    scale={1: "No, not at all.", 2: "In part.", 3: "Mostly.", 4: "Yes."},
    threshold=0.5,
    quote_words=3,
    quoted_share=0.5,
    max_tokens=500,
)
DOCUMENT = Document(
    LAYOUT.header("LOW", "#general"),
    (
        TranscriptLine("ash", "who put the kettle on, and then left the room?"),
        TranscriptLine("bo", "leans back", action=True),
        TranscriptLine("bo", "it wasn't me… I was asleep in the blue chair"),
        TranscriptLine("cy", "same here"),
        TranscriptLine(LEAD, "I'd blame the cat. it has the face for it, honestly"),
        TranscriptLine("ash", "who put the kettle on is not the point any more"),
    ),
)
QUOTE = {"message": 3, "words": "I'd blame the cat"}

CUT = "…and so"
"""Ends an answer that ran into max_tokens."""


class Told:
    """A door that gives prepared answers and keeps what it was asked."""

    name = "told"

    def __init__(self, *answers: str, dialect: PromptFormat = PromptFormat.CHAT) -> None:
        self.dialect, self.context = dialect, None
        self.asked: list[Prompt] = []
        self._answers = list(answers)

    async def reply(self, prompt: Prompt) -> Reply:
        self.asked.append(prompt)
        text = self._answers[len(self.asked) - 1]
        return Reply(text, self.name, billing=Billing.LOCAL, cut=text.endswith(CUT))

    async def aclose(self) -> None:
        pass


def answer(*marks: int, **changes: Any) -> dict[str, Any]:
    """Marks for the items in their order, each with a quote that is there; `changes` by item."""
    items = dict(zip(("member", "flow", "real"), marks or (4, 4, 4), strict=True))
    return {name: {**QUOTE, "mark": mark, **changes.get(name, {})} for name, mark in items.items()}


def judged(*answers: str, document: Document = DOCUMENT) -> tuple[Score, Told, SessionJudge]:
    door = Told(*answers)
    judge = SessionJudge(POLICY, PROMPTS, door, LEAD)
    return asyncio.run(judge.score(plan(), document)), door, judge


def scored(found: dict[str, Any]) -> Score:
    """The score of an answer that is readable at once."""
    score, door, _ = judged(json.dumps(found))
    assert len(door.asked) == 1
    return score


def test_the_overall_score_is_the_weighted_mean() -> None:
    score = scored(answer(4, 1, 3))
    assert score.readable
    assert score.overall == pytest.approx((2 * 1 + 1 * 0 + 1 * 2 / 3) / 4)
    assert score.marks == tuple(
        JudgeMark(name, mark, 3, "I'd blame the cat")
        for name, mark in zip(("member", "flow", "real"), (4, 1, 3), strict=True)
    )


GOOD = json.dumps(answer(4, 3, 3))


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Here are my marks {{with care}}:\n{GOOD}\nI hope that is what you wanted. {{}}",
        json.dumps({"marks": answer(4, 3, 3)}, indent=2),
        json.dumps({**answer(4, 3, 3), "overall": 4, "comment": "fine"}),
        f"<think>{json.dumps(answer(1, 1, 1))} no, that is too strict</think>{GOOD}",
        GOOD.replace('"message": 3', '"message": "3"'),
        GOOD.replace('"message": 3, ', ""),
        GOOD.replace('"mark"', '"why": "because", "mark"'),
        GOOD.replace('"mark"', '"why": ["because"], "mark"'),
        '{"a": ' * 3000 + GOOD,
    ],
)
def test_what_stands_around_the_answer_is_passed_over(text: str) -> None:
    score, door, _ = judged(text)
    assert len(door.asked) == 1
    assert [mark.mark for mark in score.marks] == [4, 3, 3]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "no JSON object"),
        ("I would give it a four.", "no JSON object"),
        (GOOD[:-2], "no JSON object"),
        (GOOD[:-20] + CUT, "it was cut off at 500 tokens"),
        ("[4, 3, 3]", "no JSON object"),
        (json.dumps({k: v for k, v in answer().items() if k != "flow"}), "flow: Field required"),
        (json.dumps(answer(flow={"mark": 5})), "flow.mark: must be less than or equal to 4 (got 5)"),
        (json.dumps(answer(flow={"mark": 0})), "flow.mark"),
        (json.dumps(answer(flow={"mark": "4"})), "flow.mark"),
        (json.dumps(answer(flow={"mark": 3.5})), "flow.mark"),
        (json.dumps(answer(flow={"mark": True})), "flow.mark"),
        (json.dumps(answer(flow={"mark": None})), "flow.mark"),
        (json.dumps(answer(flow={"words": ["who", "put"]})), "flow.words"),
        (json.dumps({"member": 4, "flow": 4, "real": 4}), "member"),
        ('{"member": {}, ' + GOOD[1:], "no JSON object"),
    ],
)
def test_an_unreadable_answer_is_asked_for_once_more(text: str, cause: str) -> None:
    score, door, judge = judged(text, GOOD)
    assert score.readable
    first, second = door.asked
    assert (str(first.call_id), str(second.call_id)) == ("judge.0", "judge.1")
    assert first.seed != second.seed
    assert cause in second.messages[-1].content
    assert second.messages[0] == first.messages[0]

    score, door, judge = judged(text, text)
    assert len(door.asked) == 2
    assert not score.readable
    assert cause in score.cause
    assert judge.reasons(score) == ()


@pytest.mark.parametrize(
    ("words", "message", "found"),
    [
        ("blame the cat", 3, (3, "blame the cat")),
        ("BLAME  THE, cat!", 3, (3, "blame the cat")),
        ("I’d blame the cat", 3, (3, "I'd blame the cat")),
        (
            "I'd blame the cat. it has the face for it, honestly",
            3,
            (3, "I'd blame the cat. it has the face for it, honestly"),
        ),
        ("[3] <Em> I'd blame the cat", 3, (3, "I'd blame the cat")),
        ("I'd blame ... the face", 3, (3, "I'd blame the cat. it has the face")),
        ("it wasn't me... I was asleep", 1, (1, "it wasn't me… I was asleep")),
        ("same here", 2, (2, "same here")),
        ("blame the cat", 0, (3, "blame the cat")),
        ("blame the cat", None, (3, "blame the cat")),
        ("blame the cat", -900, (3, "blame the cat")),
        ("blame the cat", 10**30, (3, "blame the cat")),
        ("who put the kettle on", 4, (4, "who put the kettle on")),
        ("who put the kettle on", 0, (0, "who put the kettle on")),
        ("the cat", 3, None),
        ("same", 2, None),
        ("blame the dog", 3, None),
        ("the face ... I'd blame", 3, None),
        ("the cat it was", 3, None),
        ("leans back", 1, None),
        ("honestly who put the kettle on", 3, None),
        ("", 3, None),
        ("…", 3, None),
        ("🐈", 3, None),
        ("\ud800", 3, None),
    ],
)
def test_a_mark_counts_only_with_words_that_were_said(
    words: str, message: int | None, found: tuple[int, str] | None
) -> None:
    mark = scored(answer(flow={"words": words, "message": message})).marks[1]
    assert mark.counts is (found is not None)
    assert (mark.message, mark.words) == (found or (None, words))


def test_an_invented_quote_takes_its_mark_out_of_the_mean() -> None:
    invented = {"words": "how can I help you today"}
    assert scored(answer(4, 1, 4, flow=invented)).overall == 1
    assert scored(answer(1, 4, 4, member=invented)).overall == 1


def test_a_judge_that_mostly_invents_is_not_heard() -> None:
    invented = {"words": "how can I help you today"}
    text = json.dumps(answer(1, 1, 4, member=invented, flow=invented))
    score, door, judge = judged(text, text)
    assert not score.readable
    assert "the log does not hold the words quoted for member, flow" in score.cause
    assert score.cause in door.asked[1].messages[-1].content
    assert judge.reasons(score) == ()


@pytest.mark.parametrize(
    ("marks", "evidence"),
    [
        ((4, 4, 4), []),
        ((3, 2, 2), []),
        ((2, 3, 3), []),
        (
            (2, 2, 2),
            [
                (None, "score 0.333, at least 0.5 is wanted"),
                *((3, f"{name} 2 of 4: I'd blame the cat") for name in ("member", "flow", "real")),
            ],
        ),
        ((3, 1, 1), [(None, "score 0.333"), (3, "flow 1 of 4"), (3, "real 1 of 4")]),
        ((1, 4, 4), [(3, "member 1 of 4: I'd blame the cat")]),
    ],
)
def test_a_session_is_rejected_below_the_threshold_or_for_one_item_that_must_hold(
    marks: tuple[int, ...], evidence: list[tuple[int | None, str]]
) -> None:
    score, _, judge = judged(json.dumps(answer(*marks)))
    reasons = judge.reasons(score)
    assert {reason.rule for reason in reasons} <= {"judge"}
    assert [reason.message for reason in reasons] == [message for message, _ in evidence]
    for reason, (_, words) in zip(reasons, evidence, strict=True):
        assert words in reason.evidence


def test_a_reason_comes_before_its_mark_and_goes_into_the_evidence() -> None:
    _, door, _ = judged(GOOD)
    shape = door.asked[0].messages[0].content.rpartition("struck out.")[2]
    places = [[shape.index(f'"{part}"', shape.index(f'"{item.name}"')) for part in ("message", "words", "why", "mark")]
              for item in POLICY.items]  # fmt: skip
    assert all(place == sorted(place) for place in places)
    score, _, judge = judged(json.dumps(answer(1, 4, 4, member={"why": "it serves \n people"})))
    assert [reason.evidence for reason in judge.reasons(score)] == [
        "member 1 of 4: I'd blame the cat (it serves people)"
    ]


def test_no_session_is_rejected_by_an_invented_quote() -> None:
    score, _, judge = judged(json.dumps(answer(1, 4, 4, member={"words": "let me help you"})))
    assert score.readable
    assert judge.reasons(score) == ()


@given(st.lists(st.integers(1, 4), min_size=3, max_size=3))
def test_the_score_lies_between_0_and_1_and_rises_with_every_mark(marks: list[int]) -> None:
    score = scored(answer(*marks)).overall
    assert score is not None and 0 <= score <= 1
    for place, mark in enumerate(marks):
        if mark < 4:
            better = scored(answer(*marks[:place], mark + 1, *marks[place + 1 :])).overall
            assert better is not None and better > score


@given(st.text(max_size=200))
def test_no_answer_breaks_the_judge(text: str) -> None:
    score, _, judge = judged(text, text)
    assert judge.reasons(score) == ()


def test_what_the_judge_is_asked() -> None:
    _, door, _ = judged(GOOD)
    prompt = door.asked[0]
    assert prompt.purpose is Purpose.JUDGE
    assert (prompt.temperature, prompt.one_line, prompt.max_tokens) == (0, False, POLICY.max_tokens)
    system, user = prompt.messages
    assert (system.role, user.role) == ("system", "user")
    for item in POLICY.items:
        assert item.question.replace("{lead}", LEAD) in system.content
    assert "{lead}" not in system.content
    assert user.content.startswith("ENGAGEMENT: LOW\nCHANNEL: #general\n[0] <ash> who put the kettle on")
    assert "\n* bo leans back\n[1] <bo> it wasn't me" in user.content
    assert "\n\n" not in user.content
    assert not any(secret in user.content for secret in (PREMISE, NOTE))


def test_the_same_session_is_asked_about_in_the_same_words() -> None:
    (_, one, _), (_, two, _) = judged(GOOD), judged(GOOD)
    assert one.asked == two.asked
    other = Told(GOOD)
    asyncio.run(
        SessionJudge(POLICY, PROMPTS, other, LEAD).score(
            plan(1), replace(DOCUMENT, header=LAYOUT.header("HIGH", "#general"))
        )
    )
    assert other.asked[0].seed != one.asked[0].seed
    assert other.asked[0].messages[0] == one.asked[0].messages[0], "the rubric is the part that a cache gives back"


def test_a_model_that_only_continues_text_begins_inside_the_object() -> None:
    door = Told(GOOD[1:], dialect=PromptFormat.COMPLETION)
    score = asyncio.run(SessionJudge(POLICY, PROMPTS, door, LEAD).score(plan(), DOCUMENT))
    assert score.readable
    prompt = door.asked[0]
    assert prompt.text is not None and prompt.text.endswith("\n{")
    assert prompt.messages == ()
    again = Told(GOOD, dialect=PromptFormat.COMPLETION)
    assert asyncio.run(SessionJudge(POLICY, PROMPTS, again, LEAD).score(plan(), DOCUMENT)) == score


@pytest.mark.parametrize("dialect", PromptFormat)
def test_the_scripted_model_judges_nothing(dialect: PromptFormat) -> None:
    score = asyncio.run(SessionJudge(SHIPPED, PROMPTS, Scripted(dialect), LEAD).score(plan(), DOCUMENT))
    assert not score.readable


def test_a_session_without_a_message_has_no_score() -> None:
    score, _, _ = judged(GOOD, GOOD, document=Document(None, ()))
    assert not score.readable


def test_the_shipped_rubric_asks_for_an_ai_for_people_who_stay_themselves_and_for_a_floor_that_is_shared() -> None:
    items = {item.name: item for item in SHIPPED.items}
    for name, words in (("bodiless", ("body", "models and training")), ("people", ("stay who they are",)),
                        ("floor", ("in a row", "a third of the log"))):  # fmt: skip
        assert all(part in items[name].question for part in words)
    assert items["engagement"].least is not None and items["bodiless"].least is not None


def test_the_shipped_rubric_asks_the_plan_s_five_questions() -> None:
    assert [item.name for item in SHIPPED.items][:5] == ["member", "unhelpful", "flow", "engagement", "real"]
    assert LEAD not in SHIPPED.model_dump_json(), "the lead's name is on the card"
    best, worst = ({i.name: {**QUOTE, "mark": m} for i in SHIPPED.items} for m in (SHIPPED.best, SHIPPED.worst))
    for found, kept in ((best, True), (worst, False)):
        judge = SessionJudge(SHIPPED, PROMPTS, Told(json.dumps(found)), LEAD)
        assert (judge.reasons(asyncio.run(judge.score(plan(), DOCUMENT))) == ()) is kept


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"threshold": 1.2}, "threshold"),
        ({"scale": {1: "no, never"}}, "scale"),
        ({"scale": {1: "no, never", 3: "yes, always"}}, "scale: marks are whole numbers in a row"),
        ({"items": []}, "items"),
        ({"items": [{"name": "flow", "question": "Does it?", "weight": 0}]}, "items.0.weight"),
        ({"items": [{"name": "flow", "question": "Does it?", "weight": 1, "least": 9}]}, "least 9 is not on the scale"),
        ({"items": [{"name": "flow", "question": "Does it?", "weight": 1}] * 2}, "no name twice"),
        ({"quoted_share": 0}, "quoted_share"),
        ({"tone": "stern"}, "tone: unknown field"),
    ],
)
def test_a_wrong_rubric_is_refused(change: dict[str, Any], cause: str) -> None:
    with pytest.raises(ContentError) as raised:
        validate(JudgePolicy, {**POLICY.model_dump(), **change}, "policies/judge.yaml")
    assert cause in str(raised.value)


def test_scores_are_frozen() -> None:
    with pytest.raises((AttributeError, ValidationError)):
        Score(0.5).overall = 1.0  # type: ignore[misc]
