"""One session as the page shows it: every line with what machine and people say about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from simulator import clock, rng
from simulator.corpus.agreement import JudgeOpinions
from simulator.corpus.judge import JudgeMark
from simulator.events import Acted, Agreed, Event, Joined, Parted, Passed, Refused, Renamed, Said, TopicSet
from simulator.journal.records import LineEdit, MachineCheck, PersonMark
from simulator.journal.reviews import Reviews
from simulator.plan.session_plan import SessionPlan
from simulator.session.transcript import document
from simulator.world.world import World

T = TypeVar("T")
COLOURS = 8
"""Of nicks, as classes c0 to c7."""


@dataclass(frozen=True, slots=True)
class TranscriptRow:
    """One row of the transcript."""

    kind: str
    """said, acted, passed or event."""
    at: str
    """HH:MM."""
    nick: str
    text: str
    """As it stands now; of an event what happened."""
    line: int | None = None
    """Index among the messages; None: not one of them."""
    lead: bool = False
    colour: int = 0
    original: str = ""
    """Before it was edited; empty: it was not."""
    editor: str = ""
    cue: str = ""
    """Kind of the beat that asked for the line."""
    why: str = ""
    """Why this speaker, or why silence."""
    refused: tuple[Refused, ...] = ()
    faults: tuple[tuple[str, str], ...] = ()
    """Rule and evidence of every reason against the session at this message."""
    quoted: tuple[JudgeMark, ...] = ()
    """The judge's low marks that rest on this message."""
    checks: tuple[MachineCheck, ...] = ()
    """What people think of what the machine said here."""
    marks: tuple[PersonMark, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewedSession:
    """A session with everything that is said about it."""

    id: str
    state: str
    slot: int
    engagement: str
    channel: str
    pattern: str
    topic: str
    lead: str
    score: float | None
    messages: int
    by_lead: int
    band: tuple[float, float]
    """Least and most share of the lead's at this level, in [0, 1]."""
    planned: bool
    """False: real people wrote the lines, and nothing can be played again."""
    rows: tuple[TranscriptRow, ...]
    reasons: tuple[tuple[str, int | None, str], ...]
    marks: tuple[PersonMark, ...]
    """Of the session as a whole."""
    variants: tuple[tuple[str, str, float | None], ...]
    """(Id, state, score) of every session that was played for the slot, this one among them."""


def view(journal: Reviews, world: World, ident: str) -> ReviewedSession | None:
    """The session of that id; None: the run has none."""
    row = journal.session(ident)
    if row is None:
        return None
    session, events = row.session, journal.events(ident)
    reasons = journal.reasons(ident)
    marks = journal.marks(ident)
    said = [event for event in events if isinstance(event, Said)]
    lead, level = session.setting.lead, session.setting.engagement
    band = world.engagement.bands[level]
    judge = world.judge
    opinions = JudgeOpinions(journal, judge).marks(ident, document(session.setting, events, world.layout))
    low = [mark for mark in opinions if judge.share(mark.mark) < judge.threshold]
    notes = _Notes(journal.edits(ident), reasons, marks, low, journal.machine_checks(ident))
    return ReviewedSession(
        id=ident,
        state=row.state,
        slot=session.number,
        engagement=level,
        channel=session.setting.channel,
        pattern=session.cell.pattern,
        topic=session.topic,
        lead=lead,
        score=row.score,
        messages=len(said),
        by_lead=sum(event.nick == lead for event in said),
        band=(band.least, band.most),
        planned=isinstance(session, SessionPlan),
        rows=tuple(notes.rows(events, lead)),
        reasons=tuple(reason for reason in reasons if reason[1] is None),
        marks=tuple(mark for mark in marks if mark.line is None),
        variants=tuple(journal.variants(session.number)),
    )


class _Notes:
    """What is said about single lines."""

    def __init__(
        self,
        edits: list[LineEdit],
        reasons: list[tuple[str, int | None, str]],
        marks: list[PersonMark],
        quoted: list[JudgeMark],
        checks: list[MachineCheck],
    ) -> None:
        self._edits = {edit.line: edit for edit in edits}
        self._faults = _by_line((message, (rule, evidence)) for rule, message, evidence in reasons)
        self._marks = _by_line((mark.line, mark) for mark in marks)
        self._quoted = _by_line((quote.message, quote) for quote in quoted)
        self._checks = _by_line((check.line, check) for check in checks)

    def rows(self, events: list[Event], lead: str) -> list[TranscriptRow]:
        """The whole transcript."""
        made, line = list[TranscriptRow](), 0
        for event in events:
            made.append(self._row(event, lead, line))
            line += isinstance(event, Said)
        return made

    def _row(self, event: Event, lead: str, line: int) -> TranscriptRow:
        at, nick, own = clock.of_day(event.at), event.nick, event.nick == lead
        match event:
            case Said():
                edit = self._edits.get(line)
                return TranscriptRow(
                    "said", at, nick, edit.text if edit else event.text, line, own, _colour(nick),
                    original=event.text if edit else "", editor=edit.person if edit else "", cue=event.cue,
                    why=_why(event), refused=event.refused, faults=tuple(self._faults[line]),
                    quoted=tuple(self._quoted[line]),
                    checks=tuple(self._checks[line]), marks=tuple(self._marks[line]),
                )  # fmt: skip
            case Acted():
                return TranscriptRow("acted", at, nick, event.text, None, own, _colour(nick), refused=event.refused)
            case Passed():
                return TranscriptRow(
                    "passed", at, nick, "", None, own, _colour(nick), why=event.why, refused=event.refused
                )
            case Joined():
                happened = "joins"
            case Parted():
                happened = "leaves"
            case Renamed():
                happened = f"is now {event.to}"
            case TopicSet():
                happened = f"sets the topic: {event.text}"
            case Agreed():
                happened = "agrees to be recorded" if event.yes else "does not agree to be recorded"
        return TranscriptRow("event", at, nick, happened, None, own, _colour(nick))


def _by_line(found: Iterable[tuple[int | None, T]]) -> defaultdict[int, list[T]]:
    """What is about a message, by its index; what is about none is left out."""
    by_line: defaultdict[int, list[T]] = defaultdict(list)
    for line, each in found:
        if line is not None:
            by_line[line].append(each)
    return by_line


def _why(event: Said) -> str:
    return ", ".join(f"{name} {factor:g}" for name, factor in event.reasons.items())


def _colour(nick: str) -> int:
    return rng.number(0, "nick", nick) % COLOURS
