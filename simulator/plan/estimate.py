"""What a session will take in tokens and dollars, before it is played."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from simulator.llm.model import Purpose
from simulator.llm.prices import Price
from simulator.plan.session_plan import SessionPlan
from simulator.world.world import World

CHARACTERS_A_TOKEN = 4.2
"""English chat in the tokenizers of large models; counted with cl100k on cards and transcripts of this project."""
LINE_TOKENS = 34
"""One message with its nick and newline: two or three sentences. Counted as above on 8,000 scripted messages; the
embedded model's have 41."""
TAIL_TOKENS = 60
"""What follows the transcript in the chat dialect: who you are, the note, what is wanted."""
JUDGE_PROMPT, JUDGE_ANSWER = 850, 400
"""Tokens of the rubric, and of the marks with their quotes."""
GUARD_RUBRIC, GUARD_CONTEXT, GUARD_ANSWER = 620, 320, 2
"""Tokens of the guard's questions, of the lines that it is shown, and of its letter."""
MESSAGE_BYTES = 143
"""The same message in a training document."""
RETRIES = 1.15
"""Calls a message, tries that the line checks refuse included."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one session or of many."""

    prompt: float = 0.0
    cached: float = 0.0
    """Part of `prompt` that a prefix cache can give back."""
    written: float = 0.0
    """Part of `prompt` that such a cache takes in."""
    completion: float = 0.0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(*(mine + more for mine, more in zip(astuple(self), astuple(other), strict=True)))

    def __mul__(self, times: float) -> Tokens:
        return Tokens(*(mine * times for mine in astuple(self)))

    def usd(self, price: Price, *, caching: bool) -> float:
        """Dollars. Without caching every prompt token has the full price."""
        cached, written = (self.cached, self.written) if caching else (0.0, 0.0)
        plain = self.prompt - cached - written
        prompt = plain * price.prompt + cached * price.cached + written * price.written
        return prompt + self.completion * price.completion


def tokens(plan: SessionPlan, world: World, *, judged: bool = False, guarded: bool = False) -> dict[Purpose, Tokens]:
    """What the people's and the lead's calls take, the judge's and the guard's if there are any.

    The i-th call reads the cards and i messages; all but the newest message and the tail were in the call before.
    """
    cards = [world.personas[nick] for nick in plan.setting.members]
    rules = world.prompts.render("session_rules", channel=plan.setting.channel, lead=plan.setting.lead)
    texts = [rules, *(card.about for card in cards)]
    texts += [line for card in cards for line in plan.script.example_lines(card, plan.setting.lead)]
    head = sum(map(len, texts)) / CHARACTERS_A_TOKEN
    n = plan.messages
    prompt = (n * (head + TAIL_TOKENS) + LINE_TOKENS * n * (n - 1) / 2) * RETRIES
    written = head + n * LINE_TOKENS
    cached = max(0.0, prompt - written - n * TAIL_TOKENS * RETRIES)
    whole = Tokens(prompt, cached, written, n * LINE_TOKENS * RETRIES)
    lead = whole * (plan.lead_messages / n)
    people = whole * (1 - plan.lead_messages / n)
    needed = {Purpose.PEOPLE: people, Purpose.LEAD: lead}
    if judged:
        needed[Purpose.JUDGE] = Tokens(JUDGE_PROMPT + LINE_TOKENS * n, completion=JUDGE_ANSWER)
    if guarded:
        calls = plan.lead_messages * RETRIES
        rubric = GUARD_RUBRIC * calls
        needed[Purpose.GUARD] = Tokens(rubric + GUARD_CONTEXT * calls, rubric, 0.0, GUARD_ANSWER * calls)
    return needed
