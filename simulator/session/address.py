"""Whom a line is for: who waits for an answer, whom it names, whether it turns to the lead."""

from __future__ import annotations

import random

from simulator.plan.participation import Participation
from simulator.plan.session_plan import Setting
from simulator.session.attendance import Attendance
from simulator.session.channel import Channel
from simulator.world.world import World

ASKED_WITHIN = 6
"""Messages after which nobody waits for an answer any more."""
NEAR = 8
"""Messages back to which somebody may be addressed who has not asked anything."""
MOST_ADDRESSING = 0.85
"""Share of a person's lines that begin with a nick, at most."""


class Addressing:
    """Of one session. Pure: the same channel and the same draws give the same answers."""

    def __init__(self, setting: Setting, budget: Participation, world: World, attendance: Attendance) -> None:
        self._setting, self._budget, self._world, self._attendance = setting, budget, world, attendance
        self._lead_nick = setting.lead

    def questioner(self, nick: str, channel: Channel) -> str | None:
        """Who asked this person something by name a short while ago, is still there and has no answer yet."""
        asker = self.asker(nick, channel)
        if asker is None:
            return None
        at = channel.owing[nick][1]
        recent = channel.messages - at <= ASKED_WITHIN
        return asker if recent and "?" in channel.lines[at].text else None

    def asker(self, nick: str, channel: Channel) -> str | None:
        """Who addressed this person, is still there and has no answer yet."""
        asker = channel.owing.get(nick, (None, 0))[0]
        if asker is None or asker not in channel.present or asker in channel.away:
            return None
        return None if asker in self._attendance.departed(channel) else asker

    def addressee(self, nick: str, channel: Channel, draw: random.Random) -> str | None:
        """Whom the line may begin by addressing: who waits for an answer, or else one of the last two to speak."""
        turns = self._world.turns
        rate = turns.address_rate * self._world.personas[nick].habits.addresses
        luck = draw.random()
        if (asker := self.asker(nick, channel)) is not None:
            return (
                asker if luck < min(MOST_ADDRESSING, rate * turns.address_asker) * self._room(asker, channel) else None
            )
        if channel.owing.get(nick, ("", 0))[0] in channel.present:
            return None  # who waited is about to leave or away, and nobody is named in their place
        asks_all = channel.question and channel.addressed[-1] is None
        near = _before(nick, channel)[: 1 if asks_all else len(turns.address_recency)]
        left_us = self._attendance.departed(channel)
        fit = {
            other: weight
            for other, weight in zip(near, turns.address_recency, strict=False)
            if other in channel.present and other not in channel.away | left_us and other not in channel.owing
        }  # fmt: skip
        if not fit or luck >= min(MOST_ADDRESSING, rate):
            return None
        other = draw.choices(list(fit), list(fit.values()))[0]
        return other if luck < min(MOST_ADDRESSING, rate) * self._room(other, channel) else None

    def _room(self, nick: str, channel: Channel) -> float:
        """Factor in [0, 1] on how often somebody is spoken to: less for the lead, the more of its share is spent."""
        if nick != self._lead_nick:
            return 1.0
        spoken, at = channel.counts[nick], channel.messages + 1
        return min(1.0, self._budget.pace(at, spoken)) if self._lead_can_answer(channel) else 0.0

    def calls_lead(self, nick: str, channel: Channel, draw: random.Random) -> bool:
        """Somebody turns to the lead, the likelier the more of the lead's share is still owed."""
        busy = not channel.lines or channel.last_speaker == self._lead_nick or self.asker(nick, channel) is not None
        if busy or channel.addressed[-1] is not None or channel.lines[-1].nick in self._attendance.departed(channel):
            return False  # what was just said is somebody else's to answer, or no subject
        if self._lead_nick in channel.owing or not self._lead_can_answer(channel):
            return False
        at, spoken = channel.messages + 1, channel.counts[self._lead_nick]
        often = self._world.engagement.called[self._setting.engagement]
        due = self._budget.pressure(at, spoken) * self._budget.pace(at, spoken)
        return draw.random() < min(MOST_ADDRESSING, often * due)

    def _lead_can_answer(self, channel: Channel) -> bool:
        """The lead is there and may have the message after this one."""
        spoken, at = channel.counts[self._lead_nick], channel.messages + 1
        here = self._lead_nick in channel.present and self._lead_nick not in channel.away
        return here and self._budget.may_speak(at, spoken, False)


def _before(nick: str, channel: Channel) -> list[str]:
    """Who else has spoken, the last one first, each once, among the newest messages."""
    return list(dict.fromkeys(line.nick for line in reversed(channel.lines[-NEAR:]) if line.nick != nick))
