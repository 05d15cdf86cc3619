"""States of the lead's next line, and the one function by which they follow each other. No clock, no model, no task.

    Idle -> Deciding -> Writing -> Typing -> Sending -> Idle

While a line is made the talk goes on. Who addresses the lead then is not lost:

    the line answers nobody, or the same person   it is overtaken: dropped, and decided anew, once
    the line answers somebody else                it is said, and the next one is for the newcomer

If the lead's share is about to fall below the band, the line is out at once, however long typing it would take.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

WAITING = 3
"""People who addressed the lead while it was typing and are remembered."""


class Happening(StrEnum):
    """What a state may be changed by."""

    MESSAGE = "message"
    """Somebody said something that is not history."""
    LULL = "lull"
    """Nobody has said anything for a while."""
    CHOSE_SILENCE = "chose silence"
    CHOSE_SPEECH = "chose speech"
    WROTE = "wrote"
    WROTE_NOTHING = "wrote nothing"
    """No line that may be said, or no answer from the model."""
    TYPED = "typed"
    SENT = "sent"
    NOT_SENT = "not sent"
    STOPPED = "stopped"
    """Muted, another level, or the end of the stay."""


class Action(StrEnum):
    """What a change of state asks for, in order."""

    DECIDE = "decide"
    WRITE = "write"
    TYPE = "type"
    SEND = "send"
    CANCEL = "cancel"
    """End what is under way."""
    RECORD_OVERTAKEN = "record overtaken"
    RECORD_STOPPED = "record stopped"
    REMIND = "remind"
    """Come back to who waits, should nobody say anything."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The channel at the time of a happening."""

    speaker: str = ""
    """Of the last message; empty: there is none."""
    to_lead: bool = False
    """The last message addresses the lead."""
    present: frozenset[str] = frozenset()
    due: bool = False
    """The lead's share is about to fall below the band."""
    in_channel: bool = True
    """A line could be said: the lead is in the channel, and something was said there before."""


@dataclass(frozen=True, slots=True)
class ReplyMemory:
    """What is kept from line to line."""

    waiting: tuple[str, ...] = ()
    """Who addressed the lead while a line for somebody else was made; the first of them comes first."""
    dropped: bool = False
    """The last line was dropped because it was overtaken: the next one is said."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line in the making."""

    answers: str | None = None
    """Whom it answers; None: nobody in particular."""
    waited: bool = False
    """They have waited for it, so it has to begin with their nick."""
    missed: bool = False
    """Something was said since it was begun."""
    overtaken_by: str | None = None
    """Who said something newer that it should be an answer to."""
    hurried: bool = False
    """There is no time to type it."""


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing is under way."""

    memory: ReplyMemory = field(default_factory=ReplyMemory)


@dataclass(frozen=True, slots=True)
class Deciding:
    """Whether to say something at this point."""

    memory: ReplyMemory
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Writing:
    """The model makes a line."""

    memory: ReplyMemory
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Typing:
    """The line is there; typing it takes a while."""

    memory: ReplyMemory
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Sending:
    """The line is on its way to the server; it cannot be called back."""

    memory: ReplyMemory
    attempt: Attempt


Active = Deciding | Writing | Typing | Sending
ReplyState = Idle | Active
Step = tuple[ReplyState, tuple[Action, ...]]


def transition(state: ReplyState, happening: Happening, moment: Moment) -> Step:
    """The next state, and what is to be done. A happening that a state does not know leaves it as it is."""
    match state, happening:
        case Idle(memory), Happening.MESSAGE | Happening.LULL:
            return _begin(memory, moment)
        case Idle(), Happening.STOPPED:
            return Idle(), ()
        case Sending(_, attempt), Happening.STOPPED:
            return Sending(ReplyMemory(), replace(attempt, missed=False, overtaken_by=None)), ()
        case Deciding() | Writing() | Typing(), Happening.STOPPED:
            return Idle(), (Action.CANCEL, Action.RECORD_STOPPED)
        case Deciding() | Writing() | Typing() | Sending(), Happening.LULL:
            return replace(state, attempt=replace(state.attempt, missed=True)), ()
        case Deciding() | Writing() | Typing() | Sending(), Happening.MESSAGE:
            return _interrupted(state, moment)
        case Deciding(memory, attempt), Happening.CHOSE_SILENCE:
            return _end(replace(memory, dropped=False), attempt, moment)
        case Deciding(memory, attempt), Happening.CHOSE_SPEECH:
            return Writing(memory, attempt), (Action.WRITE,)
        case Deciding(memory, attempt) | Writing(memory, attempt), Happening.WROTE_NOTHING:
            return _end(memory, attempt, moment)
        case Writing(memory, attempt), Happening.WROTE if not (attempt.overtaken_by or attempt.hurried):
            return Typing(memory, attempt), (Action.TYPE,)
        case Writing(memory, attempt), Happening.WROTE:
            return _typed(memory, attempt, moment)
        case Typing(memory, attempt), Happening.TYPED:
            return _typed(memory, attempt, moment)
        case Sending(memory, attempt), Happening.SENT:
            ended, actions = _end(replace(memory, dropped=False), attempt, moment)
            remind = isinstance(ended, Idle) and ended.memory.waiting
            return ended, (Action.REMIND,) if remind else actions
        case Sending(memory, attempt), Happening.NOT_SENT:
            return _end(memory, attempt, moment)
    return state, ()


def _begin(memory: ReplyMemory, moment: Moment) -> Step:
    """Thinks about the point that the talk is at, or about the first who waits and is still there."""
    if not moment.in_channel:
        return Idle(memory), ()
    there = [nick for nick in memory.waiting if nick in moment.present]
    first, rest = (there[0], tuple(there[1:])) if there else (None, ())
    if moment.to_lead and first not in (None, moment.speaker):
        rest = _joined(rest, moment.speaker)  # after whoever was first
    answers = first or (moment.speaker if moment.to_lead else None)
    return Deciding(replace(memory, waiting=rest), Attempt(answers, first is not None)), (Action.DECIDE,)


def _interrupted(state: Active, moment: Moment) -> Step:
    """Somebody says something while a line is made."""
    memory, attempt = state.memory, replace(state.attempt, missed=True)
    if moment.to_lead:
        if attempt.answers in (None, moment.speaker) and not memory.dropped and not isinstance(state, Sending):
            attempt = replace(attempt, overtaken_by=moment.speaker)
        else:
            memory = replace(memory, waiting=_joined(memory.waiting, moment.speaker))
    attempt = replace(attempt, hurried=attempt.hurried or moment.due)
    if isinstance(state, Typing) and (attempt.overtaken_by or attempt.hurried):
        ended, actions = _typed(memory, attempt, moment)
        return ended, (Action.CANCEL, *actions)
    return replace(state, memory=memory, attempt=attempt), ()


def _typed(memory: ReplyMemory, attempt: Attempt, moment: Moment) -> Step:
    if attempt.overtaken_by is None:
        return Sending(memory, attempt), (Action.SEND,)
    ended, actions = _end(replace(memory, dropped=True), attempt, moment)
    return ended, (Action.RECORD_OVERTAKEN, *actions)


def _end(memory: ReplyMemory, attempt: Attempt, moment: Moment) -> Step:
    """The line is said, or nothing came of it; what was said meanwhile is thought about now, at its newest point."""
    if not attempt.missed:
        return Idle(memory), ()
    newer = attempt.overtaken_by
    if newer is not None and not (moment.to_lead and moment.speaker == newer):  # somebody else has spoken since
        memory = replace(memory, waiting=(newer, *(nick for nick in memory.waiting if nick != newer)))
    return _begin(memory, moment)


def _joined(waiting: tuple[str, ...], nick: str) -> tuple[str, ...]:
    return waiting if nick in waiting else (*waiting, nick)[-WAITING:]
