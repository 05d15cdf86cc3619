"""Filters of what others may do to the lead, and the lead to them: limits that no text in the channel can lift."""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from simulator.addressing import mentioned
from simulator.document import TranscriptLine
from simulator.irc.irc_events import IrcEvent
from simulator.line_checks import LineChecker
from simulator.logs.bots import Bots, Bridge
from simulator.logs.nicks import fold
from simulator.world.policies.bot import BotPolicy, Rate

REMEMBERED = 1000
"""Nicks whose lines are counted; who was silent for the longest time is forgotten first."""
_LINK = re.compile(r"\b\w+://|\bwww\.|\b[\w-]+(?:\.[\w-]+)+/\S|\b(?:javascript|data|magnet|mailto):\S", re.IGNORECASE)
_ORDER = re.compile(r"[!.$%;~+?^,/\\-][A-Za-z]")


class Meter:
    """Lines in the last seconds."""

    def __init__(self, rate: Rate) -> None:
        self._rate, self._times = rate, deque[float]()

    def free(self, now: float) -> bool:
        """True if one more is within the rate."""
        while self._times and now - self._times[0] >= self._rate.seconds:
            self._times.popleft()
        return len(self._times) < self._rate.lines

    def count(self, now: float) -> None:
        """One more line."""
        self._times.append(now)


class Meters:
    """One for each nick."""

    def __init__(self, rate: Rate) -> None:
        self._rate, self._each = rate, OrderedDict[str, Meter]()

    def of(self, nick: str) -> Meter:
        """The meter of a nick."""
        key = fold(nick)
        self._each.setdefault(key, Meter(self._rate))
        self._each.move_to_end(key)
        if len(self._each) > REMEMBERED:
            self._each.popitem(last=False)
        return self._each[key]


class InputFilter:
    """Which lines are talk of people at all."""

    def __init__(self, policy: BotPolicy, bots: Iterable[str] = (), bridges: Iterable[Bridge] = ()) -> None:
        """`bots`, `bridges`: programs, besides those that are known by name."""
        self._bridges = {fold(bridge.nick): bridge for bridge in bridges}
        self._relays = set(self._bridges)
        """Programs that have passed something on; what they say of their own is no talk."""
        self._bots, self._flood = Bots(bots, self._bridges), Meters(policy.flood)

    def unbridged(self, incoming: IrcEvent) -> IrcEvent:
        """A line that a bridge has passed on, as said by whoever spoke, who is nobody that the server vouches for."""
        if incoming.kind not in ("said", "acted") or incoming.private or not self._bots.kind(incoming.nick)[1]:
            return incoming
        bridge = self._bridges.get(fold(incoming.nick), Bridge(incoming.nick))
        if (spoke := bridge.speaker(incoming.text)) is None:
            return incoming
        nick, text = spoke
        self._relays.add(fold(incoming.nick))
        return replace(incoming, nick=nick, text=text, bridge=incoming.nick, mask="", account=None, bot=False)

    def reason_unread(self, incoming: IrcEvent) -> str | None:
        """Why a line is not read: bot, notice, private, empty or flood; None: it is."""
        if incoming.kind == "notice":
            return "notice"
        known = fold(incoming.nick) in self._relays or self._bots.kind(incoming.nick)[0]
        if incoming.bot or (known and not incoming.bridge):
            return "bot"
        if incoming.private:
            return "private"
        if not incoming.text:
            return "empty"
        if incoming.history:
            return None
        meter = self._flood.of(f"{incoming.bridge} {incoming.nick}" if incoming.bridge else incoming.nick)
        if not meter.free(incoming.at):
            return "flood"
        meter.count(incoming.at)
        return None


class OutputFilter:
    """Which of the lead's lines may leave, after the checks of a session."""

    def __init__(self, policy: BotPolicy, checker: LineChecker, lead: str, *, politics_allowed: bool) -> None:
        self._policy, self._checker, self._lead, self._politics = policy, checker, lead, politics_allowed
        self._says, self._answers = Meter(policy.says), Meters(policy.answers)

    def fault(
        self, text: str, *, to: str, present: Iterable[str], now: float, earlier: Sequence[TranscriptLine] = ()
    ) -> str | None:
        """Why the line is not sent; None: it may be. `to`: whose line it follows. `present`: everybody else.
        `earlier`: the messages before it.
        """
        people = list(present)
        if _LINK.search(text):
            return "link"
        if _ORDER.match(text):
            return "order to a program"
        if len(mentioned(text, people)) > self._policy.nicks_in_line:
            return "mass highlight"
        cast = (*people, self._lead)
        faults = self._checker.in_document(
            text, nick=self._lead, cast=cast, earlier=earlier, secrets=None, politics_allowed=self._politics
        )
        if found := next(faults, None):
            return found.rule
        return self.rate_fault(to, now)

    def rate_fault(self, to: str, now: float) -> str | None:
        """Why no line may leave just now, whatever it says; None: one may. `to`: whose line it would follow."""
        if not self._says.free(now):
            return "rate"
        return None if self._answers.of(to).free(now) else "rate to one nick"

    def sent(self, to: str, now: float) -> None:
        """The line has left."""
        self._says.count(now)
        self._answers.of(to).count(now)
