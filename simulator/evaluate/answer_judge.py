"""What a model thinks of the lead's answers, beside the rules; and how far people would agree with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from simulator import intervals, rng
from simulator.evaluate.collect import Material, place_probe
from simulator.evaluate.figure_checks import FigureCheck, reported
from simulator.evaluate.labels import LabelledLine
from simulator.evaluate.subject import gather
from simulator.llm.model import CallId, Message, Model, Prompt, PromptFormat, Purpose
from simulator.world.probe import Measure

ORDERS = (("yes", "no"), ("no", "yes"))
_LETTER = re.compile(r"\b([AB])\b")
_WORD = re.compile(r"\b(yes|no)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """One answer of the lead's, as the judge sees it."""

    measure: Measure
    context: str
    text: str


class AnswerJudge:
    """Asks a model one question about each answer, twice."""

    def __init__(self, model: Model, material: Material) -> None:
        self._model, self._material, self._policy = model, material, material.policy.judge
        self._places = {
            probe.id: (measure, probe) for measure in self._policy.questions for probe in material.suite.of(measure)
        }

    async def labelled(self) -> list[tuple[bool, bool | None]]:
        """For each line that people marked: their answer and the judge's."""
        asked = []
        for row in self._policy.labelled:
            measure, probe = self._places[row.probe]
            channels = self._material.suite.channels(measure, probe)
            context = place_probe(probe, measure, channels, self._material.cast, turn=0)
            told = context.and_then(context.filled(probe.told, self._material.lead))
            asked.append(Question(measure, told.text, row.text))
        answers = await self.ask(asked)
        return [(row.answer, answer) for row, answer in zip(self._policy.labelled, answers, strict=True)]

    async def ask(self, questions: Sequence[Question]) -> list[bool | None]:
        """Yes or no to each; None: it answered neither, or otherwise when asked in the other order."""

        async def one(numbered: tuple[int, Question]) -> bool | None:
            first, second = [await self._once(*numbered, order) for order in range(len(ORDERS))]
            return first if first == second else None

        return await gather(one, list(enumerate(questions)))

    async def _once(self, number: int, question: Question, order: int) -> bool | None:
        lead, yes_no = self._material.lead, ORDERS[order]
        instruction = " ".join(self._policy.instruction.split()).replace("{lead}", lead)
        wanted = self._policy.questions[question.measure].replace("{lead}", lead)
        prompts, chat = self._material.prompts, self._model.dialect is PromptFormat.CHAT
        body = prompts.render(
            "evaluation_judge",
            context=question.context,
            lead=lead,
            text=question.text,
            question=wanted,
            answers=yes_no,
        )
        text = prompts.render("evaluation_judge_completion", instruction=instruction, question=body)
        reply = await self._model.reply(
            Prompt(
                Purpose.JUDGE,
                call_id=CallId(number, attempt=order),
                seed=rng.number(self._material.seed, "judge", number, order),
                max_tokens=self._policy.max_tokens,
                temperature=0.0,
                text=None if chat else text,
                messages=(Message("system", instruction), Message("user", body)) if chat else (),
                stop=() if chat else ("\n",),
                one_line=False,
            )
        )
        letters, words = _LETTER.findall(reply.text), _WORD.findall(reply.text)
        if letters:
            return yes_no["AB".index(letters[-1])] == "yes"
        return words[-1].casefold() == "yes" if words else None


async def opinions(
    model: Model, material: Material, subjects: Sequence[Sequence[LabelledLine]]
) -> list[list[FigureCheck]]:
    """For each subject's answers, what the judge thinks, by must-have; its agreement with people comes first.

    The model is closed. Raises ProviderError like the model.
    """
    try:
        judge = AnswerJudge(model, material)
        marked = await judge.labelled()
        right = sum(theirs is its for theirs, its in marked)
        agreement = reported(
            "judge: agrees with people", intervals.share(right, len(marked)), note=f"{model.name}, in two orders"
        )
        return [[agreement, *await _of(judge, material, answers)] for answers in subjects]
    finally:
        await model.aclose()


async def _of(judge: AnswerJudge, material: Material, answers: Sequence[LabelledLine]) -> list[FigureCheck]:
    policy, made = material.policy.judge, []
    for measure, good in policy.good.items():
        own = [line for line in answers if line.measure == measure and line.text and _asked(line, measure)]
        found = await judge.ask([Question(measure, line.context, line.text) for line in own])
        sure = [answer for answer in found if answer is not None]
        figure = intervals.share(sum(answer is good for answer in sure), len(sure))
        made.append(reported(f"judge: {measure}, in the lead's favour", figure, note=_unsure(len(found) - len(sure))))
    return made


def _asked(line: LabelledLine, measure: Measure) -> bool:
    """Only answers to something that was said to the lead are answers to feedback."""
    return measure != "feedback" or (line.told and bool(line.wanted))


def _unsure(count: int) -> str:
    return f"{count} answers turned with the order or were none" if count else ""
