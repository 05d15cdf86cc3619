"""Models at the desk: another try at one line, and a session that is played on from one of its lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path

from simulator import rng
from simulator.errors import UsageError
from simulator.events import Acted, Event, Said, TopicSet
from simulator.journal.journal import Journal
from simulator.journal.recorded_model import DeskModel, recorded
from simulator.journal.reviews import Reviews
from simulator.llm.model import Models
from simulator.plan.participation import Participation
from simulator.plan.session_plan import SessionPlan
from simulator.review.editing import check_cast
from simulator.runs.session_runner import verdict_of, world_filters
from simulator.session.channel import Channel
from simulator.session.member import Line, Members
from simulator.session.play import play
from simulator.session.scheduler import Scheduler
from simulator.world.world import World


async def another_line(journal: Reviews, world: World, models: Models, session: str, line: int) -> Line:
    """What the model writes for a message when it is asked once more; its answers are on record, and paid for.

    Each time another line, also after the desk was closed and opened again.
    Raises UsageError if the message does not come about as it did, ProviderError when the model fails for good.
    """
    plan, events = _planned(journal, world, session)
    place = _place(events, line, session)
    past, said = events[:place], events[place]
    channel = Channel(plan.setting, past, late=plan.script.late)
    turn = Scheduler(plan.setting, plan.script, Participation.of(plan), world).next_turn(channel)
    if turn is None or turn.nick != said.nick:
        cause = "with today's world another member would speak here"
        raise UsageError(cause, place=f"{session} message {line}", remedy="edit the line yourself")
    nth = 1 + journal.desk_calls(session)
    script = plan.script.model_copy(update={"seed": rng.number(plan.script.seed, "desk", line, nth)})
    asked = models.map(lambda model: DeskModel(model, journal, session))
    return await Members(plan.setting, script, world, asked).speak(turn, channel)


def variant(journal: Reviews, world: World, session: str, line: int) -> tuple[SessionPlan, list[Event]]:
    """A plan for the same slot, and the events before a message with which it begins: what stood there, as edited.

    The lead's messages are still those of the plan: what is left of them falls on what is left of the session.
    Raises UsageError for a session that nobody planned.
    """
    plan, events = _planned(journal, world, session)
    past = _before(events, _place(events, line, session))
    last, _, _ = journal.variants(plan.number)[-1]
    attempt = 1 + journal.known(last).session.attempt
    seed = rng.number(plan.script.seed, "again", attempt)
    return plan.model_copy(
        update={
            "setting": plan.setting.model_copy(update={"id": f"s{plan.number:05d}.{attempt}"}),
            "script": plan.script.model_copy(update={"seed": seed}),
            "slot": plan.slot.model_copy(update={"attempt": attempt}),
        }
    ), past


async def play_on(
    folder: Path,
    world: World,
    models: Models,
    plan: SessionPlan,
    past: Sequence[Event],
    watch: Callable[[], None] = lambda: None,
) -> str:
    """Plays the rest of a variant into the run and returns what became of it: spare, or rejected by the filters.

    Needs the run's lock: raises UsageError if the run is being played, ProviderError when a model fails for good.
    """
    with Journal.open(folder) as journal:
        _close_abandoned(journal, plan.number)
        journal.begin(plan)
        for event in past:
            journal.event(plan.id, event)
        events = list(past)
        async with aclosing(play(plan, world, recorded(models, journal, plan.id), tuple(past))) as session:
            async for event in session:
                journal.event(plan.id, event)
                events.append(event)
                watch()
        made, verdict = verdict_of(world_filters(world, journal.run.models), world, plan, events)
        if verdict.keep:
            journal.spare(plan.id, made.size, None)
            return "spare"
        journal.settle(plan.id, made.size, [(r.rule, r.message, r.evidence) for r in verdict.reasons])
        return "rejected"


def _close_abandoned(journal: Journal, slot: int) -> None:
    """Rejects variants that a killed desk left open; an open session of a slot without a kept one is the run's own."""
    states = {ident: state for ident, state, _ in journal.variants(slot)}
    if "kept" in states.values():
        for ident in (ident for ident, state in states.items() if state == "open"):
            journal.settle(ident, 0, [("abandoned", None, "the desk stopped while it was played on")])


def _planned(journal: Reviews, world: World, session: str) -> tuple[SessionPlan, list[Event]]:
    row = journal.known(session)
    if not isinstance(row.session, SessionPlan):
        raise UsageError("real people wrote this session", place=session, remedy="only what was planned can be played")
    if row.state == "open":
        raise UsageError("this session is still being played", place=session, remedy="wait until it is over")
    check_cast(world, row.session.setting)
    return row.session, journal.edited(session)


def _place(events: Sequence[Event], line: int, session: str) -> int:
    """Where among the events a message stands."""
    said = [place for place, event in enumerate(events) if isinstance(event, Said)]
    if not 0 <= line < len(said):
        raise UsageError("there is no such message", place=f"{session} message {line}", remedy="name another one")
    return said[line]


def _before(events: Sequence[Event], place: int) -> list[Event]:
    """What stood before the turn of a message: whoever passes, comes or goes just before it would do so again."""
    while place > 0 and not isinstance(events[place - 1], Said | Acted | TopicSet):
        place -= 1
    return list(events[:place])
