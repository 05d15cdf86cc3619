"""What happens in a real channel, written down as sessions while it happens.

Nobody planned them. A session holds what is known while it is open; when it is over, what was counted is added: the
messages, the lead's, the cast.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from simulator import __version__, clock, rng
from simulator.errors import UsageError
from simulator.events import Acted, Agreed, Event, Joined, Parted, Passed, Renamed, Said, TopicSet
from simulator.irc.timing import DAY, seconds_of_day
from simulator.journal.database import FILE
from simulator.journal.journal import Journal
from simulator.journal.model_choice import IMPORTED, ModelChoice
from simulator.journal.records import Goal, RunCard
from simulator.plan.session_plan import Origin, RecordedSession, Setting
from simulator.session.transcript import counted, text
from simulator.world.load import same_content
from simulator.world.strict import Level
from simulator.world.world import World

REMEMBERED = 1000
"""Messages of an earlier stay that the lead goes on from."""
FEWEST = 2
"""Messages; what has fewer is no session, and rejected as `short`."""


def opened(folder: Path, world: World, models: ModelChoice, seed: int) -> Journal:
    """The run's journal, new or gone on with. `models`: of the lead, the guard and simulated users, for a new card.

    People's lines stand in it, so it counts as imported: `em export` wants to be told that they were asked.
    Raises UsageError for a run of another kind, or another world.
    """
    if not (folder / FILE).exists():
        card = RunCard(
            name=folder.name,
            seed=seed,
            goal=Goal(sessions=1),
            models=models.model_copy(update={"people": IMPORTED}),
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


E = TypeVar("E", Said, Acted, Joined, Parted, Renamed, TopicSet, Passed, Agreed)


@dataclass(slots=True)
class _Open:
    session: RecordedSession
    midnight: float
    """Seconds since 1970."""
    events: list[Event]


class SessionRecorder:
    """The sessions of one channel, one open at a time at most."""

    def __init__(self, journal: Journal, world: World, channel: str, level: Level, origin: Origin) -> None:
        """Sessions that a killed process left open are completed as they are."""
        self._journal, self._world, self._channel, self._origin = journal, world, channel, origin
        self.level = level
        """Of the next session."""
        self._open: _Open | None = None
        self._slot, self._kept = 0, 0
        self._seed = journal.run.seed
        self.past: deque[Said] = deque(maxlen=REMEMBERED)
        """The last messages of the run, as it was opened."""
        for row in list(journal.sessions()):
            events = journal.events(row.session.id)
            if row.state == "open":
                self._complete(row.recorded, events)
            self._kept += row.state == "kept"
            self._slot = max(self._slot, row.session.number + 1)
            self.past += [event for event in events if isinstance(event, Said)]

    @property
    def session(self) -> RecordedSession | None:
        """The open session; None: there is none."""
        return self._open.session if self._open is not None else None

    @property
    def messages(self) -> int:
        """Of the open session."""
        return sum(isinstance(event, Said) for event in self._open.events) if self._open is not None else 0

    def begin(self, at: float, topic: str | None) -> RecordedSession:
        """Opens a session. `at`: seconds since 1970; `topic`: the channel's, None if it has none."""
        origin, number = self._origin, self._slot
        session = RecordedSession(
            setting=Setting(
                id=f"{origin.value[0]}{number:05d}",
                channel=self._channel,
                engagement=self.level,
                lead=self._world.lead.nick,
                topic=topic,
                begins=round(seconds_of_day(at), 1),
            ),
            origin=origin,
            number=number,
            seed=rng.number(self._seed, origin.value, number),
        )
        self._journal.begin(session)
        self._open = _Open(session, at // DAY * DAY, [])
        self._slot += 1
        return session

    def write(self, kind: type[E], nick: str, at: float, **fields: object) -> E:
        """An event of the open session, on disk when this returns."""
        assert self._open is not None
        events = self._open.events
        since = round(max(0.0, at - self._open.midnight), 1)
        when = max(since, events[-1].at if events else 0.0)
        event = kind.model_validate({"index": len(events), "at": when, "nick": nick, **fields})
        self._journal.event(self._open.session.id, event)
        events.append(event)
        return event

    def close(self) -> None:
        """The session is over, if one is open."""
        if self._open is not None:
            done, self._open = self._open, None
            self._complete(done.session, done.events)

    def _complete(self, session: RecordedSession, events: list[Event]) -> None:
        said = sum(isinstance(event, Said) for event in events)
        if said < FEWEST:
            self._journal.settle(session.id, 0, [("short", None, f"{said} messages")])
            return
        whole = counted(session, events, self._world.quota)
        self._journal.complete(whole, len(text(whole.setting, events, self._world.layout).encode()))
        self._kept += 1
        self._journal.extend(Goal(sessions=self._kept))
