"""Which session comes next, and everything about it that is decided before anybody speaks.

A run is a row of places (slots). What a place holds - level, channel, length, pattern, topic - is decided by the quotas
and the seed alone, so a rejected session is replaced by another one for the same place, and the accepted ones meet the
quotas at every point, in whatever order and at whatever concurrency they are played.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from simulator import chance
from simulator.errors import ContentError, UsageError
from simulator.plan import casting
from simulator.plan.participation import Participation
from simulator.plan.placing import place
from simulator.plan.quota import Cell, joint, sequence
from simulator.plan.session_plan import PlacedBeat, SessionPlan
from simulator.world.card import Engagement
from simulator.world.scenario import ANYONE, LEAD, Scenario
from simulator.world.topic import Topic
from simulator.world.world import PLACEHOLDER, World

TRIES = 60
"""How many combinations of length, count and beat positions are tried before a script is given up."""


@dataclass(frozen=True, slots=True)
class Place:
    """What one slot of a run holds."""

    cell: Cell
    scenario: str
    topic: Topic
    angle: str


class Planner:
    """Plans the sessions of a run. `seed` and world decide everything.

    Raises ContentError if the scripts cannot meet the quotas.
    """

    def __init__(self, world: World, seed: int, *, length: str | None = None) -> None:
        """`length` plans one length class alone; the other shares stay as they are."""
        self._world, self._seed = world, seed
        self._scripts = Scripts(world)
        quota = world.quota.only(length) if length else world.quota
        self._cells: Iterator[Cell] = sequence(
            joint(quota, lambda cell: bool(self._scripts.serving(cell))), quota, seed
        )
        self._places: list[Place] = []
        self._used: Counter[str] = Counter()
        self._topics = {
            group: _shuffled(topics, chance.stream(seed, "topics", group)) for group, topics in world.topics.items()
        }
        self._drawn: Counter[str] = Counter()

    def plan(self, slot: int, attempt: int = 0) -> SessionPlan:
        """The session for a slot, from 0; `attempt` counts the rejected ones before it."""
        while len(self._places) <= slot:
            self._places.append(self._next(len(self._places)))
        held = self._places[slot]
        seed = chance.number(self._seed, "session", slot, attempt)
        name = held.scenario
        if attempt:
            # Another script for the same place, where there is one: this one may be what failed.
            others = [s for s in self._scripts.serving(held.cell) if s != name]
            name = chance.stream(seed, "script").choice(others) if others else name
        angles = held.topic.angles
        angle = angles[(angles.index(held.angle) + attempt) % len(angles)]
        ident = f"s{slot:05d}" + (f".{attempt}" if attempt else "")
        return compose(
            self._world, self._world.scenarios[name], held.cell, held.topic, angle, seed, ident, slot, attempt
        )

    def _next(self, slot: int) -> Place:
        cell = next(self._cells)
        draw = chance.stream(self._seed, "place", slot)
        scripts = self._scripts.serving(cell)
        fewest = min(self._used[name] for name in scripts)
        name = draw.choice([name for name in scripts if self._used[name] == fewest])
        self._used[name] += 1
        topics = self._topics[cell.group]
        number = self._drawn[cell.group]
        self._drawn[cell.group] += 1
        topic = topics[number % len(topics)]
        return Place(cell, name, topic, topic.angles[number // len(topics) % len(topic.angles)])


def single(
    world: World,
    seed: int,
    *,
    scenario: str | None = None,
    engagement: Engagement | None = None,
    channel: str | None = None,
    messages: int | None = None,
) -> SessionPlan:
    """One session on its own, with whatever the caller leaves open drawn from the seed.

    Raises UsageError if no script, or no count of the lead's messages, fits what was asked for.
    """
    if scenario is not None and scenario not in world.scenarios:
        near = ", ".join(sorted(world.scenarios)[:6])
        raise UsageError(f"no scenario is called `{scenario}`", place="--scenario", remedy=f"such as {near}")
    if channel is not None and channel not in world.quota.channels:
        raise UsageError(f"no channel `{channel}`", place="--channel", remedy=", ".join(world.quota.channels))
    lengths = world.quota.lengths
    if messages is not None:
        within = [name for name, c in lengths.items() if c.messages[0] <= messages <= c.messages[1]]
        if not within:
            ranges = " or ".join(f"{c.messages[0]}-{c.messages[1]}" for c in lengths.values())
            raise UsageError(f"no session has {messages} messages", place="--messages", remedy=f"choose {ranges}")
        levels = [e for e in Engagement if world.engagement.bands[e].counts(messages) and engagement in (None, e)]
        if not levels:
            band = world.engagement.bands[engagement] if engagement else None
            share = f"{band.least:.0%}-{band.most:.0%}" if band else "the bands"
            raise UsageError(
                f"no whole number of {messages} messages is {share} of them",
                place="--messages",
                remedy="choose one more or one less",
            )
    scripts = Scripts(world)
    draw = chance.stream(seed, "single")
    fits = [
        (cell, name)
        for cell, names in scripts.cells.items()
        for name in names
        if scenario in (None, name)
        and engagement in (None, cell.engagement)
        and channel in (None, cell.channel)
        and (messages is None or scripts.legal(name, cell, messages))
        and (messages is not None or scenario is not None or cell.length == "short")
    ]
    if not fits:
        raise UsageError(
            "no script fits what was asked for",
            place="simulate",
            remedy="leave one of --scenario, --engagement, --channel and --messages open",
        )
    cell, name = draw.choice(fits)
    topic = draw.choice(world.topics[cell.group])
    return compose(
        world, world.scenarios[name], cell, topic, draw.choice(topic.angles), seed, "single", 0, 0, messages=messages
    )


def compose(
    world: World,
    scenario: Scenario,
    cell: Cell,
    topic: Topic,
    angle: str,
    seed: int,
    ident: str,
    slot: int,
    attempt: int,
    *,
    messages: int | None = None,
) -> SessionPlan:
    """Draws lengths, people, beats and hours for one session.

    Raises ContentError if the script's beats fit into no session of this cell.
    """
    beats = scenario.beats_in(cell.length)
    pairs = _pairs(world, scenario, cell.engagement, cell.length, messages)
    begins = _time_of_day(chance.stream(seed, "hour"))
    slots, cast = casting.cast(
        world, scenario, cell.length, cell.group, casting.hour_of(begins), chance.stream(seed, "cast")
    )
    lead = world.lead.nick
    nicks = {**slots, LEAD: lead}
    words = chance.stream(seed, "words")
    names = {**nicks, "topic": topic.subject, "angle": angle}
    fill = {key: _filled(words.choice(variants), names) for key, variants in scenario.fill.items()}
    names |= fill
    for number in range(TRIES):
        draw = chance.stream(seed, "shape", number)
        n, counts = draw.choice(pairs)
        at = place(beats, n, draw)
        if at is None:
            continue
        placed = tuple(
            PlacedBeat(
                id=beat.id,
                at=at[beat.id],
                nick=None if beat.who == ANYONE else nicks[beat.who],
                to=nicks[beat.to] if beat.to else None,
                kind=beat.kind,
                note=_filled(words.choice(beat.note), names) if beat.note else "",
                opening=_filled(words.choice(beat.opening), names) if beat.opening else "",
                pressure=beat.pressure,
                silent=beat.silent,
            )
            for beat in beats
        )
        if 0 not in at.values():
            placed = (_bring_up(world, cast, words, names), *placed)
        ids = {beat.id for beat in beats}
        plan = SessionPlan(
            id=ident,
            seed=seed,
            slot=slot,
            attempt=attempt,
            scenario=scenario.name,
            pattern=cell.pattern,
            group=cell.group,
            topic=topic.subject,
            angle=angle,
            engagement=cell.engagement,
            channel=cell.channel,
            length=cell.length,
            n=n,
            k=draw.choice(counts),
            lead=lead,
            cast=cast,
            slots=slots,
            mood=casting.moods(world, cast, chance.stream(seed, "mood")),
            premise=_filled(scenario.premise, names),
            fill=fill,
            begins=begins,
            beats=tuple(sorted(placed, key=lambda beat: beat.at)),
            comings=casting.comings(world, cast, n, placed, chance.stream(seed, "comings")),
            expect=tuple(e for e in scenario.expect if e.after in ids),
        )
        if Participation.of(plan).feasible:
            return plan
    raise ContentError(
        f"its beats do not fit a {cell.length} {cell.engagement} session",
        place=f"scenarios/{scenario.pattern}/{scenario.name}.yaml",
        remedy="widen `when` and `gap`, or leave that level or length out",
    )


class Scripts:
    """Which scripts can fill which cell."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.cells: dict[Cell, list[str]] = {}
        for scenario in world.scenarios.values():
            shapes = [
                (level, length)
                for level in scenario.levels
                for length in scenario.lengths
                if _pairs(world, scenario, level, length)
            ]
            for channel, group in product(scenario.channels, scenario.topics or world.quota.topics):
                if world.quota.confined.get(group, channel) == channel:
                    for level, length in shapes:
                        cell = Cell(level, channel, length, scenario.pattern, group)
                        self.cells.setdefault(cell, []).append(scenario.name)

    def serving(self, cell: Cell) -> list[str]:
        return self.cells.get(cell, [])

    def legal(self, name: str, cell: Cell, messages: int) -> bool:
        return bool(_pairs(self._world, self._world.scenarios[name], cell.engagement, cell.length, messages))


def _pairs(
    world: World, scenario: Scenario, level: Engagement, length: str, messages: int | None = None
) -> list[tuple[int, list[int]]]:
    """Every legal number of messages with the legal counts of the lead's, enough for the script's own lines."""
    first, last = world.quota.lengths[length].messages
    if messages is not None:
        first, last = max(first, messages), min(last, messages)
    needed = scenario.lead_lines(length)
    band = world.engagement.bands[level]
    pairs = [(n, [k for k in band.counts(n) if k >= max(needed, 1)]) for n in range(first, last + 1)]
    return [(n, counts) for n, counts in pairs if counts]


def _filled(text: str, names: dict[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: names[found[1]], text)


def _shuffled(topics: tuple[Topic, ...], draw: random.Random) -> list[Topic]:
    order = list(topics)
    draw.shuffle(order)
    return order


def _bring_up(world: World, cast: Sequence[str], words: random.Random, names: dict[str, str]) -> PlacedBeat:
    """The first line, by somebody who likes to talk: it comes to the topic."""
    policy = world.turns.bring_up
    return PlacedBeat(
        id="bring-up",
        at=0,
        nick=words.choices(cast, [world.personas[nick].chattiness for nick in cast])[0],
        kind="bring-up",
        note=_filled(words.choice(policy.note), names),
        opening=_filled(words.choice(policy.opening), names),
    )


def _time_of_day(draw: random.Random) -> float:
    """Seconds after midnight; channels are busiest in the evening and never quite empty at night."""
    hour = draw.triangular(7, 29, 20) % 24
    return round(hour * 3600)
