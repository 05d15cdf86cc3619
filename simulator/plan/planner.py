"""Which session comes next, and everything about it that is decided before anybody speaks.

A run is a row of places (slots). What a place holds - level, channel, length, pattern, topic - is decided by the quotas
and the seed alone, so a rejected session is replaced by another one for the same place, and the accepted ones meet the
quotas at every point, in whatever order and at whatever concurrency they are played.
"""

from __future__ import annotations

import random
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Generic, TypeVar

from simulator import rng
from simulator.errors import UsageError
from simulator.plan.composing import Composer, SessionBrief, pairs
from simulator.plan.quota import Cell, joint, sequence
from simulator.plan.session_plan import SessionPlan
from simulator.world.scenario import Topic
from simulator.world.strict import Length, Level
from simulator.world.world import World

Thing = TypeVar("Thing")


class _Numbers(Generic[Thing]):
    """A number for each of some things."""

    def __init__(self, things: Iterable[Thing]) -> None:
        self.things = list(things)
        self.number = {thing: number for number, thing in enumerate(self.things)}


class Planner:
    """Plans the sessions of a run. `seed` and world decide everything.

    Raises ContentError if the scripts cannot meet the quotas.
    """

    def __init__(self, world: World, seed: int, *, length: Length | None = None) -> None:
        """`length` plans one length class alone; the other shares stay as they are."""
        self._world, self._seed = world, seed
        self._scripts = Scripts(world)
        quota = world.quota.only(length)
        self._cells: Iterator[Cell] = sequence(
            joint(quota, lambda cell: bool(self._scripts.serving(cell))), quota, seed
        )
        self._composer = Composer(world)
        self._names, self._kinds = _Numbers(world.scenarios), _Numbers(self._scripts.cells)
        # What every slot up to now holds, as numbers: 12 bytes a slot, since there may be a million.
        self._cell, self._script, self._turn = array("I"), array("I"), array("I")
        """By slot: number of the cell, number of the script, and how often the topic group had its turn before."""
        self._used: Counter[str] = Counter()
        self._setting_used: Counter[tuple[str, Level, str]] = Counter()
        """By script, engagement and channel."""
        self._topics = {
            group: _shuffled(topics, rng.stream(seed, "topics", group)) for group, topics in world.topics.items()
        }
        self._drawn: Counter[str] = Counter()

    def plan(self, slot: int, attempt: int = 0) -> SessionPlan:
        """The session for a slot, from 0; `attempt` counts the rejected ones before it."""
        while len(self._cell) <= slot:
            self._next(len(self._cell))
        cell, turn = self._kinds.things[self._cell[slot]], self._turn[slot]
        topics = self._topics[cell.group]
        topic = topics[turn % len(topics)]
        seed = rng.number(self._seed, "session", slot, attempt)
        name = self._names.things[self._script[slot]]
        if attempt:
            # Another script for the same place, where there is one: this one may be what failed.
            others = [s for s in self._scripts.serving(cell) if s != name]
            name = rng.stream(seed, "script").choice(others) if others else name
        angle = topic.angles[(turn // len(topics) + attempt) % len(topic.angles)]
        ident = f"s{slot:05d}" + (f".{attempt}" if attempt else "")
        script = self._world.scenarios[name]
        return self._composer.compose(SessionBrief(script, cell, topic.subject, angle, seed, ident, slot, attempt))

    def _next(self, slot: int) -> None:
        """Decides what the next slot holds."""
        cell = next(self._cells)
        draw = rng.stream(self._seed, "place", slot)
        scripts = self._scripts.serving(cell)
        # The script that was used least of all, and among those the one that was used least in this setting.
        uses = {name: (self._used[name], self._setting_used[name, cell.engagement, cell.channel]) for name in scripts}
        fewest = min(uses.values())
        name = draw.choice([name for name in scripts if uses[name] == fewest])
        self._used[name] += 1
        self._setting_used[name, cell.engagement, cell.channel] += 1
        self._cell.append(self._kinds.number[cell])
        self._script.append(self._names.number[name])
        self._turn.append(self._drawn[cell.group])
        self._drawn[cell.group] += 1


def _nearest(world: World, messages: int, engagement: Level | None) -> str:
    """The two numbers of messages next to a number, such as `13 or 15`, of which a band has a whole number."""
    bands = [band for level, band in world.engagement.bands.items() if engagement in (None, level)]
    ranges = (category.messages for category in world.quota.lengths.values())
    fit = [n for least, most in ranges for n in range(least, most + 1) if any(band.counts(n) for band in bands)]
    return " or ".join(str(n) for n in sorted(sorted(fit, key=lambda n: abs(n - messages))[:2]))


def single(
    world: World,
    seed: int,
    *,
    scenario: str | None = None,
    engagement: Level | None = None,
    channel: str | None = None,
    messages: int | Length | None = None,
) -> SessionPlan:
    """One session on its own, with whatever the caller leaves open drawn from the seed.

    `messages`: their number, or any number of that class; None: short, or with a `scenario` any that it has. Raises
    UsageError if no script, or no count of the lead's messages, fits what was asked for.
    """
    if scenario is not None and scenario not in world.scenarios:
        near = ", ".join(sorted(world.scenarios)[:6])
        raise UsageError(f"no scenario is called `{scenario}`", place="--scenario", remedy=f"such as {near}")
    if channel is not None and channel not in world.quota.channels:
        raise UsageError(f"no channel `{channel}`", place="--channel", remedy=", ".join(world.quota.channels))
    lengths = world.quota.lengths
    count = messages if isinstance(messages, int) else None
    if count is not None:
        within = [name for name, c in lengths.items() if c.messages[0] <= count <= c.messages[1]]
        if not within:
            ranges = " or ".join(f"{c.messages[0]}-{c.messages[1]}" for c in lengths.values())
            raise UsageError(f"no session has {count} messages", place="--messages", remedy=f"choose {ranges}")
        levels = [e for e, band in world.engagement.bands.items() if band.counts(count) and engagement in (None, e)]
        if not levels:
            band = world.engagement.bands[engagement] if engagement else None
            share = f"{band.least:.0%} to {band.most:.0%}" if band else "in its band"
            raise UsageError(
                f"{engagement if engagement else 'every level'} is impossible with {count} messages, since"
                f" no whole number of {count} messages is {share} of them",
                place="--messages",
                remedy=f"{_nearest(world, count, engagement)} work",
            )
    scripts = Scripts(world)
    draw = rng.stream(seed, "single")
    fits = [
        (cell, name)
        for cell, names in scripts.cells.items()
        for name in names
        if scenario in (None, name)
        and engagement in (None, cell.engagement)
        and channel in (None, cell.channel)
        and (count is None or scripts.legal(name, cell, count))
        and (count is not None or cell.length == (messages or ("short" if scenario is None else cell.length)))
    ]
    if not fits:
        raise UsageError(
            "no script fits what was asked for",
            place="simulate",
            remedy="leave one of --scenario, --engagement, --channel, --length and --messages open",
        )
    cell, name = draw.choice(fits)
    topic = draw.choice(world.topics[cell.group])
    brief = SessionBrief(
        world.scenarios[name], cell, topic.subject, draw.choice(topic.angles), seed, "single", 0, messages=count
    )
    return Composer(world).compose(brief)


class Scripts:
    """Which scripts can fill which cell."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.cells: dict[Cell, list[str]] = {}
        for scenario in world.scenarios.values():
            shapes = [
                (level, length)
                for level in scenario.levels or world.engagement.levels
                for length in scenario.lengths
                if pairs(world, scenario, level, length)
            ]
            for channel, group in product(scenario.channels, scenario.topics or world.quota.topics):
                if world.quota.confined.get(group, channel) == channel:
                    for level, length in shapes:
                        cell = Cell(level, channel, length, scenario.pattern, group)
                        self.cells.setdefault(cell, []).append(scenario.name)

    def serving(self, cell: Cell) -> list[str]:
        """Names of the scripts that can fill the cell."""
        return self.cells.get(cell, [])

    def legal(self, name: str, cell: Cell, messages: int) -> bool:
        """True if the script can fill the cell with so many messages."""
        return bool(pairs(self._world, self._world.scenarios[name], cell.engagement, cell.length, messages))


def _shuffled(topics: tuple[Topic, ...], draw: random.Random) -> list[Topic]:
    order = list(topics)
    draw.shuffle(order)
    return order
