"""START HERE: how a channel session is played."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator

from simulator import rng
from simulator.events import Acted, Event, Joined, Parted, Passed, Renamed, Said, TopicSet
from simulator.llm.model import Models
from simulator.plan.session_plan import SessionPlan
from simulator.session.channel import Channel
from simulator.session.member import Line, Members
from simulator.session.scheduler import Scheduler, Turn
from simulator.world.world import World

PATIENCE = 5
"""Turns in a row without a message after which a session is given up; it is then too short to be kept."""


async def play(plan: SessionPlan, world: World, models: Models, past: Iterable[Event] = ()) -> AsyncIterator[Event]:
    """Plays a session and yields what happens, event by event; the next turn is drawn when the consumer comes back.

    `past` is what was played before; the session goes on from there exactly as it would have gone on. Consume with
    `contextlib.aclosing`. Raises ProviderError when a model fails for good.
    """
    channel = Channel(plan, past)
    scheduler = Scheduler(plan, world)
    members = Members(plan, world, models)

    def happened(event: Event) -> Event:
        channel.apply(event)
        return event

    if channel.events == 0:
        yield happened(TopicSet(index=0, at=plan.begins, nick=plan.cast[0], text=plan.topic))
    while channel.messages < plan.n and channel.tries <= PATIENCE:
        for coming in _due(plan, world, channel):
            yield happened(coming)
        turn = scheduler.next_turn(channel)
        if turn is None:
            return
        if turn.lead_silent and not channel.lead_passed:
            yield happened(Passed(index=channel.events, at=channel.at, nick=plan.lead, why=turn.lead_silent))
        line = await members.speak(turn, channel)
        yield happened(_outcome(turn, line, channel, world))


def _outcome(turn: Turn, line: Line, channel: Channel, world: World) -> Event:
    if line.text is None:
        why = line.refused[-1].rule
        return Passed(index=channel.events, at=channel.at, nick=turn.nick, why=why, refused=line.refused)
    typing = len(line.text.split()) / world.personas[turn.nick].words_per_minute * 60
    kind = Acted if turn.action else Said
    said = kind(
        index=channel.events,
        at=round(channel.at + turn.pause + typing, 1),
        nick=turn.nick,
        text=line.text,
        reasons={name: round(factor, 3) for name, factor in turn.reasons.items()},
        refused=line.refused,
    )
    return said.model_copy(update={"cue": turn.beat.kind}) if turn.beat and isinstance(said, Said) else said


def _due(plan: SessionPlan, world: World, channel: Channel) -> Iterator[Event]:
    """The comings and goings before the next message."""
    while channel.comings < len(plan.comings) and plan.comings[channel.comings].at <= channel.messages:
        coming = plan.comings[channel.comings]
        pause = rng.stream(plan.seed, "coming", channel.comings).uniform(0.5, 8.0)
        where = {"index": channel.events, "at": round(channel.at + pause, 1), "nick": coming.nick}
        match coming.kind:
            case "join":
                yield Joined(**where)
            case "part":
                yield Parted(**where)
            case "away":
                yield Renamed(**where, to=world.personas[coming.nick].habits.away or coming.nick)
            case "back":
                yield Renamed(**where, to=coming.nick)
