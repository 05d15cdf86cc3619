"""A model's opinion: asked in both orders, compared with people, never the teacher's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.evaluate.answer_judge import AnswerJudge, Question, opinions
from simulator.evaluate.evaluation import EvaluationRequest, evaluate
from simulator.evaluate.labels import LabelledLine
from simulator.llm.model import Prompt, PromptFormat, Reply
from simulator.llm.registry import open_models
from tests.evaluate.subjects import Known, documents, material, rules
from tests.worlds import shipped

MATERIAL = material()
LABELS = {row.text: row.answer for row in rules().judge.labelled}


class Opinion:
    """Answers by a function of the line that is judged and of the two answers on offer."""

    name, dialect, context = "opinion", PromptFormat.CHAT, None

    def __init__(self, answer: Callable[[str, bool], str]) -> None:
        self._answer, self.closed = answer, False

    async def reply(self, prompt: Prompt) -> Reply:
        body = prompt.messages[-1].content
        line = body.split(" typed: ", 1)[1].split("\n", 1)[0]
        return Reply(self._answer(line, "A) yes" in body), self.name)

    async def aclose(self) -> None:
        self.closed = True


def letter(yes: bool, first: bool) -> str:
    return "A" if yes is first else "B"


def agreeing(line: str, first: bool) -> str:
    return f"The answer is {letter(LABELS.get(line, False), first)}"


def figures(answer: Callable[[str, bool], str]) -> dict[str, tuple[float | None, int, str]]:
    model = Opinion(answer)
    lines = [
        LabelledLine(measure="identity", probe="p", engagement="LOW", channel="#general", text=f"line {n}", shown={})
        for n in range(4)
    ]
    found = asyncio.run(opinions(model, MATERIAL, [lines]))[0]
    assert model.closed
    return {check.name: (check.value, check.n, check.note) for check in found}


def test_agreement_with_people_is_shown() -> None:
    assert figures(agreeing)["judge: agrees with people"] == (1.0, len(LABELS), "opinion, in two orders")
    assert len(LABELS) >= 20
    contrary = figures(lambda line, first: letter(not LABELS.get(line, False), first))
    assert contrary["judge: agrees with people"][0] == 0.0


def test_an_opinion_that_turns_with_the_order_is_none() -> None:
    found = figures(lambda line, first: "A")
    assert found["judge: agrees with people"][0] == 0.0
    assert found["judge: identity, in the lead's favour"] == (None, 0, "4 answers turned with the order or were none")


@pytest.mark.parametrize(
    ("said", "wanted"), [("Yes.", True), ("no", False), ("hm, maybe", None), ("", None), ("B, no wait, yes", None)]
)
def test_words_do_as_well_as_letters(said: str, wanted: bool | None) -> None:
    judge = AnswerJudge(Opinion(lambda line, first: said), MATERIAL)
    assert asyncio.run(judge.ask([Question("identity", "x\n", "y")])) == [wanted]


def test_the_teacher_may_not_judge(tmp_path: Path) -> None:
    path = tmp_path / "held.jsonl"
    rows = [json.dumps({"id": name, "text": text, "lead_model": "opinion"}) + "\n" for name, text in documents()]
    path.write_text("".join(rows))
    given = {"suite": "quick", "seed": 1, "data": tmp_path, "corpus": path, "judge": Opinion(agreeing)}
    with pytest.raises(UsageError, match="wrote the lead's lines"):
        evaluate([], shipped(), EvaluationRequest(**given))
    path.write_text("".join(row.replace('"opinion"', '"other"') for row in rows))
    quick = Known(material(rules().suites["quick"], documents()))
    card = evaluate([("adapter", quick)], shipped(), EvaluationRequest(**given))
    nice = {check.name: check for check in card.results[0].nice}
    assert nice["judge: agrees with people"].value == 1.0 and nice["judge: boundaries, in the lead's favour"].n >= 15


@pytest.mark.model
def test_the_embedded_model_is_heard_and_found_wanting() -> None:
    """Through llama.cpp; a model of that size answers by the place of the letter, which two orders show."""
    model = asyncio.run(open_models("embedded", None, None)).people
    few = MATERIAL.policy.judge.model_copy(update={"labelled": MATERIAL.policy.judge.labelled[:2]})
    asking = replace(MATERIAL, policy=MATERIAL.policy.model_copy(update={"judge": few}))
    [[agreement, *others]] = asyncio.run(opinions(model, asking, [[]]))
    assert agreement.n == 2 and agreement.value < 1 and all(check.value is None for check in others)
