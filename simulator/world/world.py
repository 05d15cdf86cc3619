"""All content together, checked against itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import networkx as nx

from simulator.errors import ContentError
from simulator.world import ties
from simulator.world.judge import JudgePolicy
from simulator.world.persona import Persona, Role
from simulator.world.policy import EngagementPolicy, QuotaPolicy, TurnPolicy
from simulator.world.reference import Reference
from simulator.world.scenario import LEAD, Scenario
from simulator.world.style import StylePolicy
from simulator.world.topic import Topic

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9-]*)\}")


@dataclass(frozen=True)
class World:
    """Immutable; `digest` names exactly this content."""

    root: Path
    digest: str
    personas: dict[str, Persona]
    """By nick."""
    scenarios: dict[str, Scenario]
    """By name."""
    topics: dict[str, tuple[Topic, ...]]
    """By group."""
    engagement: EngagementPolicy
    turns: TurnPolicy
    style: StylePolicy
    quota: QuotaPolicy
    judge: JudgePolicy
    realism: Reference

    def __post_init__(self) -> None:
        _check_personas(self)
        _check_topics(self)
        _check_bring_up(self)
        for scenario in self.scenarios.values():
            _check_scenario(self, scenario)

    @cached_property
    def lead(self) -> Persona:
        return next(p for p in self.personas.values() if p.role is Role.LEAD)

    @cached_property
    def people(self) -> tuple[Persona, ...]:
        """Everybody but the lead, by nick."""
        return tuple(p for _, p in sorted(self.personas.items()) if p.role is not Role.LEAD)

    @cached_property
    def ties(self) -> nx.Graph:
        return ties.graph(self.personas.values())


def _check_personas(world: World) -> None:
    leads = [nick for nick, p in world.personas.items() if p.role is Role.LEAD]
    if len(leads) != 1:
        raise ContentError(
            f"{len(leads)} cards have role: lead" + (f" ({', '.join(leads)})" if leads else ""),
            place="personas",
            remedy="give exactly one card that role",
        )
    for persona in world.personas.values():
        place = f"personas/{persona.nick.lower()}.yaml"
        for tie in persona.ties:
            if tie.to not in world.personas:
                raise ContentError(f"ties: nobody is called `{tie.to}`", place=place, remedy="name a nick with a card")
        for group in persona.interests:
            if group not in world.quota.topics:
                known = ", ".join(world.quota.topics)
                raise ContentError(f"interests: no topic group `{group}`", place=place, remedy=f"groups are {known}")
    fewest = max(fewest for fewest, _ in world.turns.cast.people.values())
    if len(world.personas) - 1 < fewest:
        raise ContentError(
            f"{len(world.personas) - 1} people besides the lead",
            place="personas",
            remedy=f"policies/turns.yaml wants {fewest} in a session: write more cards or lower cast.people",
        )


def _check_bring_up(world: World) -> None:
    policy = world.turns.bring_up
    for text in (*policy.note, *policy.opening):
        for name in PLACEHOLDER.findall(text):
            if name not in ("topic", "angle"):
                raise ContentError(
                    f"bring_up: no `{name}`", place="policies/turns.yaml", remedy="known are {topic} and {angle}"
                )


def _check_topics(world: World) -> None:
    for group in world.quota.topics:
        if group not in world.topics:
            raise ContentError("the quota wants this group", place=f"scenarios/topics/{group}.yaml", remedy="write it")
    for group in world.topics:
        if group not in world.quota.topics:
            raise ContentError(
                "policies/quota.yaml has no such group", place=f"scenarios/topics/{group}.yaml", remedy="add it there"
            )


def _check_scenario(world: World, scenario: Scenario) -> None:
    place = f"scenarios/{scenario.pattern}/{scenario.name}.yaml"

    def known(kind: str, names: tuple[str, ...], among: dict[str, object] | set[str]) -> None:
        for name in names:
            if name not in among:
                raise ContentError(f"{kind}: no `{name}`", place=place, remedy=f"known are {', '.join(sorted(among))}")

    known("pattern", (scenario.pattern,), set(world.quota.patterns))
    known("channels", scenario.channels, set(world.quota.channels))
    known("topics", scenario.topics, set(world.quota.topics))
    known("expect.signal", tuple(e.signal for e in scenario.expect if e.signal), world.style.named())
    for name, slot in scenario.slots.items():
        wanted = sum(s.role is slot.role for s in scenario.slots.values()) if slot.role else 1
        there = sum(slot.role in (None, p.role) for p in world.people)
        if slot.role is Role.LEAD or there < wanted:
            raise ContentError(f"slots.{name}: nobody can fill it", place=place, remedy=f"{there} cards have that role")
    names = {LEAD, "topic", "angle", *scenario.slots, *scenario.fill}
    texts = [scenario.premise, *(t for beat in scenario.beats for t in (*beat.note, *beat.opening))]
    texts += [t for variants in scenario.fill.values() for t in variants]
    for text in texts:
        known("placeholder", tuple(PLACEHOLDER.findall(text)), names)
