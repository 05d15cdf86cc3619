"""What a model thinks of a finished session, as one more filter, with evidence that can be checked.

The judge reads the training document and nothing else: no notes, no plan. For every item of the rubric it gives the
words that decide it, a short reason, and then a mark. A mark whose words do not stand in the document does not count,
so a judge cannot reject or praise what nobody said. An answer that cannot be read, or whose quotes are mostly invented,
is asked for once more; if that fails too, the session has no score: the judge neither keeps nor rejects it, and what
the other filters said stands.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model, field_validator

from simulator import rng
from simulator.corpus.verdict import Reason
from simulator.document import Document, render_line
from simulator.line_checks.wording import WORD, clipped
from simulator.llm.model import CallId, Message, Model, Prompt, PromptFormat, Purpose
from simulator.plan.session_plan import SessionPlan
from simulator.world.phrases import folded
from simulator.world.policies.judge import JudgePolicy
from simulator.world.prompt_templates import PromptTemplates
from simulator.world.yaml_file import explain

RULE = "judge"
TRIES = 2
EVIDENCE = 120
"""Most characters of a quote, and of the judge's words on it, in a reason."""

_QUOTED_FROM = re.compile(r"[\s\"'“‘]*(?:\[\d+\]\s*)?(?:<[^\s<>]{1,31}>\s*)?")
"""What judges copy along with the words: the number of the message and the nick."""
_LEFT_OUT = re.compile(r"\[?(?:\.{3}|…)\]?")


@dataclass(frozen=True, slots=True)
class JudgeMark:
    """The judge's answer to one question."""

    item: str
    mark: int
    message: int | None
    """Index among the messages, from 0, of the one that holds the words; None: none does, and the mark is void."""
    words: str
    """As the message has them; as the judge gave them where no message has them."""
    why: str = ""
    """The judge's reason, given before the mark; empty: it gave none."""

    @property
    def counts(self) -> bool:
        """Its words stand in the log."""
        return self.message is not None


@dataclass(frozen=True, slots=True)
class Score:
    """All marks of one session."""

    overall: float | None
    """Weighted mean of the marks that count, in [0, 1]; None: there is no score, for `cause`."""
    marks: tuple[JudgeMark, ...] = ()
    """In the order of the rubric; empty if the answer could not be read at all."""
    cause: str = ""
    """Why there is no score."""

    @property
    def readable(self) -> bool:
        """False: the session counts as neither kept nor rejected by the judge."""
        return self.overall is not None


class SessionJudge:
    """Marks sessions by the rubric of `policies/judge.yaml`."""

    def __init__(self, policy: JudgePolicy, prompts: PromptTemplates, model: Model, lead: str) -> None:
        self._policy, self._prompts, self._model = policy, prompts, model
        self._rubric = _rubric(policy, prompts, lead)
        self._reader = AnswerReader(policy)

    async def score(self, plan: SessionPlan, document: Document) -> Score:
        """One call, and a second one if the first answer is of no use. Raises ProviderError like the model."""
        score = Score(None)
        for attempt in range(TRIES):
            reply = await self._model.reply(self._prompt(plan, document, attempt, score.cause))
            begun = "" if self._model.dialect is PromptFormat.CHAT else "{"
            score = self._reader.read(begun + reply.text, document)
            if score.readable:
                break
            if reply.cut:
                score = Score(None, score.marks, f"it was cut off at {self._policy.max_tokens} tokens")
        return score

    def reasons(self, score: Score) -> tuple[Reason, ...]:
        """Why the judge rejects the session; empty if it does not, or if it has nothing to say."""
        policy = self._policy
        if score.overall is None:
            return ()
        least = {item.name: item.least for item in policy.items if item.least is not None}
        low = score.overall < policy.threshold - 1e-9
        reasons = [_whole(f"score {score.overall:.3f}, at least {policy.threshold:g} is wanted")] if low else []
        for mark in score.marks:
            failed = mark.mark < least.get(mark.item, policy.worst)
            if mark.counts and (failed or (low and policy.share(mark.mark) < policy.threshold)):
                why = f" ({clipped(mark.why, EVIDENCE)})" if mark.why else ""
                evidence = f"{mark.item} {mark.mark} of {policy.best}: {clipped(mark.words, EVIDENCE)}{why}"
                reasons.append(Reason(rule=RULE, message=mark.message, evidence=evidence))
        return tuple(reasons)

    def _prompt(self, plan: SessionPlan, document: Document, attempt: int, cause: str) -> Prompt:
        completion = self._model.dialect is not PromptFormat.CHAT
        asked = self._prompts.render("judge_session", log=_numbered(document), useless=cause if attempt else "")
        return Prompt(
            purpose=Purpose.JUDGE,
            call_id=CallId(part="judge", attempt=attempt),
            seed=rng.number(plan.script.seed, "judge", attempt) % 2**31,
            max_tokens=self._policy.max_tokens,
            temperature=0.0,
            text=f"{self._rubric}\n\n{asked}\n{{" if completion else None,
            messages=() if completion else (Message("system", self._rubric), Message("user", asked)),
            stop=("\n\n",) if completion else (),
            one_line=False,
        )


class AnswerReader:
    """Reads what a judge answered to the questions of a rubric."""

    def __init__(self, policy: JudgePolicy) -> None:
        self._policy, self._answer = policy, _answer(policy)

    def read(self, text: str, document: Document) -> Score:
        """The marks, and the score if enough of the words that they quote stand in the session."""
        given, cause = None, "it holds no JSON object"
        for found in _objects(text):
            try:
                given = self._answer.model_validate(found)  # the last one counts: a judge may think aloud before it
            except ValidationError as error:
                if any(item.name in found for item in self._policy.items):
                    cause = explain(error)
        if given is None:
            return Score(None, cause=cause)
        quotes = _Quotes(document, self._policy.quote_words)
        marks = tuple(
            _mark(item.name, getattr(given, f"item_{number}"), quotes) for number, item in enumerate(self._policy.items)
        )
        return self._weighed(marks)

    def _weighed(self, marks: tuple[JudgeMark, ...]) -> Score:
        policy = self._policy
        pairs = list(zip(policy.items, marks, strict=True))
        total = sum(item.weight for item in policy.items)
        counting = sum(item.weight for item, mark in pairs if mark.counts)
        if counting < policy.quoted_share * total - 1e-9:
            void = ", ".join(mark.item for mark in marks if not mark.counts)
            return Score(None, marks, f"the log does not hold the words quoted for {void}")
        overall = sum(item.weight * policy.share(mark.mark) for item, mark in pairs if mark.counts) / counting
        return Score(min(1.0, overall), marks)


class _Quotes:
    """Finds the message that a quote comes from."""

    def __init__(self, document: Document, least: int) -> None:
        self._texts = [line.text for line in document.messages]
        self._words = [_words(text) for text in self._texts]
        self._spans = [[found.span() for found in WORD.finditer(folded(text))] for text in self._texts]
        self._least = least

    def find(self, quote: str, near: int | None) -> tuple[int, str] | None:
        """Index and words as typed, of the message nearest to the one that the judge named; judges miscount."""
        parts = [words for part in _LEFT_OUT.split(_QUOTED_FROM.sub("", quote, count=1)) if (words := _words(part))]
        count = sum(map(len, parts))
        for index in sorted(range(len(self._texts)), key=lambda i: (abs(i - (near or 0)), i)):
            words = self._words[index]
            if 0 < min(self._least, len(words)) <= count and (place := _place(parts, words)):
                first, last = place
                spans = self._spans[index]
                return index, self._texts[index][spans[first][0] : spans[last][1]]
        return None


def _place(parts: list[list[str]], words: list[str]) -> tuple[int, int] | None:
    """First and last word of the stretch that holds the parts in their order, or None."""
    first, end = -1, 0
    for part in parts:
        starts = range(end, len(words) - len(part) + 1)
        start = next((s for s in starts if words[s : s + len(part)] == part), None)
        if start is None:
            return None
        first, end = (start if first < 0 else first), start + len(part)
    return (first, end - 1) if parts else None


def _words(text: str) -> list[str]:
    return [found[0].casefold() for found in WORD.finditer(folded(text))]


class _Given(BaseModel):
    """What the judge says to one question; what it says beyond that is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    message: int | None = None
    words: str
    why: str = ""

    @field_validator("why", mode="before")
    @classmethod
    def _as_text(cls, why: object) -> str:
        """A reason is for people to read; an answer is not lost for one of another shape."""
        return why if isinstance(why, str) else ""


def _answer(policy: JudgePolicy) -> type[BaseModel]:
    """The shape of a whole answer: every item, every mark on the scale."""
    on_scale = Annotated[int, Field(strict=True, ge=policy.worst, le=policy.best)]
    given = create_model("Given", __base__=_Given, mark=(on_scale, ...))
    fields: dict[str, Any] = {
        f"item_{number}": (given, Field(alias=item.name)) for number, item in enumerate(policy.items)
    }
    return create_model("Answer", __config__=ConfigDict(frozen=True, extra="ignore"), **fields)


def _mark(item: str, given: Any, quotes: _Quotes) -> JudgeMark:
    found = quotes.find(given.words, given.message)
    index, words = found or (None, given.words)
    return JudgeMark(item, given.mark, index, words, " ".join(given.why.split()))


def _objects(text: str) -> Iterator[Any]:
    """Every JSON object that begins somewhere in the text, also inside another one: some judges wrap the answer."""
    decoder = json.JSONDecoder(object_pairs_hook=_once)
    start = text.find("{")
    while start >= 0:
        with contextlib.suppress(ValueError, RecursionError):
            yield decoder.raw_decode(text, start)[0]
        start = text.find("{", start + 1)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice: two answers to one question are none")
    return found


def _rubric(policy: JudgePolicy, prompts: PromptTemplates, lead: str) -> str:
    """The same bytes for every session, so that it is paid for in full once."""
    shape = ", ".join(f'"{item.name}": {{"message": …, "words": "…", "why": "…", "mark": …}}' for item in policy.items)
    text = prompts.render(
        "judge_system",
        instruction=policy.instruction,
        questions=[{"name": item.name, "question": " ".join(item.question.split())} for item in policy.items],
        marks=[{"mark": mark, "meaning": policy.scale[mark]} for mark in sorted(policy.scale)],
        quote_words=policy.quote_words,
        shape="{" + shape + "}",
    )
    return text.replace("{lead}", lead)


def _numbered(document: Document) -> str:
    """The document with the index of each message before it; what is no message has none."""
    rows, index = [], 0
    for line in document.lines:
        rows.append(render_line(line) if line.action else f"[{index}] {render_line(line)}")
        index += not line.action
    return (document.header.text if document.header else "") + "".join(row + "\n" for row in rows)


def _whole(evidence: str) -> Reason:
    return Reason(rule=RULE, message=None, evidence=evidence)
