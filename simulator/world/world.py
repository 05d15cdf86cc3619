"""All content together, checked against itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.document import HeaderLayout

if TYPE_CHECKING:
    import networkx as nx

    from simulator.world import crosscheck
    from simulator.world.persona import Persona
    from simulator.world.policies.bot import BotPolicy
    from simulator.world.policies.evaluation import EvaluationPolicy
    from simulator.world.policies.gaps import GapPolicy
    from simulator.world.policies.guard import GuardPolicy
    from simulator.world.policies.judge import JudgePolicy
    from simulator.world.policies.names import NamesPolicy
    from simulator.world.policies.preferences import PreferencePolicy
    from simulator.world.policies.training import FsdpConfig, Settings
    from simulator.world.policy import EngagementPolicy, QuotaPolicy, TurnPolicy
    from simulator.world.probe import Suite
    from simulator.world.prompt_templates import PromptTemplates
    from simulator.world.realism_reference import Reference
    from simulator.world.scenario import Scenario, Topic
    from simulator.world.style import StylePolicy


@dataclass(frozen=True)
class World:
    """Immutable; `digest` names exactly this content. Raises WorldFaults for parts that do not fit together."""

    root: Path
    digest: str
    personas: dict[str, Persona]
    """By nick."""
    scenarios: dict[str, Scenario]
    """By name."""
    topics: dict[str, tuple[Topic, ...]]
    """By group."""
    probes: Suite
    names: NamesPolicy
    engagement: EngagementPolicy
    turns: TurnPolicy
    style: StylePolicy
    quota: QuotaPolicy
    judge: JudgePolicy
    guard: GuardPolicy
    preferences: PreferencePolicy
    realism: Reference
    evaluation: EvaluationPolicy
    gaps: GapPolicy
    bot: BotPolicy
    training: Settings
    prompts: PromptTemplates
    """Every fixed sentence that a model reads."""
    other_trainings: dict[str, Settings] = field(default_factory=dict)
    """By name of the file, such as `training-proof`."""
    fsdp: FsdpConfig | None = field(default_factory=lambda: None)

    def __post_init__(self) -> None:
        from simulator.world import crosscheck
        from simulator.world.yaml_file import WorldFaults

        if faults := list(crosscheck.faults(self.parts)):
            raise WorldFaults(faults)

    @property
    def parts(self) -> crosscheck.Parts:
        """What refers to each other."""
        from simulator.world import crosscheck

        return crosscheck.Parts(
            personas=self.personas,
            scenarios=self.scenarios,
            topics=self.topics,
            probes=self.probes,
            names=self.names,
            engagement=self.engagement,
            turns=self.turns,
            style=self.style,
            quota=self.quota,
            evaluation=self.evaluation,
            gaps=self.gaps,
        )

    @cached_property
    def layout(self) -> HeaderLayout:
        """How a document begins."""
        return HeaderLayout(self.names.header, self.engagement.levels)

    @cached_property
    def lead(self) -> Persona:
        """The card with role: lead."""
        from simulator.world.persona import Role

        return next(p for p in self.personas.values() if p.role is Role.LEAD)

    @cached_property
    def people(self) -> tuple[Persona, ...]:
        """Everybody but the lead, by nick."""
        from simulator.world.persona import Role

        return tuple(p for _, p in sorted(self.personas.items()) if p.role is not Role.LEAD)

    @cached_property
    def ties(self) -> nx.Graph[str]:
        """Who knows whom: a node for each nick, an edge for each tie, whichever of the two cards has it, as `tie`."""
        import networkx as nx

        known: nx.Graph[str] = nx.Graph()
        known.add_nodes_from(self.personas)
        for nick, persona in self.personas.items():
            known.add_edges_from((nick, tie.to, {"tie": tie}) for tie in persona.ties)
        return known
