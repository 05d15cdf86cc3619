"""Edits of lines: held to the checks that every line passes, and written whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.document import TranscriptLine
from simulator.errors import UsageError
from simulator.events import Event, Said
from simulator.journal.records import LineEdit, ReviewAction, ReviewKind, SessionRow
from simulator.journal.reviews import Reviews, with_texts
from simulator.line_checks import LineChecker
from simulator.plan.session_plan import SessionPlan, Setting
from simulator.runs.session_runner import verdict_of, world_filters
from simulator.session.prompts import secrets
from simulator.world.world import World


@dataclass(frozen=True, slots=True)
class Edited:
    """What became of an edit."""

    lines: tuple[tuple[str, int], ...]
    """(Session, message) of every line that was changed, the one that was asked for first."""
    left: tuple[str, ...] = ()
    """Lines alike that stay as they are, each with the reason in one line."""


def edit(journal: Reviews, world: World, wanted: LineEdit, *, alike: bool = False) -> Edited:
    """Puts other words in place of a message, as one step; with `alike` also in place of those alike in other sessions.

    Raises UsageError in one line, with nothing written, if the message may not be edited or the new words break a line
    check, or a filter that the session passed before.
    """
    check(journal, world, wanted)
    actions, left = [_action(wanted)], list[str]()
    for session, line in journal.alike(wanted.session, wanted.line) if alike else ():
        other = LineEdit(session, line, wanted.text, wanted.why, wanted.person)
        try:
            check(journal, world, other)
        except UsageError as error:
            left.append(str(error))
        else:
            actions.append(_action(other))
    journal.act(actions)
    return Edited(tuple((each.session, each.line or 0) for each in actions), tuple(left))


def restore(journal: Reviews, session: str, line: int, person: str) -> None:
    """The original words again. Raises UsageError if the message was not edited."""
    if line not in {each.line for each in journal.edits(session)}:
        raise UsageError("was not edited", place=f"{session} message {line}", remedy="nothing is to be taken back")
    journal.act([ReviewAction(session, line, ReviewKind.EDIT, person)])


def check(journal: Reviews, world: World, wanted: LineEdit) -> None:
    """Raises UsageError if the message may not be edited, or not like that."""
    place = f"{wanted.session} message {wanted.line}"
    row, said, events = _found(journal, wanted, place)
    if wanted.text == said[wanted.line].text:
        raise UsageError("these are the words that stand there", place=place, remedy="change some of them")
    if wanted.text != wanted.text.strip() or not wanted.text:
        raise UsageError("a line begins and ends with a word", place=place, remedy="no blanks around it, not empty")
    _check_line(world, row, said, wanted, place)
    if isinstance(row.session, SessionPlan):
        _check_session(journal, world, row.session, events, wanted, place)


def _found(journal: Reviews, wanted: LineEdit, place: str) -> tuple[SessionRow, list[Said], list[Event]]:
    row = journal.known(wanted.session)
    if row.state == "open":
        raise UsageError("this session is still being played", place=place, remedy="edit it when it is over")
    events = journal.edited(wanted.session)
    said = [event for event in events if isinstance(event, Said)]
    if not 0 <= wanted.line < len(said):
        raise UsageError("there is no such message", place=place, remedy=f"it has {len(said)}, counted from 0")
    if not isinstance(row.session, SessionPlan) and said[wanted.line].nick != row.session.setting.lead:
        raise UsageError("a real person wrote this line", place=place, remedy="mark it bad instead")
    return row, said, events


def _check_line(world: World, row: SessionRow, said: Sequence[Said], wanted: LineEdit, place: str) -> None:
    setting = row.session.setting
    planned = isinstance(row.session, SessionPlan)
    if planned:
        check_cast(world, setting)
    faults = LineChecker(world.style, setting.lead).faults(
        TranscriptLine(said[wanted.line].nick, wanted.text),
        cast=setting.members,
        earlier=[TranscriptLine(each.nick, each.text) for each in said[: wanted.line]],
        secrets=secrets(setting, row.session.script, world) if planned else None,
        politics_allowed=setting.channel in world.quota.confined.values(),
    )
    if faults:
        raise UsageError(f"{faults[0].rule}: {faults[0].evidence}", place=place, remedy=faults[0].hint)


def _check_session(
    journal: Reviews, world: World, plan: SessionPlan, events: list[Event], wanted: LineEdit, place: str
) -> None:
    """A session that the edit would make worse: a rule is broken that was not, or in one more message."""
    filters = world_filters(world, journal.run.models)
    before = Counter((reason.rule, reason.message) for reason in verdict_of(filters, world, plan, events)[1].reasons)
    after = verdict_of(filters, world, plan, with_texts(events, {wanted.line: wanted.text}))[1].reasons
    for reason in after:
        if before[reason.rule, reason.message] == 0:
            where = "" if reason.message in (None, wanted.line) else f" in message {reason.message}"
            raise UsageError(f"{reason.rule}{where}: {reason.evidence}", place=place, remedy="say it in another way")
        before[reason.rule, reason.message] -= 1


def check_cast(world: World, setting: Setting) -> None:
    """Raises UsageError if somebody of a planned session has no card here: what a line may not give away is unknown."""
    if strangers := [nick for nick in setting.members if nick not in world.personas]:
        cause = f"{strangers[0]} has no card in this world"
        raise UsageError(cause, place=setting.id, remedy="name the run's own content with --world")


def _action(wanted: LineEdit) -> ReviewAction:
    return ReviewAction(wanted.session, wanted.line, ReviewKind.EDIT, wanted.person, wanted.text, wanted.why)
