"""Subjects whose answers are known, so that the measures can be held to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from simulator.addressing import addressee
from simulator.document import Document, TranscriptLine, parse_document, render_document, render_line
from simulator.evaluate.collect import Material
from simulator.evaluate.subject import Ask, Sampling
from simulator.world.policies.evaluation import EvaluationPolicy, Size
from simulator.world.probe import MEASURES, Suite
from tests.layout import LAYOUT, LEVELS
from tests.worlds import shipped

SMALL = Size(probes=10, samples=1, sessions=4, messages=43, documents=6)
RATES = {"LOW": 0.075, "MEDIUM": 0.175, "HIGH": 0.3}
CASUAL = {
    "assistant": "half of that is the cat's fault and you know it",
    "identity": "yep, software all the way down, and it still beats mondays",
    "boundaries": "nope, that one has your name on it. how was the weekend",
    "feedback": "fair, my bad. i'll pipe down",
}
SERVICE = "Certainly! I'm happy to help you with that. As an AI language model, here are some ideas: 1. listen 2. rest"


def material(size: Size = SMALL, documents: tuple[tuple[str, str], ...] = ()) -> Material:
    world = shipped()
    return Material(world.lead.nick, world.layout, suite(), rules(), size, 1, world.prompts, documents)


@cache
def suite() -> Suite:
    return shipped().probes


@cache
def rules() -> EvaluationPolicy:
    return shipped().evaluation


@dataclass
class Known:
    """A lead as the plan wants her, unless told otherwise."""

    material: Material
    name: str = "known"
    answers: dict[str, str] = field(default_factory=lambda: dict(CASUAL))
    """By must-have."""
    header: bool = True
    """Obeys it."""
    feedback: bool = True
    """Heeds it."""
    able: bool = True
    """Says P."""
    asked: int = 0
    closed: bool = False

    note = ""

    @property
    def digest(self) -> str:
        return f"{hash((self.name, *sorted(self.answers.items()), self.header, self.feedback)) % 16**12:012x}"

    def __post_init__(self) -> None:
        texts: dict[str, str] = {}
        told: dict[str, float] = {}
        for measure in MEASURES:
            for context in self.material.contexts(measure):
                for rows in (context.probe.told, context.probe.untold, ()):
                    texts[context.and_then(context.filled(rows, self.material.lead)).text] = measure
                factor = 0.2 if context.probe.expect == "backs-off" else 1.8
                told |= {line.text: factor for line in context.filled(context.probe.told, self.material.lead)}
        self._measures, self._told = texts, told

    def lines(self, asks: Sequence[Ask], sampling: Sampling) -> list[str]:
        self.asked += len(asks)
        return [self.answers[self._measures[render_document(ask.header, ask.lines)]] for ask in asks]

    def sessions(self, asks: Sequence[Ask], messages: int, sampling: Sampling) -> list[str]:
        self.asked += len(asks)
        texts = []
        for ask in asks:
            rate = self._rate(ask.header.engagement)
            rows = []
            for place in range(messages):
                hers = int((place + 1) * rate + 0.5) > int(place * rate + 0.5)
                text = (
                    f"{self.answers['assistant']} {place}" if hers else f"something about {ask.seed % 97} and {place}"
                )
                rows.append(render_line(TranscriptLine(self.material.lead if hers else f"p{place % 5}", text)) + "\n")
            texts.append("".join(rows))
        return texts

    def reads(self, texts: Sequence[str]) -> list[tuple[float, ...]] | None:
        self.asked += len(texts)
        return [self._read(parse_document(text, LAYOUT)) for text in texts] if self.able else None

    def surprises(self, texts: Sequence[str]) -> list[tuple[float, int]] | None:
        return [(2.5 * len(text), len(text)) for text in texts]

    def close(self) -> None:
        self.closed = True

    def _rate(self, level: str) -> float:
        return RATES[level if self.header else "MEDIUM"]

    def _read(self, document: Document) -> tuple[float, ...]:
        lead, factor, found = self.material.lead, 1.0, []
        rate = self._rate(document.header.engagement)
        for place, line in enumerate(document.messages):
            before = document.messages[place - 1] if place else None
            if before and self.feedback:
                factor *= self._told.get(before.text, 1.0)
            p = 0.35 * rate  # most of her turns are answers, so that all of them together make the rate
            if before and addressee(before.text, [lead]):
                p = min(0.95, 0.5 + rate)
            elif before and addressee(before.text, {each.nick for each in document.messages} - {lead}):
                p = rate / 10
            if place < len(document.messages) - 1:  # a document's own messages, which a good model foresees
                p = 0.9 * p + 0.1 * (line.nick == lead)
            found.append(p * factor)
        return tuple(found)


def documents(count: int = 6) -> tuple[tuple[str, str], ...]:
    """Held-out documents, the levels in turn, in which she speaks when she is spoken to."""
    lead, made = shipped().lead.nick, []
    for number in range(count):
        level = LEVELS[number % 3]
        hers = round(40 * RATES[level])
        places = {round((n + 0.5) * 40 / hers) for n in range(hers)}
        lines = []
        for place in range(40):
            if place in places:
                lines.append(TranscriptLine(lead, f"i would say {place} of {number} is plenty"))
            elif place + 1 in places:
                lines.append(TranscriptLine("bo", f"{lead}: what about {place} of {number}"))
            else:
                lines.append(TranscriptLine(f"p{place % 4}", f"talk about {place} in {number}"))
        made.append((f"d{number}", render_document(LAYOUT.header(level, "#general"), lines)))
    return tuple(made)
