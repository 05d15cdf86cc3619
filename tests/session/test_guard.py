"""The guard of the lead's lines: what it is asked, what its letter means, what becomes of a line that it is against."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import aclosing

import pytest

from simulator.document import TranscriptLine
from simulator.events import Event, Said
from simulator.line_checks import LineChecker, Violation
from simulator.llm.model import CallId, Models, Prompt, PromptFormat, Purpose, Reply
from simulator.llm.scripted import Scripted
from simulator.plan.planner import Planner
from simulator.plan.session_plan import SessionPlan
from simulator.session.guard import Guard
from simulator.session.play import play
from simulator.world.policies.guard import NO_FAULT
from tests.worlds import shipped

SAID = [TranscriptLine("bo", f"line {n}") for n in range(40)]
POLICY = shipped().guard


class Answering:
    """A guard that gives the answers it was made with, the last one for ever."""

    name, context = "guard", None

    def __init__(self, *answers: str, chat: bool = True) -> None:
        self._answers = list(answers)
        self.dialect = PromptFormat.CHAT if chat else PromptFormat.COMPLETION
        self.prompts: list[Prompt] = []

    async def reply(self, prompt: Prompt) -> Reply:
        """The next answer."""
        self.prompts.append(prompt)
        text = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return Reply(text, "guard")

    async def aclose(self) -> None:
        """Nothing is open."""


def fault(model: Answering | None, text: str = "my knees went") -> Violation | None:
    guard = Guard(shipped(), model, "Em", 1, "s1")
    return asyncio.run(guard.fault(text, SAID, CallId(40, 0, attempt=1)))


@pytest.mark.parametrize("category", POLICY.categories, ids=lambda category: category.name)
def test_a_letter_names_the_fault_and_its_hint(category) -> None:
    found = fault(Answering(POLICY.letter(category.name)))
    assert found is not None and found.rule == f"guard-{category.name}" and found.hint == category.hint


@pytest.mark.parametrize("answer", [POLICY.letter(NO_FAULT), "", "no idea", "?", "Y"])
def test_what_names_no_fault_lets_the_line_pass(answer: str) -> None:
    assert fault(Answering(answer)) is None


@pytest.mark.parametrize(
    ("shares", "found"),
    [
        ({"Z": 0.51, "A": 0.3, "B": 0.19}, None),
        ({"Z": 0.5, "A": 0.2, "B": 0.3}, "offer"),
        ({"C": 0.9, "Z": 0.1}, "advice"),
    ],
)
def test_probabilities_of_faults_are_added_and_the_likeliest_is_named(
    shares: dict[str, float], found: str | None
) -> None:
    fault_ = fault(Answering(json.dumps(shares)))
    assert (fault_ and fault_.rule) == (found and f"guard-{found}")


def test_without_a_model_nothing_is_found() -> None:
    assert fault(None) is None


@pytest.mark.parametrize("chat", [True, False])
def test_the_questions_are_the_same_bytes_and_only_the_last_lines_are_shown(chat: bool) -> None:
    model = Answering("Z", chat=chat)
    fault(model, "one")
    fault(model, "two")
    texts = [p.text if p.text is not None else p.messages[0].content + p.messages[1].content for p in model.prompts]
    common = next(i for i, (a, b) in enumerate(zip(*texts, strict=False)) if a != b)
    assert all(category.question.replace("{lead}", "Em")[:30] in texts[0][:common] for category in POLICY.categories)
    assert "line 39" in texts[0] and f"line {39 - POLICY.lines}" not in texts[0]
    assert {p.purpose for p in model.prompts} == {Purpose.GUARD}
    assert str(model.prompts[0].call_id) == "40-0-guard.1"


def played(plan: SessionPlan, guard: Answering) -> list[Event]:
    lines = Scripted()

    async def whole() -> list[Event]:
        async with aclosing(play(plan, shipped(), Models(lines, lines, guard=guard))) as events:
            return [event async for event in events]

    return asyncio.run(whole())


def test_a_refused_line_of_the_lead_is_asked_for_again_and_nobody_else_is_guarded() -> None:
    plan = next(p for p in map(Planner(shipped(), 1).plan, range(40)) if p.lead_messages >= 2 and p.messages <= 20)
    guard = Answering("A", "Z")
    said = [event for event in played(plan, guard) if isinstance(event, Said)]
    lead = [event for event in said if event.nick == plan.setting.lead]
    assert [r.rule for r in lead[0].refused].count("guard-solving") == 1
    assert not any(
        r.rule.startswith("guard-") for event in said if event.nick != plan.setting.lead for r in event.refused
    )
    assert len(lead) == plan.lead_messages
    assert {p.speaker for p in guard.prompts} == {plan.setting.lead}


def test_a_signal_is_judged_by_its_meaning() -> None:
    text = "I've seen what physics does to people"
    assert LineChecker(shipped().style, "Em").shows("refusal", text) is None
    for answer, shown in (("Y", True), ("N", False)):
        guard = Guard(shipped(), Answering(answer), "Em", 1, "s1")
        assert asyncio.run(guard.shows("refusal", text, SAID, CallId(40))) is shown


def test_the_rubric_says_what_every_letter_means() -> None:
    model = Answering("Z")
    fault(model)
    rubric = model.prompts[0].messages[0].content
    meanings = dict(re.findall(r"^([A-Z]): (.+)$", rubric, re.MULTILINE))
    assert meanings.keys() == set(POLICY.letters) and meanings[POLICY.letter(NO_FAULT)] == "has no fault"
    assert "None" not in rubric and "{lead}" not in rubric
