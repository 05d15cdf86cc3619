"""Where a long talk moves on: to what, in which message, and who brings it up."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.plan.session_plan import LaterTopic, Setting
from simulator.world.persona import Role
from simulator.world.scenario import Scenario
from simulator.world.world import World

AROUND = 12
"""A topic comes up within one part in so many of the session around its even place."""
CLEAR = 3
"""Messages before and after a line of the script in which nobody changes the subject, where there is room."""


@dataclass(frozen=True, slots=True)
class Turning:
    """Somebody brings up another topic."""

    at: int
    """Message index, from 0."""
    nick: str
    subject: LaterTopic


def turnings(
    world: World, setting: Setting, scenario: Scenario, n: int, lines: Mapping[int, str], draw: random.Random
) -> tuple[Turning, ...]:
    """The later topics of a session of n messages, in order. `lines`: message index to whom the script gives it."""
    number = draw.randint(*world.turns.later_topics.topics[world.quota.length_of(n)])
    groups, found, used = _groups(world, scenario, setting.channel), list[Turning](), {setting.topic}
    taken, before = dict(lines), setting.group
    for part in range(1, number):
        among = {group: weight for group, weight in groups.items() if group != before} or groups
        group = draw.choices(list(among), list(among.values()))[0]
        fresh = [topic for topic in world.topics[group] if topic.subject not in used]
        at = _spot(n, part / number, taken, draw)
        if at is None or not fresh:
            continue
        topic = draw.choice(fresh)
        subject = LaterTopic(topic=topic.subject, angle=draw.choice(topic.angles), group=group)
        nick = _who(
            world, setting.cast, group, {nick for place, nick in taken.items() if abs(place - at) <= CLEAR}, draw
        )
        found.append(Turning(at, nick, subject))
        taken[at], before = nick, group
        used.add(topic.subject)
    return tuple(found)


def _groups(world: World, scenario: Scenario, channel: str) -> dict[str, float]:
    """Topic groups that may come up, with the share of the channel's talk that each has."""
    quota = world.quota
    return {
        group: share / (quota.channels[channel] if group in quota.confined else 1.0)
        for group, share in quota.topics.items()
        if share and quota.confined.get(group, channel) == channel and group in (scenario.topics or quota.topics)
    }


def _spot(n: int, share: float, taken: Mapping[int, str], draw: random.Random) -> int | None:
    """A message around that share of the session, as clear of the script's lines as there is; None: all are taken."""
    first, last = round(n * (share - 1 / AROUND)), round(n * (share + 1 / AROUND))
    room = {
        at: min(CLEAR, min((abs(at - place) for place in taken), default=CLEAR))
        for at in range(max(first, 1), min(last, n - 1))
        if at not in taken
    }
    return draw.choice([at for at, clear in room.items() if clear == max(room.values())]) if room else None


def _who(world: World, cast: Sequence[str], group: str, busy: set[str], draw: random.Random) -> str:
    """Somebody of the cast whom the topic fits; those who only pass through, or have a line of their own, last."""
    free = [nick for nick in cast if nick not in busy] or list(cast)
    stay = [nick for nick in free if world.personas[nick].role is not Role.PASSERBY] or free
    likes = {nick: world.personas[nick].interests.get(group, 1.0) for nick in stay}
    keen = {nick: like for nick, like in likes.items() if like >= min(1.0, max(likes.values()))}
    fits = world.turns.later_topics.fits
    weights = [world.personas[nick].chattiness ** 0.5 * like**fits for nick, like in keen.items()]
    return draw.choices(list(keen), weights)[0]
