"""Who speaks next, without asking a model: who was asked, weights for the people, a budget for the lead, and reasons.

A message goes, in this order, to

    the one to whom the script gives it
    the lead, if it is owed or drawn: see `plan/participation.py`
    somebody who was spoken to by name and has not answered yet
    the last speaker, who seldom adds a line
    one of the others, by weight
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from simulator import rng
from simulator.plan.participation import ENDING, Participation
from simulator.plan.session_plan import PlacedBeat, Script, Setting
from simulator.session.address import Addressing
from simulator.session.attendance import Attendance
from simulator.session.channel import Channel
from simulator.session.line_length import draw_length
from simulator.world.policy import Claim, LineLength
from simulator.world.world import World

SURE = 0.97
"""Chance above which the lead is not drawn: something is always left to the channel."""
FEWEST = 3
"""People who stay when somebody leaves whom the script does not send away, unless the session ends."""
CLOSING = 2
"""Messages at the end of a session whose writers are told that it ends."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The next to speak, and what that person knows of the moment."""

    nick: str
    pause: float
    """Seconds from the last event until the person begins to type."""
    reasons: Mapping[str, float]
    """Each influence by name, as a factor on an average turn; `chance` is the resulting probability in [0, 1]."""
    beat: PlacedBeat | None = None
    """The beat that wants this line."""
    to: str | None = None
    """Whom the line may address by name; of a beat: whom it is for."""
    opening: str = ""
    """First words for a model that only continues text; empty: any."""
    calls_lead: bool = False
    """The line turns to the lead by name, with what was just said."""
    action: bool = False
    """A /me line."""
    answers: str | None = None
    """Who asked this person something by name and waits for an answer."""
    leaves: bool = False
    """These are the person's last words before leaving."""
    stays: bool = False
    """The person is needed later: a goodbye would be broken."""
    gone: tuple[str, ...] = ()
    """Who has spoken and is not here any more, the last to speak first."""
    arrived: tuple[str, ...] = ()
    """Who came during the talk, is here and has said nothing yet: no line shows that."""
    again: bool = False
    """The last line was this person's, too."""
    purpose: str = ""
    """What a line of the lead's is for where nothing called for it; empty: something did, or it is somebody else's."""
    closes: bool = False
    """The session ends with this line or the next."""
    length: LineLength = LineLength.TWO_OR_THREE
    """How long the line is to be."""
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
        self._attendance = Attendance(script, world)
        self._addressing = Addressing(setting, budget, world, self._attendance)
        length = world.quota.length_of(budget.n)
        self._most = max(3, math.floor(world.turns.top_share[length] * budget.n))
        """Messages of one person, at most; the script's own lines aside."""

    def next_turn(self, channel: Channel) -> Turn | None:
        """The next turn; None if nobody who could speak is left."""
        draw = rng.stream(self._script.seed, "turn", channel.messages, channel.tries)
        pause = self._world.turns.pause(draw)
        beat = self._lines.get(channel.messages)
        if beat is not None and beat.nick is not None and beat.nick in channel.present:
            return self._scripted(beat, beat.nick, pause, channel, draw)
        able = channel.able()
        reasons = self._lead(channel, able)
        people = self._people(channel, able)
        if reasons is not None and (draw.random() < reasons["chance"] or not people):
            return self._turn(self._lead_nick, pause, reasons, channel, draw)
        if not people:
            return None
        nick, because = self._drawn(channel, people, draw)
        silent = self._silence(channel, chosen=reasons is not None)
        return self._turn(nick, pause, because, channel, draw, lead_silent=silent)

    def _scripted(self, beat: PlacedBeat, nick: str, pause: float, channel: Channel, draw: random.Random) -> Turn:
        silent = None if nick == self._lead_nick else self._silence(channel, chosen=False)
        return replace(
            self._moment(nick, pause, {"beat": 1.0, "chance": 1.0}, channel),
            beat=beat,
            to=beat.to,
            opening=beat.opening,
            length=self._length(nick, draw, LineLength.SENTENCE),
            lead_silent=silent,
        )

    def _moment(self, nick: str, pause: float, reasons: Mapping[str, float], channel: Channel) -> Turn:
        """A turn of that person's with what the channel alone says of it: nothing is drawn."""
        return Turn(
            nick,
            pause,
            reasons,
            answers=self._addressing.questioner(nick, channel),
            leaves=self._attendance.last_words(nick, channel),
            stays=self._stays(nick, channel),
            gone=self._attendance.gone(channel),
            arrived=self._attendance.arrived(nick, channel),
            again=channel.last_speaker == nick,
            closes=channel.messages >= self._budget.n - CLOSING,
        )

    def _turn(
        self,
        nick: str,
        pause: float,
        reasons: Mapping[str, float],
        channel: Channel,
        draw: random.Random,
        *,
        lead_silent: str | None = None,
    ) -> Turn:
        calls = nick != self._lead_nick and self._addressing.calls_lead(nick, channel, draw)
        to = None if calls else self._addressing.addressee(nick, channel, draw)
        openings = self._world.turns.calling
        moment = self._moment(nick, pause, reasons, channel)
        acts = nick != self._lead_nick and channel.tries == 0 and to is None and not calls and not moment.leaves
        return replace(
            moment,
            to=to,
            opening=draw.choice(openings).replace("{lead}", self._lead_nick) if calls else "",
            calls_lead=calls,
            action=acts and draw.random() < self._world.personas[nick].habits.actions,
            length=self._length(nick, draw, LineLength.FEW_WORDS),
            purpose=draw.choice(self._world.engagement.purposes) if self._unasked(nick, channel) else "",
            lead_silent=lead_silent,
        )

    def _unasked(self, nick: str, channel: Channel) -> bool:
        """The line is the lead's, and nothing calls for it."""
        return (
            nick == self._lead_nick and claim(channel, nick) is None and self._addressing.asker(nick, channel) is None
        )

    def _length(self, nick: str, draw: random.Random, least: LineLength) -> LineLength:
        return draw_length(self._world.turns.line_length, self._world.personas[nick], draw, least=least)

    # the lead

    def _lead(self, channel: Channel, able: list[str]) -> dict[str, float] | None:
        """The lead's reasons to take this message, or None if it cannot be the lead's."""
        at, spoken, just_spoke = channel.messages, channel.counts[self._lead_nick], self._just_spoke(channel)
        if self._budget.must_speak(at, spoken, just_spoke):
            return {"owed": 1.0, "chance": 1.0}  # also after a failed try: nobody can take this one for the lead
        if self._lead_nick not in able or not self._budget.may_speak(at, spoken, just_spoke):
            return None
        if at >= self._budget.n - ENDING and channel.recent[1:2] == [self._lead_nick]:
            return None  # every other line of an ending would be the lead's
        if self._addressing.asker(self._lead_nick, channel) is not None:
            return {"addressed": 1.0, "chance": self._world.turns.answers.lead}
        policy = self._world.engagement
        called = claim(channel, self._lead_nick)
        factors = {
            "budget": self._budget.pressure(at, spoken),
            "pace": self._budget.pace(at, spoken),
            called or "silence": policy.pull_of(called, self._setting.engagement),
            "interest": self._interest(self._lead_nick, self._group(channel)) ** policy.interest,
        }
        if self._every_other(channel):
            factors["every other line"] = policy.every_other
        return {**factors, "chance": min(SURE, math.prod(factors.values()))}

    def _every_other(self, channel: Channel) -> bool:
        """The lead had the last line but one and the last but three: with this one it would be every other line."""
        return [line.nick for line in channel.lines[-4::2]] == [self._lead_nick] * 2

    def _silence(self, channel: Channel, *, chosen: bool) -> str | None:
        """Why the lead says nothing though something called for it. `chosen`: the message could have been its own."""
        if claim(channel, self._lead_nick) is None or self._just_spoke(channel):
            return None
        if chosen:
            return "kept quiet"
        return "budget" if channel.messages not in self._budget.closed else "somebody else's line"

    def _just_spoke(self, channel: Channel) -> bool:
        return channel.last_speaker == self._lead_nick

    # the people

    def _people(self, channel: Channel, able: list[str]) -> list[str]:
        """Who of the people may take this message; where the rules leave nobody, everybody who can.

        Who has said goodbye is not drawn again as long as anybody else is there.
        """
        everybody = [nick for nick in able if nick != self._lead_nick]
        left_us = self._attendance.departed(channel)
        others = [nick for nick in everybody if nick not in left_us] or everybody
        coming = self._lines.get(channel.messages + 1)
        left = self._lines_left(channel.messages)
        fit = [
            nick
            for nick in others
            if channel.counts[nick] + left[nick] < self._most
            and (coming is None or coming.nick != nick)
            and (channel.last_speaker != nick or self._may_go_on(nick, channel))
        ]
        return fit or [nick for nick in others if nick != channel.last_speaker] or others

    def _lines_left(self, at: int) -> Counter[str]:
        """How many lines the script still gives to each."""
        return Counter(beat.nick for place, beat in self._lines.items() if place >= at and beat.nick is not None)

    def _drawn(self, channel: Channel, people: list[str], draw: random.Random) -> tuple[str, dict[str, float]]:
        """Somebody who was asked, the last speaker once more, or one of the others; with the reasons."""
        hazards = {nick: chance for nick in people if (chance := self._hazard(nick, channel))}
        none = math.prod(1 - chance for chance in hazards.values())
        if draw.random() >= none:
            nick = draw.choices(list(hazards), list(hazards.values()))[0]
            return nick, {"addressed": 1.0, "chance": (1 - none) * hazards[nick] / sum(hazards.values())}
        last = channel.last_speaker
        if last in people:
            chances, run = self._world.turns.again, _run(channel)
            again = chances[run - 1] if run <= len(chances) else 0.0
            if draw.random() < again or len(people) == 1:
                return last, {"goes on": 1.0, "chance": again}
            people = [nick for nick in people if nick != last]
        before = [other for other in channel.recent if other != last]
        group = self._group(channel)
        weighed = [self._weights(nick, channel, before, group) for nick in people]
        products = [math.prod(weights.values()) for weights in weighed]
        number = draw.choices(range(len(people)), products)[0]
        return people[number], {**weighed[number], "chance": products[number] / sum(products)}

    def _hazard(self, nick: str, channel: Channel) -> float:
        """Chance that the turn goes to this person for having been addressed; 0: nobody waits."""
        if self._addressing.asker(nick, channel) is None:
            return 0.0
        chances = self._world.turns.answers.chance
        since = channel.messages - 1 - channel.owing[nick][1]
        return chances[since] if since < len(chances) else 0.0

    def _weights(self, nick: str, channel: Channel, before: list[str], group: str | None) -> dict[str, float]:
        """The weights of one person, by name. A factor of 1 is left out.

        `before`: who spoke before the last speaker, the latest first. `group`: what the talk has come to.
        """
        turns, persona = self._world.turns, self._world.personas[nick]
        weights = {"chattiness": (persona.chattiness * self._script.mood.get(nick, 1.0)) ** turns.chattiness}
        if channel.recent:
            if nick in before:
                weights["recency"] = turns.recency[min(before.index(nick), len(turns.recency) - 1)]
            else:
                weights["silent so far"] = turns.silent_so_far
            if self._world.ties.has_edge(nick, channel.recent[0]):
                weights["tie"] = turns.tie
        if nick in channel.mentions:
            weights["mentioned"] = turns.mentioned
        weights["interest"] = self._interest(nick, group) ** turns.interest
        return {name: weight for name, weight in weights.items() if weight != 1.0}

    def _group(self, channel: Channel) -> str | None:
        """The topic group that the talk has come to; None: of none."""
        subject = self._script.subject_at(channel.messages)
        return self._setting.group if subject is None else subject.group

    def _interest(self, nick: str, group: str | None) -> float:
        """Weight for that person of a topic group; 1 if there is none."""
        return 1.0 if group is None else self._world.personas[nick].interests.get(group, 1.0)

    def _may_go_on(self, nick: str, channel: Channel) -> bool:
        """The last speaker may add a line: the run is short enough, and no answer is waited for."""
        waits = channel.question or channel.addressed[-1] is not None
        return not waits and _run(channel) <= len(self._world.turns.again)

    def _stays(self, nick: str, channel: Channel) -> bool:
        """The script has another line for that person, the lead still owes lines, or hardly anybody would be left."""
        at = channel.messages + 1
        if nick == self._lead_nick:
            return channel.counts[nick] + 1 < self._budget.k
        if self._lines_left(at)[nick]:
            return True
        others = [n for n in channel.able() if n not in (nick, self._lead_nick)]
        few = len(set(others) - self._attendance.departed(channel)) < FEWEST
        return few and not self._attendance.last_words(nick, channel) and at < self._budget.n - CLOSING


def claim(channel: Channel, lead: str) -> Claim | None:
    """What calls for the lead at this point, the strongest first; None: nothing."""
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


def _run(channel: Channel) -> int:
    """How many messages in a row the last speaker has had."""
    run = 0
    for line in reversed(channel.lines):
        if line.nick != channel.lines[-1].nick:
            break
        run += 1
    return run
