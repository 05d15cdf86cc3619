"""Runs for the report's tests: the sessions of `tests.builders`, and one in which people type what must not run."""

from __future__ import annotations

from pathlib import Path

from simulator.events import Joined, Passed, Refused, Said, TopicSet
from simulator.journal.journal import Journal
from tests import builders
from tests.worlds import shipped

HOSTILE = (
    "<script>document.title = 'owned'; window.owned = 1</script>",
    '<img src=x onerror="window.owned = 2">',
    "</script></style></bdi><h1 id=owned>big</h1>",
    "{{ 7 * 7 }} {% raw %} ${7*7} &lt;b&gt; &amp;",
    "\u202egnp.cod.exe right to left",
    "javascript:window.owned=3 <svg/onload=window.owned=4>",
    "zero\u200bwidth and 'quotes' and \"more\" <!-- and a comment",
)
"""What people say in the hostile session, in this order."""
EVIDENCE = "happy to help"


def card(name: str = "trial", **fields: object):
    return builders.run_card(name, world=shipped().digest, **fields)


def hostile(journal: Journal, slot: int) -> str:
    """Plays a rejected session of hostile lines, with a line refused and a silence of the lead; returns its id."""
    lines = len(HOSTILE)
    plan = builders.plan(slot, topic="<b id=owned>topic</b>", messages=lines + 2, lead_messages=1, length="short")
    people = plan.setting.cast
    journal.begin(plan)
    made = [
        TopicSet(index=0, at=plan.setting.begins, nick=people[0], text=HOSTILE[0]),
        Joined(index=1, at=plan.setting.begins, nick=people[1]),
    ]
    for place, text in enumerate(HOSTILE):
        refused = (Refused(text=HOSTILE[1], rule="leak", evidence=HOSTILE[2]),) if place == 1 else ()
        made.append(
            Said(
                index=len(made),
                at=plan.setting.begins + 10 * len(made),
                nick=people[place % 3],
                text=text,
                reasons={"recency": 1.5, "chance": 0.25},
                refused=refused,
            )
        )
    made.append(Passed(index=len(made), at=plan.setting.begins + 200, nick=plan.setting.lead, why="budget"))
    said = f"well, {EVIDENCE} I am not"
    made.append(
        Said(
            index=len(made), at=plan.setting.begins + 210, nick=plan.setting.lead, text=said, reasons={"addressed": 9.0}
        )
    )
    made.append(Said(index=len(made), at=plan.setting.begins + 220, nick=people[2], text="ok then, that was that"))
    for event in made:
        journal.event(plan.id, event)
    reasons = [("offer", lines, EVIDENCE), ("malformed", None, HOSTILE[0]), ("abuse", 0, "not in the line")]
    journal.settle(plan.id, 0, reasons)
    return plan.id


def mixed(folder: Path, sessions: int = 30, name: str = "trial") -> str:
    """A run with kept, rejected and open sessions and a hostile one, whose id is returned."""
    with Journal.create(folder, card(name)) as journal:
        builders.fill(journal, map(builders.plan, range(sessions)))
        for slot in range(sessions, sessions + 3):
            plan = builders.plan(slot, attempt=1)
            journal.begin(plan)
            for event in builders.events(plan):
                journal.event(plan.id, event)
            journal.settle(plan.id, 0, [("walls", 3, "number 3"), ("leak", None, "as a whole")])
        bad = hostile(journal, sessions + 3)
        journal.begin(builders.plan(sessions + 4))
        journal.event(builders.plan(sessions + 4).id, builders.events(builders.plan(sessions + 4))[0])
    return bad
