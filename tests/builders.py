"""Plans, sessions and journals made by hand, for tests that need something to work on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from simulator import rng
from simulator.events import Acted, Event, Joined, Passed, Refused, Renamed, Said
from simulator.journal.journal import Journal
from simulator.journal.records import Goal, RunCard
from simulator.llm.model import Billing, CallId, Prompt, Purpose, Reply, Usage
from simulator.plan.session_plan import PlacedBeat, Script, SessionPlan, Setting, Slot
from simulator.session import transcript
from simulator.world.policy import Band, EngagementPolicy, LengthClass, QuotaPolicy
from tests.layout import LAYOUT, LEVELS

LEAD = "Em"
PEOPLE = ("ash", "bo", "cy", "dot", "eli", "fay")
PREMISE = "The premise that nobody outside may read."
NOTE = "The private note that nobody outside may read."
PERSONA = "The card of a person that nobody outside may read."
"""Stands in a line that the manners refused, as a leak would."""
EVIDENCE = "The evidence that nobody outside may read."
SECRETS = (PREMISE, NOTE, PERSONA, EVIDENCE)

BANDS = {"LOW": (0.05, 0.10), "MEDIUM": (0.15, 0.20), "HIGH": (0.25, 0.35)}
ENGAGEMENT = EngagementPolicy(
    bands={level: Band(least=least, most=most) for level, (least, most) in BANDS.items()},
    pull={},
    unprompted=dict.fromkeys(BANDS, 1.0),
    every_other=1.0,
    purposes=("Say what you think of it.",),
    called=dict.fromkeys(BANDS, 0.0),
    interest=0.5,
)
QUOTA = QuotaPolicy(
    engagement={"LOW": 0.4, "MEDIUM": 0.4, "HIGH": 0.2},
    channels={"#general": 0.7, "#shoggoth": 0.2, "#culture-war": 0.1},
    lengths={
        "short": LengthClass(share=0.6, messages=(10, 20)),
        "long": LengthClass(share=0.4, messages=(80, 120)),
    },
    patterns={"identity": 0.3, "boundaries": 0.25, "participation": 0.25, "calibration": 0.2},
    topics={"everyday": 0.75, "random": 0.25},
)


def run_card(name: str = "trial", **fields: object) -> RunCard:
    """A run on some hosted model, unless `models` says otherwise."""
    given = {
        "seed": 7,
        "goal": Goal(sessions=1000),
        "models": {"people": "some/model", "lead": None, "judge": None, "dialect": None, "api_base": None},
        "world": "0123456789abcdef",
        "version": "0.1.0",
        "begun": "2026-01-05T00:00:00+00:00",
    }
    return RunCard(name=name, **{**given, **fields})


def plan(slot: int = 0, **fields: object) -> SessionPlan:
    """Levels, lengths, patterns, channels and topics go round with the slot; the lead's count lies in the band.

    `fields` are those of setting, script and slot, by their names there.
    """
    level = fields.get("engagement", LEVELS[slot % 3])
    length = fields.get("length", "long" if slot % 5 >= 3 else "short")
    n = 100 if length == "long" else 20
    given = {
        "id": f"s{slot:05d}",
        "engagement": level,
        "channel": "#shoggoth" if slot % 5 == 4 else "#general",
        "lead": LEAD,
        "cast": PEOPLE,
        "topic": "whether breakfast for dinner is a real meal",
        "angle": "it is cheaper",
        "group": "random" if slot % 4 == 3 else "everyday",
        "begins": 36000.0,
        "seed": rng.number(7, "session", slot),
        "premise": PREMISE,
        "beats": (PlacedBeat(id="ask", at=1, nick="ash", to=LEAD, kind="ask-homework", note=NOTE),),
        "number": slot,
        "scenario": "a-scenario",
        "pattern": list(QUOTA.patterns)[slot % 4],
        "length": length,
        "messages": n,
        "lead_messages": ENGAGEMENT.bands[level].counts(n)[0],
        **fields,
    }
    return assembled(given)


def changed(plan: SessionPlan, **fields: object) -> SessionPlan:
    """The plan with other fields of setting, script and slot, by their names there."""
    return assembled({**dict(plan.setting), **dict(plan.script), **dict(plan.slot), **fields})


def assembled(fields: dict[str, object]) -> SessionPlan:
    """A plan of the fields of its three parts."""
    kinds = {"setting": Setting, "script": Script, "slot": Slot}
    known = {name for kind in kinds.values() for name in kind.model_fields}
    assert fields.keys() <= known, f"no field of a plan: {fields.keys() - known}"
    return SessionPlan(
        **{part: kind(**{n: v for n, v in fields.items() if n in kind.model_fields}) for part, kind in kinds.items()}
    )


def said(texts: Iterable[tuple[str, str]]) -> list[Event]:
    """Nick and text of each message, ten seconds apart."""
    return [Said(index=i, at=36000.0 + 10 * i, nick=nick, text=text) for i, (nick, text) in enumerate(texts)]


def events(plan: SessionPlan) -> list[Event]:
    """A session of the plan's length with everything that can happen in a channel, and a refused line."""
    cast = plan.setting.cast
    draw = rng.stream(plan.script.seed, "lines")
    k = plan.lead_messages
    hers = {round((place + 0.5) * plan.messages / k) for place in range(k)}
    made: list[Event] = []

    def add(kind: type, nick: str, **fields: object) -> None:
        made.append(kind(index=len(made), at=plan.setting.begins + 10.0 * len(made), nick=nick, **fields))

    add(Joined, cast[0])
    for place in range(plan.messages):
        nick = plan.setting.lead if place in hers else cast[draw.randrange(len(cast))]
        words = " ".join(draw.choice(("soup", "rain", "tea", "bus", "cat", "naïve", "日本")) for _ in range(6))
        refused = (Refused(text=PERSONA, rule="leak", evidence=PERSONA),) if place == 3 else ()
        add(Said, nick, text=f"{words}. number {place}, “{plan.id}”", reasons={"recency": 1.1}, refused=refused)
        if place == 4:
            add(Acted, cast[1], text="waves")
            add(Renamed, cast[1], to=f"{cast[1]}-away")
            add(Passed, plan.setting.lead, why="not her turn")
    return made


def prompt(key: str, purpose: Purpose = Purpose.PEOPLE, text: str = NOTE) -> Prompt:
    return Prompt(purpose, CallId.parse(key), seed=1, max_tokens=10, temperature=0.5, text=text, speaker="ash")


def reply(text: str = "a line", **fields: object) -> Reply:
    given = {"usage": Usage(prompt=100, cached=60, completion=20), "billing": Billing.KNOWN, "cost_usd": 0.001}
    return Reply(text, "some/model", **{**given, **fields})


def fill(journal: Journal, sessions: Iterable[SessionPlan], *, billing: Billing = Billing.KNOWN) -> None:
    """Plays and keeps each session, with one call for a person, and two for a line of the lead."""
    cost = 0.001 if billing is Billing.KNOWN else None
    for each in sessions:
        journal.begin(each)
        journal.call(each.id, prompt("0.0"), reply(billing=billing, cost_usd=cost))
        journal.call(each.id, prompt("1.0", Purpose.LEAD), reply(billing=billing, cost_usd=cost))
        journal.call(each.id, prompt("1.1", Purpose.LEAD), reply(billing=billing, cost_usd=cost))
        made = events(each)
        for event in made:
            journal.event(each.id, event)
        journal.settle(each.id, len(transcript.text(each.setting, made, layout=LAYOUT).encode()), ())


def filled(folder: Path, sessions: int, **fields: object) -> Journal:
    """A run with so many kept sessions, two rejected ones and one that is still open; to be closed by the caller."""
    journal = Journal.create(folder, run_card(**fields))
    fill(journal, map(plan, range(sessions)))
    for slot in range(sessions, sessions + 2):
        journal.begin(plan(slot, attempt=1))
        for event in events(plan(slot, attempt=1)):
            journal.event(plan(slot).id, event)
        journal.settle(plan(slot).id, 0, [("walls", 3, EVIDENCE), ("walls", 5, EVIDENCE), ("leak", None, EVIDENCE)])
    journal.begin(plan(sessions + 2))
    journal.event(plan(sessions + 2).id, events(plan(sessions + 2))[0])
    return journal
