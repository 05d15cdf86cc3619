"""What happens in a real channel, written down as sessions while it happens.

Nobody planned them. While a session is open its plan holds what is known; when it is over the plan says what came of
it: number of messages, the lead's, the cast. Pattern, scenario and topic group say where it came from.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from simulator import __version__, clock, rng
from simulator.document import Header, TranscriptLine, render_document
from simulator.errors import UsageError
from simulator.events import Acted, Event, Said
from simulator.irc.timing import DAY, seconds_of_day
from simulator.journal.journal import FILE, Journal
from simulator.journal.records import IMPORTED, Goal, RunCard
from simulator.plan.session_plan import SessionPlan
from simulator.world.load import same_content
from simulator.world.strict import Engagement
from simulator.world.world import World

JOINED, STAGED = "joined", "staged"
"""Pattern of a session in somebody's channel, and on a stage of our own."""
REMEMBERED = 1000
"""Messages of an earlier stay that she goes on from."""
FEWEST = 2
"""Messages; what has fewer is no session, and rejected as `short`."""


def opened(folder: Path, world: World, *, lead: str | None, seed: int, **models: str | None) -> Journal:
    """The run's journal, new or gone on with. `lead`: who plays her; `models`: what else the card says of models.

    People's lines stand in it, so it counts as imported: `em export` wants to be told that they were asked.
    Raises UsageError for a run of another kind, or another world.
    """
    if not (folder / FILE).exists():
        card = RunCard(
            name=folder.name,
            seed=seed,
            goal=Goal(sessions=1),
            models={"judge": None, "dialect": None, "api_base": None, **models, "people": IMPORTED, "lead": lead},
            world=world.digest,
            version=__version__,
            begun=clock.now(),
        )
        return Journal.create(folder, card)
    journal = Journal.open(folder)
    run = journal.run
    fault = "is no run of a real channel" if not run.imported else ""
    if not same_content(world, run.world):
        fault = f"was begun with the content {run.world}, this is {world.digest}"
    if fault:
        journal.close()
        raise UsageError(fault, place=str(folder), remedy="choose another --run name")
    return journal


@dataclass(slots=True)
class _Open:
    plan: SessionPlan
    midnight: float
    """Seconds since 1970."""
    events: list[Event]


class SessionRecorder:
    """The sessions of one channel, one open at a time at most."""

    def __init__(self, journal: Journal, world: World, channel: str, level: Engagement, pattern: str) -> None:
        """Sessions that a killed process left open are completed as they are."""
        self._journal, self._world, self._channel, self._pattern = journal, world, channel, pattern
        self.level = level
        """Of the next session."""
        self._open: _Open | None = None
        self._slot, self._kept = 0, 0
        self._seed = journal.run.seed
        self.past: deque[Said] = deque(maxlen=REMEMBERED)
        """The last messages of the run, as it was opened."""
        for row in list(journal.sessions()):
            events = journal.events(row.plan.id)
            if row.state == "open":
                self._complete(row.plan, events)
            self._kept += row.state == "kept"
            self._slot = max(self._slot, row.plan.slot + 1)
            self.past += [event for event in events if isinstance(event, Said)]

    @property
    def plan(self) -> SessionPlan | None:
        """Of the open session."""
        return self._open.plan if self._open is not None else None

    @property
    def messages(self) -> int:
        """Of the open session."""
        return sum(isinstance(event, Said) for event in self._open.events) if self._open is not None else 0

    def begin(self, at: float, topic: str) -> SessionPlan:
        """Opens a session. `at`: seconds since 1970; `topic`: the channel's."""
        plan = SessionPlan(
            id=f"{self._pattern[0]}{self._slot:05d}",
            seed=rng.number(self._seed, self._pattern, self._slot),
            slot=self._slot,
            scenario=self._pattern,
            pattern=self._pattern,
            group=self._pattern,
            topic=topic,
            angle="whatever was said last",
            engagement=self.level,
            channel=self._channel,
            length="short",
            n=FEWEST,
            k=0,
            lead=self._world.lead.nick,
            cast=(),
            mood={},
            premise="",
            begins=round(seconds_of_day(at), 1),
        )
        self._journal.begin(plan)
        self._open = _Open(plan, at // DAY * DAY, [])
        self._slot += 1
        return plan

    def write(self, kind: type[Event], nick: str, at: float, **fields: object) -> Event:
        """An event of the open session, on disk when this returns."""
        assert self._open is not None
        events = self._open.events
        since = round(max(0.0, at - self._open.midnight), 1)
        event = kind(index=len(events), at=max(since, events[-1].at if events else 0.0), nick=nick, **fields)
        self._journal.event(self._open.plan.id, event)
        events.append(event)
        return event

    def close(self) -> None:
        """The session is over, if one is open."""
        if self._open is not None:
            done, self._open = self._open, None
            self._complete(done.plan, done.events)

    def _complete(self, plan: SessionPlan, events: Iterable[Event]) -> None:
        events = list(events)
        said = [event for event in events if isinstance(event, Said)]
        if len(said) < FEWEST:
            self._journal.settle(plan.id, 0, [("short", None, f"{len(said)} messages")])
            return
        spoke = dict.fromkeys(event.nick for event in events if isinstance(event, Said | Acted))
        longest = self._world.quota.lengths["short"].messages[1]
        whole = plan.model_copy(
            update={
                "n": len(said),
                "k": sum(event.nick == plan.lead for event in said),
                "cast": tuple(nick for nick in spoke if nick != plan.lead),
                "length": "short" if len(said) <= longest else "long",
                "begins": events[0].at,
            }
        )
        whole = SessionPlan.model_validate(whole.model_dump())  # a copy is not checked
        document = render_document(
            Header(plan.engagement.value, plan.channel), [TranscriptLine(event.nick, event.text) for event in said]
        )
        self._journal.complete(whole, len(document.encode()))
        self._kept += 1
        self._journal.extend(Goal(sessions=self._kept))
