"""What a session will take in tokens and dollars, before it is played."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.llm.model import Purpose
from simulator.llm.prices import Price
from simulator.plan.session_plan import SessionPlan
from simulator.world.world import World

CHARACTERS_A_TOKEN = 4.2
"""English chat in the tokenizers of large models; counted with cl100k on cards and transcripts of this project."""
LINE_TOKENS = 34
"""One message with its nick and newline: two or three sentences."""
TAIL_TOKENS = 60
"""What follows the transcript in the chat dialect: who you are, the note, what is wanted."""
JUDGE_PROMPT, JUDGE_ANSWER = 650, 250
"""Tokens of the rubric, and of the marks with their quotes."""
MESSAGE_BYTES = 110
"""One message in a training document, with its nick and newline."""
RETRIES = 1.15
"""Calls a message, tries that the manners refuse included."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one session or of many; `cached` are those a prefix cache can give back, part of `prompt`."""

    prompt: float = 0.0
    cached: float = 0.0
    completion: float = 0.0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.prompt + other.prompt, self.cached + other.cached, self.completion + other.completion)

    def __mul__(self, times: float) -> Tokens:
        return Tokens(self.prompt * times, self.cached * times, self.completion * times)

    def usd(self, price: Price, *, caching: bool) -> float:
        """Dollars. Without caching every prompt token has the full price."""
        cached = self.cached if caching else 0.0
        return (self.prompt - cached) * price.prompt + cached * price.cached + self.completion * price.completion


def tokens(plan: SessionPlan, world: World, *, judged: bool = False) -> dict[Purpose, Tokens]:
    """What the people's and the lead's calls take, and the judge's if there is one.

    The i-th call reads the cards and i messages; all but the newest message and the tail were in the call before.
    """
    cards = [world.personas[nick] for nick in (*plan.cast, plan.lead)]
    guidance = world.style.guidance
    texts = [*guidance.people, *guidance.lead, *(c.about for c in cards), *(v for c in cards for v in c.voice[:3])]
    head = sum(map(len, texts)) / CHARACTERS_A_TOKEN
    prompt = plan.n * (head + TAIL_TOKENS) + LINE_TOKENS * plan.n * (plan.n - 1) / 2
    fresh = head + plan.n * (TAIL_TOKENS + LINE_TOKENS)
    whole = Tokens(prompt * RETRIES, max(0.0, prompt * RETRIES - fresh), plan.n * LINE_TOKENS * RETRIES)
    share = plan.k / plan.n
    lead = Tokens(whole.prompt * share, whole.cached * share, whole.completion * share)
    people = Tokens(whole.prompt - lead.prompt, whole.cached - lead.cached, whole.completion - lead.completion)
    needed = {Purpose.PEOPLE: people, Purpose.LEAD: lead}
    if judged:
        needed[Purpose.JUDGE] = Tokens(JUDGE_PROMPT + LINE_TOKENS * plan.n, 0.0, JUDGE_ANSWER)
    return needed
