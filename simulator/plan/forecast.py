"""A whole run before it is played: its sessions, what they hold, and what they will take."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, dataclass, field

from simulator.llm.model import Purpose
from simulator.llm.prices import Price
from simulator.plan.planner import Planner, Scripts
from simulator.plan.quota import DIMENSIONS, Cell, joint, targets
from simulator.plan.session_plan import SessionPlan
from simulator.world.strict import Length
from simulator.world.world import World

CHARACTERS_A_TOKEN = 4.2
"""English chat in the tokenizers of large models; counted with cl100k on cards and transcripts of this project."""
LINE_TOKENS = 34
"""One message with its nick and newline: two or three sentences. Counted as above on 8,000 scripted messages; the
embedded model's have 41."""
TAIL_TOKENS = 25
"""What follows the transcript in the chat dialect: whose line is next, how long, the note. See `bench_prompts.py`."""
JUDGE_PROMPT, JUDGE_ANSWER = 950, 530
"""Tokens of the rubric, and of the marks with their quotes."""
GUARD_RUBRIC, GUARD_CONTEXT, GUARD_ANSWER = 1400, 320, 2
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


@dataclass(slots=True)
class RunForecast:
    """Sums over the planned sessions. Sizes and tokens are estimates; counts are what the plan holds."""

    sessions: int = 0
    messages: int = 0
    lead_messages: int = 0
    bytes: int = 0
    """Of training text."""
    topics_twice: int = 0
    """Sessions whose topic had its turn before: none until a group is used up."""
    tokens: dict[Purpose, Tokens] = field(default_factory=dict)
    calls: float = 0.0
    """To models: one a message, the tries that the line checks refuse, and the judge's."""
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in DIMENSIONS})
    scenarios: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Overhead:
    """What is planned, and what models are asked beside the lines of the sessions that are kept."""

    judged: bool = False
    """A judge reads each session."""
    guarded: bool = False
    """A guard reads each of the lead's lines."""
    oversample: float = 1.0
    """Sessions played for each one that is planned, 1 or more; tokens and calls count them all."""
    length: Length | None = None
    """Only sessions of this class are planned; None: both, as the quota says."""


def forecast_run(
    world: World,
    seed: int,
    *,
    sessions: int | None = None,
    megabytes: float | None = None,
    overhead: Overhead | None = None,
) -> RunForecast:
    """Plans sessions until there are so many, or until they hold so many megabytes (10^6 bytes)."""
    overhead = overhead or Overhead()
    judged, guarded, oversample = overhead.judged, overhead.guarded, overhead.oversample
    planner, found, seen = Planner(world, seed, length=overhead.length), RunForecast(), set()
    while (found.sessions < sessions) if sessions is not None else (found.bytes < (megabytes or 0) * 1e6):
        plan = planner.plan(found.sessions)
        found.sessions += 1
        found.messages += plan.messages
        found.lead_messages += plan.lead_messages
        found.bytes += plan.messages * MESSAGE_BYTES
        found.topics_twice += plan.topic in seen
        seen.add(plan.topic)
        found.scenarios[plan.scenario] += 1
        for count, value in zip(found.counts.values(), plan.cell.values(), strict=True):
            count[value] += 1
        found.calls += (plan.messages * RETRIES + judged + guarded * plan.lead_messages * RETRIES) * oversample
        for purpose, needed in tokens(plan, world, judged=judged, guarded=guarded).items():
            found.tokens[purpose] = found.tokens.get(purpose, Tokens()) + needed * oversample
    return found


def shares(world: World, found: RunForecast) -> dict[str, dict[str, dict[str, float]]]:
    """Every value of every dimension with its count, its share and its target."""
    return {
        name: {
            value: {"count": count[value], "share": count[value] / max(1, found.sessions), "target": share}
            for value, share in wanted.items()
        }
        for (name, count), wanted in zip(found.counts.items(), targets(world.quota), strict=True)
    }


@dataclass(frozen=True, slots=True)
class Coverage:
    """Cells by how they are served."""

    served: dict[Cell, list[str]]
    """Cell to the names of the scripts that can fill it."""
    empty: tuple[Cell, ...]
    """Cells that the quotas allow and no script can fill."""
    shares: dict[Cell, float]
    """The share of the data set that each served cell gets."""
    unused: tuple[str, ...]
    """Scripts that serve no cell at all."""


def coverage(world: World) -> Coverage:
    """Raises ContentError if the quotas cannot be met with the scripts there are."""
    scripts = Scripts(world)
    every = joint(world.quota, lambda cell: True)
    served = {cell: scripts.serving(cell) for cell in every if scripts.serving(cell)}
    used = {name for names in served.values() for name in names}
    return Coverage(
        served,
        tuple(cell for cell in every if cell not in served),
        joint(world.quota, lambda cell: cell in served),
        tuple(sorted(set(world.scenarios) - used)),
    )
