"""Who speaks next, without asking a model: weights for the people, a budget for the lead, and the reasons for both."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from simulator import rng
from simulator.plan.participation import Participation
from simulator.plan.session_plan import PlacedBeat, Script, Setting
from simulator.session.channel import Channel
from simulator.world.policy import Claim
from simulator.world.world import World


@dataclass(frozen=True, slots=True)
class Turn:
    """The next to speak."""

    nick: str
    pause: float
    """Seconds from the last event until the person begins to type."""
    reasons: Mapping[str, float]
    """Each influence by name, as a factor on an average turn; `chance` is the resulting probability in [0, 1]."""
    beat: PlacedBeat | None = None
    """The beat that wants this line."""
    to: str | None = None
    """Whom the line begins by addressing."""
    action: bool = False
    """A /me line."""
    lead_silent: str | None = None
    """Why the lead, who had a reason to speak here, does not; None: the lead speaks, or had none."""


class Scheduler:
    """Draws the turns of one session. Pure: the same channel gives the same turn."""

    def __init__(self, setting: Setting, script: Script, budget: Participation, world: World) -> None:
        """`budget`: how many messages there are, and which may be the lead's."""
        self._setting, self._script, self._budget, self._world = setting, script, budget, world
        self._lead_nick = setting.lead
        self._lines = {beat.at: beat for beat in script.beats if beat.nick is not None}
        """Beats that want a line, by message index."""

    def next_turn(self, channel: Channel) -> Turn | None:
        """The next turn; None if nobody who could speak is left."""
        draw = rng.stream(self._script.seed, "turn", channel.messages, channel.tries)
        able = channel.able()
        beat = self._lines.get(channel.messages)
        pause = draw.lognormvariate(0.0, self._world.turns.gap_seconds[1]) * self._world.turns.gap_seconds[0]
        if beat is not None and beat.nick in channel.present:
            silent = None if beat.nick == self._lead_nick else self._silence(channel, chosen=False)
            return Turn(beat.nick, pause, {"beat": 1.0, "chance": 1.0}, beat, beat.to, lead_silent=silent)
        reasons = self._lead(channel, able)
        people = [nick for nick in able if nick != self._lead_nick]
        if reasons is not None and (draw.random() < reasons["chance"] or not people):
            return Turn(self._lead_nick, pause, reasons, to=self._addressee(self._lead_nick, channel, draw))
        if not people:
            return None
        weighed = [self._person(nick, channel) for nick in people]
        products = [math.prod(w.values()) for w in weighed]
        number = draw.choices(range(len(people)), products)[0]
        nick = people[number]
        because = {**weighed[number], "chance": products[number] / sum(products)}
        persona = self._world.personas[nick]
        return Turn(
            nick,
            pause,
            because,
            to=self._addressee(nick, channel, draw),
            action=channel.tries == 0 and draw.random() < persona.habits.actions,
            lead_silent=self._silence(channel, chosen=reasons is not None),
        )

    def _lead(self, channel: Channel, able: list[str]) -> dict[str, float] | None:
        """The lead's reasons to take this message, or None if it cannot be the lead's."""
        spoken, just_spoke = channel.counts[self._lead_nick], self._just_spoke(channel)
        if self._budget.must_speak(channel.messages, spoken, just_spoke):
            return {"owed": 1.0, "chance": 1.0}  # also after a failed try: nobody else can take this one
        if self._lead_nick not in able or not self._budget.may_speak(channel.messages, spoken, just_spoke):
            return None
        policy = self._world.engagement
        reason: Claim = claim(channel, self._lead_nick) or "silence"
        interest = self._interest(self._lead_nick) ** policy.interest
        budget = self._budget.pressure(channel.messages, spoken)
        factors = {"budget": budget, reason: policy.pull.get(reason, 1.0), "interest": interest}
        return {**factors, "chance": min(0.97, math.prod(factors.values()))}

    def _silence(self, channel: Channel, *, chosen: bool) -> str | None:
        """Why the lead says nothing though called for. `chosen`: the message could have been the lead's."""
        if claim(channel, self._lead_nick) is None or self._just_spoke(channel):
            return None
        if chosen:
            return "kept quiet"
        return "budget" if channel.messages not in self._budget.closed else "not for her"

    def _just_spoke(self, channel: Channel) -> bool:
        return bool(channel.lines) and channel.lines[-1].nick == self._lead_nick

    def _person(self, nick: str, channel: Channel) -> dict[str, float]:
        """The weights of one person, by name. A factor of 1 is left out."""
        turns, persona = self._world.turns, self._world.personas[nick]
        weights = {"chattiness": (persona.chattiness * self._script.mood.get(nick, 1.0)) ** turns.chattiness}
        if channel.recent:
            if nick in channel.recent:
                rank = channel.recent.index(nick)
                weights["recency"] = turns.recency[min(rank, len(turns.recency) - 1)]
            else:
                weights["silent so far"] = turns.silent_so_far
            if nick != channel.recent[0] and self._world.ties.has_edge(nick, channel.recent[0]):
                weights["tie"] = turns.tie
        if nick in channel.owing:
            _, asked = channel.owing[nick]
            just_now = asked == channel.messages - 1
            weights["addressed" if just_now else "owes an answer"] = turns.addressed if just_now else turns.owing
        elif nick in channel.mentions:
            weights["mentioned"] = turns.mentioned
        weights["interest"] = self._interest(nick) ** turns.interest
        return {name: weight for name, weight in weights.items() if weight != 1.0}

    def _interest(self, nick: str) -> float:
        """Weight of the topic group for that person; 1 if there is none."""
        group = self._setting.group
        return 1.0 if group is None else self._world.personas[nick].interests.get(group, 1.0)

    def _addressee(self, nick: str, channel: Channel, draw: random.Random) -> str | None:
        """Whom the line begins by addressing, if anybody: mostly who waits for an answer, or spoke not long ago."""
        turns = self._world.turns
        rate = turns.address_rate * self._world.personas[nick].habits.addresses
        others = [n for n in channel.recent if n != nick and n in channel.present and n not in channel.away]
        if not others or draw.random() >= min(0.9, rate):
            return None
        asker, _ = channel.owing.get(nick, (None, 0))
        last = len(turns.address_recency) - 1
        weights = [
            turns.address_recency[min(rank, last)] * (turns.address_asker if other == asker else 1.0)
            for rank, other in enumerate(others)
        ]
        return draw.choices(others, weights)[0]


def claim(channel: Channel, lead: str) -> Claim | None:
    """What calls for the lead at this point, the strongest first; a key of `EngagementPolicy.pull`."""
    if not channel.lines:
        return None
    if channel.addressed[-1] == lead:
        return "addressed"
    if lead in channel.mentions:
        return "mentioned"
    if len(channel.lines) > 1 and channel.lines[-2].nick == lead:
        return "answered"
    if channel.question and channel.addressed[-1] is None:
        return "question"
    return None
