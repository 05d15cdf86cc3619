"""What others may do to the lead, and what she may do to them: limits that no text in the channel can lift."""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Iterable

from simulator.addressing import mentioned
from simulator.irc.irc_events import IrcEvent
from simulator.line_checks import LineChecker
from simulator.logs.bots import Bots
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
        self._times.append(now)


class Meters:
    """One for each nick."""

    def __init__(self, rate: Rate) -> None:
        self._rate, self._each = rate, OrderedDict[str, Meter]()

    def of(self, nick: str) -> Meter:
        key = fold(nick)
        self._each.setdefault(key, Meter(self._rate))
        self._each.move_to_end(key)
        if len(self._each) > REMEMBERED:
            self._each.popitem(last=False)
        return self._each[key]


class InputFilter:
    """Which lines are talk of people at all."""

    def __init__(self, policy: BotPolicy, bots: Iterable[str] = ()) -> None:
        """`bots`: programs, besides those that are known by name."""
        self._bots, self._flood = Bots(bots), Meters(policy.flood)

    def deaf(self, heard: IrcEvent) -> str | None:
        """Why a line is not read: bot, notice, private, empty or flood; None: it is."""
        if heard.kind == "notice":
            return "notice"
        if heard.bot or self._bots.kind(heard.nick)[0]:
            return "bot"
        if heard.private:
            return "private"
        if not heard.text:
            return "empty"
        meter = self._flood.of(heard.nick)
        if not meter.free(heard.at):
            return "flood"
        meter.count(heard.at)
        return None


class OutputFilter:
    """Which of her lines may leave, after the manners that a session holds them to."""

    def __init__(self, policy: BotPolicy, manners: LineChecker, lead: str, *, politics_allowed: bool) -> None:
        self._policy, self._manners, self._lead, self._politics = policy, manners, lead, politics_allowed
        self._says, self._answers = Meter(policy.says), Meters(policy.answers)

    def fault(self, text: str, *, to: str, present: Iterable[str], now: float) -> str | None:
        """Why the line is not sent; None: it may be. `to`: whose line it follows. `present`: everybody else."""
        people = list(present)
        if _LINK.search(text):
            return "link"
        if _ORDER.match(text):
            return "order to a program"
        if len(mentioned(text, people)) > self._policy.nicks_in_line:
            return "mass highlight"
        cast = (*people, self._lead)
        faults = self._manners.in_document(
            text, nick=self._lead, cast=cast, secrets=None, politics_allowed=self._politics
        )
        if found := next(faults, None):
            return found.rule
        if not self._says.free(now):
            return "rate"
        return None if self._answers.of(to).free(now) else "rate to one nick"

    def sent(self, to: str, now: float) -> None:
        self._says.count(now)
        self._answers.of(to).count(now)
