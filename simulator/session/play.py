"""START HERE: how a channel session is played."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator

from simulator import rng
from simulator.events import Acted, Event, Joined, Parted, Passed, Renamed, Said, TopicSet
from simulator.llm.model import Models
from simulator.plan.participation import Participation
from simulator.plan.session_plan import Script, SessionPlan
from simulator.session.channel import Channel
from simulator.session.member import Line, Members
from simulator.session.scheduler import Scheduler, Turn
from simulator.world.persona import Persona
from simulator.world.world import World

PATIENCE = 5
"""Turns in a row without a message after which a session is given up; it is then too short to be kept."""


async def play(
    plan: SessionPlan, world: World, models: Models, past: Iterable[Event] = (), *, checked: bool = True
) -> AsyncGenerator[Event, None]:
    """Plays a session and yields what happens, event by event; the next turn is drawn when the consumer comes back.

    `past` is what was played before; the session goes on from there exactly as it would have gone on. `checked` False:
    the words are thrown away later, and any will do. Consume with `contextlib.aclosing`. Raises ProviderError when a
    model fails for good.
    """
    channel = Channel(plan.setting, past, late=plan.script.late)
    scheduler = Scheduler(plan.setting, plan.script, Participation.of(plan), world)
    members = Members(plan.setting, plan.script, world, models, checked=checked)

    def happened(event: Event) -> Event:
        channel.apply(event)
        return event

    if channel.events == 0:
        yield happened(opening(plan))
    while channel.messages < plan.messages and channel.tries <= PATIENCE:
        for change in due_changes(plan.script, world, channel):
            yield happened(change)
        turn = scheduler.next_turn(channel)
        if turn is None:
            return
        if turn.lead_silent and not channel.lead_passed:
            yield happened(Passed(index=channel.events, at=channel.at, nick=plan.setting.lead, why=turn.lead_silent))
        line = await members.speak(turn, channel)
        yield happened(_outcome(turn, line, channel, world))


def _outcome(turn: Turn, line: Line, channel: Channel, world: World) -> Event:
    """What came of a turn: a message, an action, or silence."""
    nick, index = turn.nick, channel.events
    if line.text is None:
        return Passed(index=index, at=channel.at, nick=nick, why=line.refused[-1].rule, refused=line.refused)
    at = said_at(world.personas[nick], line.text, turn.pause, channel)
    reasons = {name: round(factor, 3) for name, factor in turn.reasons.items()}
    if turn.action:
        return Acted(index=index, at=at, nick=nick, text=line.text, reasons=reasons, refused=line.refused)
    cue = turn.beat.kind if turn.beat else ""
    return Said(
        index=index, at=at, nick=nick, text=line.text, reasons=reasons, cue=cue, shows=line.shown, refused=line.refused
    )


def opening(plan: SessionPlan) -> Event:
    """The first event: somebody sets the topic."""
    return TopicSet(index=0, at=plan.setting.begins, nick=plan.setting.cast[0], text=plan.topic)


def said_at(persona: Persona, text: str, pause: float, channel: Channel) -> float:
    """When a line is there that the person begins to type after a pause, in seconds after midnight."""
    return round(channel.at + pause + persona.typing_seconds(text), 1)


def due_changes(script: Script, world: World, channel: Channel) -> Iterator[Event]:
    """Who comes and goes before the next message."""
    while (number := channel.presence_changes) < len(script.presence):
        change = script.presence[number]
        if change.at > channel.messages:
            return
        pause = rng.stream(script.seed, "coming", number).uniform(0.5, 8.0)
        index, at, nick = channel.events, round(channel.at + pause, 1), change.nick
        match change.kind:
            case "join":
                yield Joined(index=index, at=at, nick=nick)
            case "part":
                yield Parted(index=index, at=at, nick=nick)
            case "away":
                yield Renamed(index=index, at=at, nick=nick, to=world.personas[nick].habits.away or nick)
            case "back":
                yield Renamed(index=index, at=at, nick=nick, to=nick)
