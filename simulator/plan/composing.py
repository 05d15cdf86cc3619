"""One session from its script: how long it is, who is there, what happens when, and in which words."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator import rng
from simulator.errors import ContentError
from simulator.plan import casting
from simulator.plan.later_topics import Turning, turnings
from simulator.plan.participation import Participation
from simulator.plan.quota import Cell
from simulator.plan.session_plan import PlacedBeat, Script, SessionPlan, Setting, Slot
from simulator.world.scenario import ANYONE, LEAD, PLACEHOLDER, Beat, FillVariant, Scenario, meets
from simulator.world.strict import Length, Level
from simulator.world.world import World

PLACING_TRIES = 200


def place(beats: Sequence[Beat], n: int, draw: random.Random) -> dict[str, int] | None:
    """A message index for every beat, by id; None if they do not fit into n messages.

    No two lines fall on the same message and no two of the lead's next to each other. Beats without a line take effect
    before the message at their index and share it with whatever is there.
    """
    for _ in range(PLACING_TRIES):
        placed = _attempt(beats, n, draw)
        if placed is not None:
            return placed
    return None


def _attempt(beats: Sequence[Beat], n: int, draw: random.Random) -> dict[str, int] | None:
    placed: dict[str, int] = {}
    lines: dict[int, str] = {}
    for beat in beats:
        if beat.after is not None:
            first = placed[beat.after] + beat.gap[0]
            last = placed[beat.after] + beat.gap[1]
        else:
            assert beat.when is not None
            first, last = math.ceil(beat.when[0] * (n - 1)), math.floor(beat.when[1] * (n - 1))
            last = max(first, last)
        spots = [i for i in range(first, min(last, n - 1) + 1) if beat.who == ANYONE or _free(lines, i, beat.who)]
        if not spots:
            return None
        spots = [i for i in spots if i < n - 1] or spots  # the last message is an ending, not something new
        at = draw.choice(spots)
        placed[beat.id] = at
        if beat.who != ANYONE:
            lines[at] = beat.who
    return placed


def _free(lines: dict[int, str], i: int, who: str) -> bool:
    if i in lines:
        return False
    return who != LEAD or (lines.get(i - 1) != LEAD and lines.get(i + 1) != LEAD)


TRIES = 60
"""How many combinations of length, count and beat positions are tried before a script is given up."""

Pairs = list[tuple[int, list[int]]]
"""Numbers of messages, each with the counts of the lead's that are legal there."""


@dataclass(frozen=True, slots=True)
class SessionBrief:
    """What is decided of a session before it is composed."""

    scenario: Scenario
    cell: Cell
    topic: str
    angle: str
    seed: int
    id: str
    number: int
    """Place in the run, from 0."""
    attempt: int = 0
    messages: int | None = None
    """None: any number that is legal in the cell."""


class Composer:
    """Composes sessions of one world; what many of them have in common is worked out once."""

    def __init__(self, world: World) -> None:
        self._world, self._casting = world, casting.Casting(world)
        self._known: dict[tuple[str, Level, Length], Pairs] = {}

    def compose(self, brief: SessionBrief) -> SessionPlan:
        """Draws lengths, people, beats and hours for one session.

        Raises ContentError if the script's beats fit into no session of this cell.
        """
        scenario, cell, seed = brief.scenario, brief.cell, brief.seed
        beats = scenario.beats_in(cell.length)
        pairs = self._pairs(scenario, cell, brief.messages)
        setting, parts = self._setting(brief)
        words = rng.stream(seed, "words")
        names = {**parts, LEAD: setting.lead, **self._world.lead.called(), "topic": brief.topic, "angle": brief.angle}
        fill = {
            key: _filled(words.choice(self._fitting(variants, parts)), names) for key, variants in scenario.fill.items()
        }
        names |= fill
        for number in range(TRIES):
            draw = rng.stream(seed, "shape", number)
            n, counts = draw.choice(pairs)
            at = place(beats, n, draw)
            if at is None:
                continue
            lines = {at[beat.id]: names[beat.who] for beat in beats if beat.who != ANYONE}
            moves = turnings(self._world, setting, scenario, n, lines, rng.stream(seed, "later topics"))
            placed = tuple(
                _placed(beat, at[beat.id], {**names, **_come_to(at[beat.id], moves)}, words) for beat in beats
            )
            if 0 not in at.values():
                placed = (_bring_up(self._world, setting.cast, words, names), *placed)
            placed += tuple(_move_on(self._world, move, number, words) for number, move in enumerate(moves, 2))
            people = self._world, setting.cast
            plan = SessionPlan(
                setting=setting,
                script=Script(
                    seed=seed,
                    premise=_filled(scenario.premise, names),
                    parts=parts,
                    fill=fill,
                    mood=casting.moods(*people, rng.stream(seed, "mood")),
                    voices=casting.voices(self._world, setting, parts, cell.pattern, rng.stream(seed, "voices")),
                    beats=tuple(sorted(placed, key=lambda beat: beat.at)),
                    presence=casting.presence_changes(*people, n, placed, rng.stream(seed, "comings")),
                    expect=tuple(e for e in scenario.expect if e.after in at),
                    solution=scenario.solution,
                ),
                slot=Slot(
                    number=brief.number,
                    attempt=brief.attempt,
                    scenario=scenario.name,
                    pattern=cell.pattern,
                    length=cell.length,
                    messages=n,
                    lead_messages=draw.choice(counts),
                ),
            )
            if Participation.of(plan).feasible:
                return plan
        raise ContentError(
            f"its beats do not fit a {cell.length} {cell.engagement} session",
            place=f"scenarios/{scenario.pattern}/{scenario.name}.yaml",
            remedy="widen `when` and `gap`, or leave that level or length out",
        )

    def _setting(self, brief: SessionBrief) -> tuple[Setting, dict[str, str]]:
        """The setting, and who fills the slots of the scenario."""
        cell, seed = brief.cell, brief.seed
        begins = _time_of_day(rng.stream(seed, "hour"))
        parts, cast = self._casting.cast(
            brief.scenario, cell.length, cell.group, casting.hour_of(begins), rng.stream(seed, "cast")
        )
        setting = Setting(
            id=brief.id,
            channel=cell.channel,
            engagement=cell.engagement,
            lead=self._world.lead.nick,
            cast=cast,
            topic=brief.topic,
            angle=brief.angle,
            group=cell.group,
            begins=begins,
        )
        return setting, parts

    def _fitting(self, variants: Sequence[FillVariant], parts: Mapping[str, str]) -> list[str]:
        """The wordings that fit those who play the parts."""
        cards = self._world.personas
        return [v.text for v in variants if all(meets(cards[parts[slot]], tags) for slot, tags in v.needs.items())]

    def _pairs(self, scenario: Scenario, cell: Cell, messages: int | None) -> Pairs:
        if messages is not None:
            return pairs(self._world, scenario, cell.engagement, cell.length, messages)
        key = (scenario.name, cell.engagement, cell.length)
        if key not in self._known:
            self._known[key] = pairs(self._world, scenario, cell.engagement, cell.length)
        return self._known[key]


def pairs(world: World, scenario: Scenario, level: Level, length: Length, messages: int | None = None) -> Pairs:
    """Every legal number of messages with the legal counts of the lead's, enough for the script's own lines."""
    first, last = world.quota.lengths[length].messages
    if messages is not None:
        first, last = max(first, messages), min(last, messages)
    needed = scenario.lead_lines(length)
    band = world.engagement.bands[level]
    legal = [(n, [k for k in band.counts(n) if k >= max(needed, 1)]) for n in range(first, last + 1)]
    return [(n, counts) for n, counts in legal if counts]


def _filled(text: str, names: dict[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: names[found[1]], text)


def _placed(beat: Beat, at: int, names: dict[str, str], words: random.Random) -> PlacedBeat:
    """A beat at its message, with people and words filled in."""
    return PlacedBeat(
        id=beat.id,
        at=at,
        nick=None if beat.who == ANYONE else names[beat.who],
        to=names[beat.to] if beat.to else None,
        kind=beat.kind,
        note=_filled(words.choice(beat.note), names) if beat.note else "",
        opening=_filled(words.choice(beat.opening), names) if beat.opening else "",
        pressure=beat.pressure,
        silent=beat.silent,
    )


def _bring_up(world: World, cast: Sequence[str], words: random.Random, names: dict[str, str]) -> PlacedBeat:
    """The first line, by somebody who likes to talk: it comes to the topic."""
    policy = world.turns.bring_up
    return PlacedBeat(
        id=casting.BRING_UP,
        at=0,
        nick=words.choices(cast, [world.personas[nick].chattiness for nick in cast])[0],
        kind=casting.BRING_UP,
        note=_filled(words.choice(policy.note), names),
        opening=_filled(words.choice(policy.opening), names),
    )


def _move_on(world: World, move: Turning, number: int, words: random.Random) -> PlacedBeat:
    """The line that takes the talk to another topic. `number`: of the topic in the session, from 1."""
    policy, names = world.turns.later_topics, {"topic": move.subject.topic, "angle": move.subject.angle}
    return PlacedBeat(
        id=f"topic-{number}",
        at=move.at,
        nick=move.nick,
        kind=casting.BRING_UP,
        note=_filled(words.choice(policy.note), names),
        opening=_filled(words.choice(policy.opening), names),
        subject=move.subject,
    )


def _come_to(at: int, moves: Sequence[Turning]) -> dict[str, str]:
    """Topic and angle at a message, if the talk has moved on by then."""
    past = [move.subject for move in moves if move.at <= at]
    return {"topic": past[-1].topic, "angle": past[-1].angle} if past else {}


def _time_of_day(draw: random.Random) -> float:
    """Seconds after midnight; channels are busiest in the evening and never quite empty at night."""
    hour = draw.triangular(7, 29, 20) % 24
    return round(hour * 3600)
