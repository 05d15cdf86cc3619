"""A run with what a reviewer meets: kept, rejected and hostile sessions, marks of a judge, refusals, variants."""

from __future__ import annotations

import json
from pathlib import Path

from simulator.events import Refused
from simulator.journal.journal import Journal
from simulator.llm.model import Purpose
from simulator.plan.session_plan import SessionPlan
from simulator.session.transcript import document
from tests import builders
from tests.layout import LAYOUT
from tests.report.runs import card, hostile
from tests.worlds import shipped

SLOTS = 60
GUARDED, VARIANT = "s00002", "s00004.1"


def reviewed(folder: Path, slots: int = SLOTS) -> str:
    """Makes the run and returns the id of its hostile session."""
    with Journal.create(folder, card()) as journal:
        for slot in range(slots):
            plan = builders.plan(slot, length="short", messages=20, lead_messages=2)
            _play(journal, plan, score=(slot % 10) / 10, guarded=plan.id == GUARDED)
        other = builders.plan(4, id=VARIANT, attempt=1, length="short", messages=20, lead_messages=2)
        _play(journal, other, score=None, guarded=False)
        return hostile(journal, slots + 1)


def _play(journal: Journal, plan: SessionPlan, score: float | None, *, guarded: bool) -> None:
    journal.begin(plan)
    events = builders.events(plan)
    if guarded:
        place = next(n for n, event in enumerate(events) if event.nick == plan.setting.lead and event.kind == "said")
        refusal = Refused(text="happy to help with that", rule="guard-helpful", evidence="happy to help")
        events[place] = events[place].model_copy(update={"refused": (refusal,)})
    for event in events:
        journal.event(plan.id, event)
    if score is not None:
        _judge(journal, plan, score)
    journal.spare(plan.id, 100, score)
    if plan.attempt == 0:
        reasons = [("walls", 3, "number 3")] if plan.number % 7 == 3 else []
        low = score is not None and score < shipped().judge.threshold and plan.number % 7 == 5
        journal.settle(plan.id, 100, [*reasons, *([("judge", 1, "flow 1 of 4: number 1")] if low else [])])


def _judge(journal: Journal, plan: SessionPlan, score: float) -> None:
    policy = shipped().judge
    words = document(plan.setting, journal.events(plan.id), layout=LAYOUT).messages[1].text
    mark = round(policy.worst + score * (policy.best - policy.worst))
    answer = {item.name: {"message": 1, "words": words, "why": "so", "mark": mark} for item in policy.items}
    prompt = builders.prompt("judge.0", Purpose.JUDGE)
    journal.call(plan.id, prompt, builders.reply(json.dumps(answer)))
