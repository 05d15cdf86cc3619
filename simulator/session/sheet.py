"""Sheets: text files in which a person writes a session by hand, after a plan.

A sheet names everybody who is there and lists who speaks when; the writer fills in the words. What is read back are the
lines `<nick> text` and `* nick text`; lines that begin with # are notes for the writer.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from simulator import clock, rng
from simulator.addressing import addressee
from simulator.events import Acted, Event, Joined, Parted, Renamed, Said
from simulator.llm.model import Models
from simulator.llm.scripted import Scripted
from simulator.plan.session_plan import SessionPlan
from simulator.session.channel import Channel
from simulator.session.play import due_changes, opening, play, said_at
from simulator.world.world import World

WIDTH = 100
"""Columns of a note."""
_SAID = re.compile(r"<([^\s<>]{1,31})>(.*)")
_ACTED = re.compile(r"\* (\S{1,31})(.*)")


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One line of a sheet that will stand in the channel."""

    number: int
    """Line of the file, from 1."""
    nick: str
    text: str
    """Empty: not written yet."""
    action: bool = False


@dataclass(frozen=True, slots=True)
class SheetFault:
    """What is wrong with a sheet."""

    line: int | None
    """Line of the file, from 1; None: the sheet as a whole."""
    cause: str

    def at(self, name: str) -> str:
        """With its place: `s00003.txt:14: cause`."""
        return f"{name}: {self.cause}" if self.line is None else f"{name}:{self.line}: {self.cause}"


async def draft_sheet(plan: SessionPlan, world: World) -> str:
    """An empty sheet. Who speaks when is what the scheduler draws while the scripted model plays."""
    async with aclosing(_draft(plan, world)) as session:
        events = [event async for event in session]
    return "\n".join([*_head(plan, world), *_body(plan, events)]) + "\n"


def _draft(plan: SessionPlan, world: World) -> AsyncGenerator[Event, None]:
    model = Scripted()  # nobody sees its words
    return play(plan, world, Models(model, model), checked=False)


def _head(plan: SessionPlan, world: World) -> Iterator[str]:
    setting, slot = plan.setting, plan.slot
    yield (
        f"# {plan.id}: {setting.engagement}, {setting.channel}, {slot.pattern}/{slot.scenario}, "
        f"{plan.messages} messages, exactly {plan.lead_messages} of them by {setting.lead}"
    )
    about = plan.topic + (f": {setting.angle}" if setting.angle else "")
    yield from _note(f"It is {clock.of_day(setting.begins)} UTC. The talk is about {about}.")
    if plan.script.premise:
        yield from _note(f"The situation: {plan.script.premise}")
    yield "#"
    for nick in setting.members:
        card = world.personas[nick]
        there = f" ({clock.of_day(setting.begins, card.timezone)} there)" if card.timezone else ""
        yield from _note(f"{nick}{there}: {card.about}")
        for example in plan.script.example_lines(card, setting.lead):
            yield from _note(f"    “{example}”")
    yield "#"
    yield from _note(
        "Write after each <nick>. Lines may change places or speakers, and /me lines (`* nick does something`) may be "
        "added, as long as the counts above hold and nobody speaks who is not there. Notes like this one are not read."
    )
    yield ""


def _body(plan: SessionPlan, events: Sequence[Event]) -> Iterator[str]:
    beats = {beat.at: beat for beat in plan.script.beats}
    index = 0
    for event in events:
        match event:
            case Said():
                beat = beats.get(index)
                if beat is not None and beat.note:
                    yield from _note(f"For {event.nick}: {beat.note}" if beat.nick == event.nick else beat.note)
                to = addressee(event.text, [nick for nick in plan.setting.members if nick != event.nick])
                words = len(event.text.split())
                yield f"# about {words} word{'s' if words > 1 else ''}" + (f", to {to}" if to else "")
                yield f"<{event.nick}>"
                index += 1
            case Joined() | Parted():
                yield f"# {event.nick} {'joins' if isinstance(event, Joined) else 'leaves'}"
            case Renamed():
                yield f"# {event.nick} is {'back' if event.to == event.nick else 'away'}"
            case _:
                pass


def _note(text: str) -> list[str]:
    return [f"# {row}" for row in textwrap.wrap(text, WIDTH, subsequent_indent="  ")]


def read_sheet(text: str) -> tuple[list[SheetLine], list[SheetFault]]:
    """The lines of a sheet, and the rows that are neither a line nor a note."""
    lines, faults = [], []
    for number, row in enumerate(text.splitlines(), 1):
        row = row.strip()
        if not row or row.startswith("#"):
            continue
        if found := _SAID.fullmatch(row):
            lines.append(SheetLine(number, found[1], found[2].strip()))
        elif found := _ACTED.fullmatch(row):
            lines.append(SheetLine(number, found[1], found[2].strip(), action=True))
        else:
            faults.append(SheetFault(number, f"`{row[:40]}` is neither `<nick> text` nor a note that begins with #"))
    return lines, faults


def sheet_events(plan: SessionPlan, world: World, lines: Sequence[SheetLine]) -> tuple[list[Event], list[SheetFault]]:
    """The session as it would have been played with these lines, and what keeps it from being the one that was planned.

    Who comes and goes is the plan's, by the number of messages before; the pauses are drawn as in play.
    """
    if strangers := [nick for nick in plan.setting.members if nick not in world.personas]:
        return [], [SheetFault(None, f"{', '.join(strangers)}: no card of that name is left in this world")]
    channel = Channel(plan.setting, late=plan.script.late)
    events: list[Event] = [opening(plan)]
    channel.apply(events[0])
    beats = {beat.at: beat for beat in plan.script.beats if beat.nick is not None}
    faults = []
    for line in lines:
        for change in due_changes(plan.script, world, channel):
            channel.apply(change)
            events.append(change)
        if cause := _fault(plan, channel, line):
            faults.append(SheetFault(line.number, cause))
            continue
        event = _event(plan, world, channel, line)
        beat = beats.get(channel.messages)
        if isinstance(event, Said) and beat is not None and beat.nick == line.nick:
            event = event.model_copy(update={"cue": beat.kind})
        channel.apply(event)
        events.append(event)
    said = [line for line in lines if not line.action]
    own = sum(line.nick == plan.setting.lead for line in said)
    if len(said) != plan.messages or own != plan.lead_messages:
        faults.append(
            SheetFault(
                None,
                f"{len(said)} messages, {own} by {plan.setting.lead}; planned are {plan.messages} and "
                f"{plan.lead_messages}",
            )
        )
    return events, faults


def _fault(plan: SessionPlan, channel: Channel, line: SheetLine) -> str | None:
    if line.nick not in plan.setting.members:
        return f"{line.nick} is not in this session"
    if line.nick not in channel.present:
        return f"{line.nick} is not in the channel here"
    if not line.text:
        return "not written yet"
    return None


def _event(plan: SessionPlan, world: World, channel: Channel, line: SheetLine) -> Said | Acted:
    draw = rng.stream(plan.script.seed, "turn", channel.messages, channel.tries)
    at = said_at(world.personas[line.nick], line.text, world.turns.pause(draw), channel)
    kind = Acted if line.action else Said
    return kind(index=channel.events, at=at, nick=line.nick, text=line.text)
