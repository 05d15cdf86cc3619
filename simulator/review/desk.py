"""The desk of one reviewer at one run: everything that the page can ask for or do, without a word of HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulator.errors import EmError, UsageError
from simulator.events import Event
from simulator.journal.records import LineEdit, PersonMark, ReviewAction, ReviewKind
from simulator.journal.reviews import Reviews
from simulator.llm.model import Models
from simulator.plan.session_plan import SessionPlan
from simulator.review import again, editing, queue
from simulator.review.queue import Entry, Wanted
from simulator.review.session_view import ReviewedSession, view
from simulator.world.world import World

MANY = 50
"""Most rules that a line is checked for at once."""
WORDS = 2_000
"""Most characters of a reason or a line that the page sends."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an action, for the page."""

    outcome: str
    """One line for the person."""
    session: str = ""
    """That it was about; empty: none."""
    line: int | None = None
    text: str = ""
    """A line that the model proposes; nothing is written until it is sent as an edit."""


class Desk:
    """Opened with `Reviews.open`; used by one event loop."""

    def __init__(self, folder: Path, world: World, person: str, models: Models | None = None) -> None:
        """`models`: who writes when a line is asked for again; None: nobody."""
        self.folder, self.world, self.person, self.models = folder, world, person, models
        self.journal = Reviews.open(folder)
        self.name = self.journal.run.name
        self._playing: asyncio.Task[None] | None = None
        self._outcome = ""
        """What became of the last session that was played on."""
        self._played: tuple[dict[str, str], list[Entry]] | None = None
        """The sessions and the states that they had when they were read."""
        self._listed: tuple[int, list[Entry]] | None = None
        """The list, and the last action that it takes in."""

    async def close(self) -> None:
        """Gives up what is being played on, and closes the journal."""
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.gather(self._playing, return_exceptions=True)
        self.journal.close()

    # what the page shows

    def entries(self) -> list[Entry]:
        """Every session by need, read anew when anything has changed."""
        states, actions = self.journal.states(), self.journal.last_action()
        if self._played is None or self._played[0] != states:
            self._played, self._listed = (states, queue.unweighed(self.journal)), None
        if self._listed is None or self._listed[0] != actions:
            threshold = self.world.judge.threshold
            self._listed = actions, queue.entries(self._played[1], self.journal, threshold, self.person)
        return self._listed[1]

    def wanted(self, wanted: Wanted) -> list[Entry]:
        """The entries that fit, by need."""
        with_text = self.journal.holding(wanted.text) if wanted.text else None
        return queue.chosen(self.entries(), wanted, self.person, with_text)

    def session(self, ident: str) -> ReviewedSession:
        """One session. Raises UsageError if the run has none of that id."""
        found = view(self.journal, self.world, ident)
        if found is None:
            raise UsageError("the run has no such session", place=ident, remedy="choose one of the list")
        return found

    def state(self, session: str = "") -> dict[str, object]:
        """Changes whenever the page has to be drawn anew; `session`: the one that is open."""
        tally = self.journal.tally()
        return {
            "actions": self.journal.last_action(),
            "sessions": [tally.kept, tally.rejected, tally.open],
            "events": self.journal.count_events(session) if session else 0,
            "outcome": self._outcome,
        }

    def alike(self, session: str, line: int) -> int:
        """How many messages of other sessions one fix may go to, see `Reviews.alike`."""
        return len(self.journal.alike(session, line))

    # what the page does

    async def act(self, name: str, given: Mapping[str, object]) -> Done:
        """One action of the page. Raises EmError in one line where it is refused; then nothing is written."""
        session, line = _text(given, "session"), _line(given)
        match name:
            case "mark":
                return self._mark(session, line, _text(given, "kind"), _text(given, "why"))
            case "edit":
                return self._edit(session, line, _text(given, "text"), alike=given.get("alike") is True)
            case "check":
                return self._check(session, line, _texts(given, "rules"), right=given.get("right") is True)
            case "restore" if line is not None:
                editing.restore(self.journal, session, line, self.person)
                return Done("the original line stands again", session, line)
            case "undo":
                return self._undo()
            case "choose":
                self.journal.choose(session, self.person)
                return Done(f"{session} is kept for its slot", session)
            case "ask" if line is not None:
                return await self._ask(session, line)
            case "again" if line is not None:
                return self._again(session, line)
        raise UsageError("the page asks for something unknown", place=name, remedy="load it again")

    def _mark(self, session: str, line: int | None, kind: str, why: str) -> Done:
        if kind not in ("good", "bad", "clear"):
            raise UsageError("a mark is good, bad or clear", place=kind, remedy="load the page again")
        if kind == "clear":
            self.journal.act([ReviewAction(session, line, ReviewKind.CLEAR, self.person)])
        else:
            self.journal.mark(PersonMark(session, line, kind == "good", why, self.person))
        what = session if line is None else f"{session} message {line}"
        outcome = {"good": "keep", "bad": "reject" if line is None else "bad line", "clear": "mark taken back"}[kind]
        return Done(f"{what}: {outcome}", session, line)

    def _check(self, session: str, line: int | None, rules: list[str], *, right: bool) -> Done:
        kind = ReviewKind.RIGHT if right else ReviewKind.WRONG
        self.journal.act([ReviewAction(session, line, kind, self.person, text=rule) for rule in rules])
        return Done(f"{', '.join(rules)}: {kind}", session, line)

    def _edit(self, session: str, line: int | None, text: str, *, alike: bool) -> Done:
        if line is None:
            raise UsageError("an edit is of one message", place=session, remedy="choose a line")
        wanted = LineEdit(session, line, text.strip(), person=self.person)
        done = editing.edit(self.journal, self.world, wanted, alike=alike)
        outcome = f"{session} message {line}: edited"
        if len(done.lines) > 1:
            outcome += f", and {len(done.lines) - 1} alike"
        if done.left:
            outcome += f"; {len(done.left)} left as they are, such as {done.left[0]}"
        return Done(outcome, session, line)

    def _undo(self) -> Done:
        taken = self.journal.undo(self.person)
        if not taken:
            raise UsageError("nothing of yours is left to take back", place="undo", remedy="mark something first")
        first = taken[0]
        return Done(f"{first.session}: {first.kind} taken back", first.session, first.line)

    async def _ask(self, session: str, line: int) -> Done:
        found = await again.another_line(self.journal, self.world, self._model(), session, line)
        if found.text is None:
            rules = ", ".join(refused.rule for refused in found.refused)
            raise UsageError(f"no try was fit to be said ({rules})", place=session, remedy="ask once more, or edit it")
        return Done("the model proposes a line; Enter takes it, Esc leaves it", session, line, found.text)

    def _again(self, session: str, line: int) -> Done:
        models = self._model()
        if self._playing is not None and not self._playing.done():
            raise UsageError("a session is being played on already", place=session, remedy="wait until it is over")
        plan, past = again.variant(self.journal, self.world, session, line)
        self._playing = asyncio.create_task(self._play_on(models, plan, past))
        return Done(f"{plan.id} is played on from message {line}", session, line)

    async def _play_on(self, models: Models, plan: SessionPlan, past: list[Event]) -> None:
        try:
            became = await again.play_on(self.folder, self.world, models, plan, past)
        except EmError as error:
            self._outcome = str(error)
        else:
            self._outcome = f"{plan.id} was played on: {became}"

    def _model(self) -> Models:
        if self.models is None:
            raise UsageError("no model is open at this desk", place="em review", remedy="start it with --model NAME")
        return self.models


def _text(given: Mapping[str, object], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str) or len(value) > WORDS:
        raise UsageError(f"`{name}` is a text of {WORDS} characters at most", place="em review", remedy="shorten it")
    return value


def _texts(given: Mapping[str, object], name: str) -> list[str]:
    values = given.get(name)
    if not isinstance(values, list) or not 0 < len(values) <= MANY:
        raise UsageError(f"`{name}` is a list of 1 to {MANY} texts", place="em review", remedy="load the page again")
    return [_text({name: value}, name) for value in values]


def _line(given: Mapping[str, object]) -> int | None:
    value = given.get("line")
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise UsageError("a message is named by a whole number", place="line", remedy="load the page again")
    return value
