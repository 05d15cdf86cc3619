"""The channel as the lead sees it: a fold of what is heard to the simulator's events, on the same screen.

People are called by the nick under which a session met them first, as in an imported log; the lead by the nick on the
card, whatever the server calls it. A session that grew too long, or whose header changes, is cut, and hands its last
messages on: prompts go on as if nothing had happened, and never grow without end.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.events import Acted, Agreed, Event, Joined, Parted, Passed, Refused, Renamed, Said, TopicSet
from simulator.irc.irc_events import IrcEvent
from simulator.irc.session_recorder import REMEMBERED, E, SessionRecorder
from simulator.logs.anonymize import without_addresses
from simulator.logs.nicks import NickHistory, UniqueNicks, fold
from simulator.plan.session_plan import RecordedSession
from simulator.session.channel import Channel
from simulator.world.policies.bot import BotPolicy
from simulator.world.strict import Level
from simulator.world.world import World

TOPIC_CHARACTERS = 200
"""How much of a channel's topic is taken."""
_NICK_CHARACTER = r"[\w\[\]\\`^{|}-]"


@dataclass(frozen=True, slots=True)
class OpenSession:
    """The session under way; there is one as soon as something was said."""

    record: RecordedSession
    channel: Channel

    @property
    def engagement(self) -> Level:
        """The level that holds in it."""
        return self.record.setting.engagement


class ChannelState:
    """Who is here and what was said, in the open session and a little before."""

    def __init__(self, record: SessionRecorder, world: World, policy: BotPolicy) -> None:
        self._record, self._world, self._policy = record, world, policy
        self._lead = world.lead.nick
        self._people, self._shown = NickHistory(), UniqueNicks()
        self._shown.nick("", self._lead)  # whoever is called like the lead is called something else here
        self._now_called: dict[str, str] = {}
        self._topic: str | None = None
        """Of the channel; None: it has none."""
        self._last = 0.0
        self._carried: list[Event] = []
        self._present: dict[str, None] = {}
        self._agents: list[str] = []
        self._recorded: deque[tuple[str, str]] = deque(((e.nick, e.text) for e in record.past), maxlen=REMEMBERED)
        self._played_back: deque[tuple[str, str, float]] = deque(maxlen=REMEMBERED)
        self.session: OpenSession | None = None
        """None: nothing was said yet, or the last session is over."""
        self.speaker = ""
        """Whoever spoke last besides the lead, as the server calls them."""

    @property
    def present(self) -> list[str]:
        """Everybody else, by the names used here."""
        return list(self._present)

    @property
    def last(self) -> float:
        """Seconds since 1970 when somebody last said something."""
        return self._last

    def add(self, incoming: IrcEvent, own: str) -> Event | None:
        """What the simulator calls it; None for what is no event there, and for history that is on record already.

        `own`: the lead's nick on the server.
        """
        if incoming.kind in ("said", "acted"):
            return self._spoken(incoming, own)
        if incoming.kind == "renamed":
            return self._renamed(incoming)
        if incoming.kind == "topic":
            self._topic = without_addresses(incoming.text)[:TOPIC_CHARACTERS] or None
            return (
                self._write(TopicSet, self._name(incoming.nick), incoming.at, text=incoming.text)
                if incoming.nick
                else None
            )
        if incoming.history:
            return None
        name = self._name(incoming.nick)
        if incoming.kind in ("joined", "here"):
            back = name in self._present
            self._come(name)
            return None if back or incoming.kind == "here" else self._write(Joined, name, incoming.at)
        if incoming.kind in ("parted", "quit", "kicked") and not incoming.split:
            self._present.pop(name, None)
            return self._write(Parted, name, incoming.at)
        return None

    def said(self, text: str, at: float, reasons: dict[str, float], refused: tuple[Refused, ...]) -> Event | None:
        """The lead said a line."""
        return self._write(Said, self._lead, at, text=text, reasons=reasons, refused=refused)

    def passed(self, why: str, at: float, refused: tuple[Refused, ...] = ()) -> Event | None:
        """The lead could have spoken and did not."""
        return self._write(Passed, self._lead, at, why=why, refused=refused)

    def agreed(self, incoming: IrcEvent, yes: bool) -> Event | None:
        """Somebody says whether their lines may become training data."""
        self._open(incoming.at)
        return self._write(Agreed, self._named(incoming), incoming.at, yes=yes)

    def agents(self, nicks: Iterable[str]) -> None:
        """These are nobody: what they say may become training data. It stands in the next session that begins."""
        self._agents = [self._name(nick) for nick in nicks]

    def alone(self) -> None:
        """The connection is lost; who is here is told anew when it is back."""
        for name in self._present:
            if self.session is not None:
                self.session.channel.present.pop(name, None)
        self._present.clear()
        self._recorded.extend((name, text) for name, text, _ in self._played_back)
        self._played_back.clear()

    def outgoing(self, text: str) -> str:
        """The lead's line as the server is to have it: people addressed by the nick they wear now."""
        name, colon, rest = text.partition(":")
        return f"{self.called(name)}{colon}{rest}"

    def called(self, name: str) -> str:
        """What the server calls somebody now who is known by that name here."""
        return self._now_called.get(name, name)

    def cut(self, *, level: Level | None = None, over: bool = False) -> None:
        """Ends the open session; the next begins with the next line. `level`: of the next one; `over`: the talk is, so
        that nothing is handed on."""
        if level is not None:
            self._record.level = level
        self._record.close()
        self.session = None
        if over:
            self._carried = []
            self._people.forget()
            self._now_called.clear()

    def _spoken(self, incoming: IrcEvent, own: str) -> Event | None:
        text = incoming.text[: self._policy.line_characters].rstrip()
        if fold(own) != fold(self._lead):
            called = re.compile(rf"(?<!{_NICK_CHARACTER}){re.escape(own)}(?!{_NICK_CHARACTER})", re.IGNORECASE)
            text = called.sub(self._lead, text)
        name = self._named(incoming)
        if incoming.history:
            if not text or (name, text) in self._recorded or (name, text, incoming.at) in self._played_back:
                return None
            self._played_back.append((name, text, incoming.at))
        else:
            self._recorded.append((name, text))
            self.speaker = incoming.bridge or incoming.nick
        self._open(incoming.at)
        self._come(name)
        if incoming.kind == "said":
            return self._write(Said, name, incoming.at, text=text)
        return self._write(Acted, name, incoming.at, text=text)

    def _open(self, at: float) -> None:
        """Goes on with the session, or begins one where there is none, or where it is over."""
        silent = at - self._last > self._policy.silence_minutes * 60 and self._record.messages > 0
        if silent or self._record.messages >= self._policy.longest:
            self.cut(over=silent)
        if self.session is None:
            record = self._record.begin(at, self._topic)
            self.session = OpenSession(record, Channel(record.setting, self._carried))
            self.session.channel.present.update(self._present)
            while self._agents:
                self._write(Agreed, self._agents.pop(0), at, yes=True)

    def _renamed(self, incoming: IrcEvent) -> Event | None:
        name = self._name(incoming.nick)
        self._people.rename(incoming.nick, incoming.text)
        called = self._name(incoming.text)
        if called != name:  # a nick that was somebody's own: two who seemed different are one, or the other way round
            self._present.pop(name, None)
            self._come(called)
        self._now_called[called] = incoming.text
        return self._write(Renamed, called, incoming.at, to=incoming.text)

    def _come(self, name: str) -> None:
        self._present[name] = None
        if self.session is not None:
            self.session.channel.present[name] = None

    def _named(self, incoming: IrcEvent) -> str:
        """What the speaker is called here; whoever speaks through a bridge is nobody of the channel's."""
        if not incoming.bridge:
            return self._name(incoming.nick)
        name = self._shown.nick(f"{fold(incoming.bridge)} {fold(incoming.nick)}", incoming.nick)
        self._now_called[name] = incoming.nick
        return name

    def _name(self, nick: str) -> str:
        person = self._people.person(nick)
        return self._shown.nick(fold(person), person)

    def _write(self, kind: type[E], nick: str, at: float, **fields: object) -> E | None:
        if self.session is None:
            return None
        event = self._record.write(kind, nick, at, **fields)
        self.session.channel.apply(event)
        if isinstance(event, Said | Acted):
            self._last = max(self._last, at)
            self._carried = [*self._carried, event][-self._policy.carried :] if self._policy.carried else []
        return event
