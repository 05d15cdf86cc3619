"""Session runners: where the sessions of a run are played, and what the filters say of a finished one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from simulator.corpus.filters import Filters
from simulator.corpus.small_model import SMALL_MODEL
from simulator.corpus.verdict import Verdict
from simulator.document import Document
from simulator.events import Event, Said
from simulator.journal.journal import Journal
from simulator.journal.model_choice import ModelChoice
from simulator.journal.recorded_model import recorded
from simulator.llm.model import Models
from simulator.plan.session_plan import SessionPlan
from simulator.session.play import play
from simulator.session.prompts import card_facts, secrets
from simulator.session.transcript import document
from simulator.world.world import World


class SessionRunner(Protocol):
    """Where sessions are played: in this process, or on other machines."""

    def play(self, plan: SessionPlan, past: Sequence[Event]) -> AsyncGenerator[Event, None]:
        """The events of a session after `past`, as `session.play.play` yields them.

        An answer is in the journal before the event that comes of it is yielded, and no other question of that session
        is asked before that event is there too.
        """
        ...


class LocalRunner:
    """Plays sessions in this process."""

    def __init__(self, journal: Journal, world: World, models: Models) -> None:
        self._journal, self._world, self._models = journal, world, models

    def play(self, plan: SessionPlan, past: Sequence[Event]) -> AsyncGenerator[Event, None]:
        """See SessionRunner."""
        return play(plan, self._world, recorded(self._models, self._journal, plan.id), past)


def world_filters(world: World, choice: ModelChoice) -> Filters:
    """The filters that hold sessions to the policies of a world.

    What shows that a very small model writes is not held against one that was chosen: played again, it shows again.
    """
    ignored = frozenset({SMALL_MODEL}) if choice.small else frozenset()
    return Filters(world.style, world.engagement, world.quota, world.lead.nick, world.layout, ignored=ignored)


def verdict_of(filters: Filters, world: World, plan: SessionPlan, events: list[Event]) -> tuple[Document, Verdict]:
    """The training document of a finished session and what the filters say about it."""
    made = document(plan.setting, events, world.layout)
    said = [event for event in events if isinstance(event, Said)]
    shown = {place: frozenset(event.shows) for place, event in enumerate(said) if event.shows}
    hidden, cards = secrets(plan.setting, plan.script, world), card_facts(plan.setting, world)
    return made, filters.judge(made, plan=plan, secrets=hidden, shown=shown, cards=cards)
