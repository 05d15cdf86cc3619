"""A whole run before it is played: its sessions, what they hold, and what they will take."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from simulator.llm.model import Purpose
from simulator.plan.estimate import MESSAGE_BYTES, RETRIES, Tokens, tokens
from simulator.plan.planner import Planner
from simulator.plan.quota import DIMENSIONS, targets
from simulator.world.world import World


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
    """What models are asked beside the lines of the sessions that are kept."""

    judged: bool = False
    """A judge reads each session."""
    guarded: bool = False
    """A guard reads each of the lead's lines."""
    oversample: float = 1.0
    """Sessions played for each one that is planned, 1 or more; tokens and calls count them all."""


def outlook(
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
    planner, found, seen = Planner(world, seed), RunForecast(), set()
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
