"""Who is in the channel for a session: the cast, their mood, and their comings and goings."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from simulator.plan.session_plan import VOICE_OF_A_PART, VOICE_OF_OTHERS, PlacedBeat, PresenceChange, Setting
from simulator.world.persona import Persona, Role
from simulator.world.phrases import folded
from simulator.world.scenario import CastSlot, Scenario
from simulator.world.strict import Length, within
from simulator.world.world import World

OUT_OF_HOURS = 0.12
"""Weight of somebody who is usually elsewhere at this time of day."""
FRIEND = 2.5
"""Weight of somebody who knows one of those already there: people come where their friends are."""


HOUR = 3600
"""Seconds."""


def hour_of(begins: float) -> int:
    """Hour of the day, 0 to 23, UTC. `begins`: seconds after midnight."""
    return int(begins // HOUR) % 24


def there(persona: Persona, hour: int) -> bool:
    """True if the person is usually in the channel at that hour, UTC."""
    return persona.hours is None or within(persona.hour(hour * HOUR), persona.hours)


Weights = dict[str, float]
"""Nick to how likely that person is to be picked next, in the order of the nicks."""


TELLING = 6
"""Words from which on an example line says something about how a person types: a shorter one is shown with another."""
BRING_UP, STAYS_FOR = "bring-up", 4
"""The kind of beat that brings a topic up; whoever does so is there for a quarter of a session's messages after it."""
REFUSAL = "refusal"
"""The signal of `policies/style.yaml` that a no shows."""


class Casting:
    """Casts sessions of one world; who likes to come when is worked out once for each hour and topic group."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._role = {person.nick: person.role for person in world.people}
        self._friends = {nick: tuple(friend for friend in world.ties[nick]) for nick in self._role}
        self._weights: dict[tuple[str, int], dict[Role | None, Weights]] = {}
        self._parts: dict[str, list[tuple[str, CastSlot]]] = {}

    def cast(
        self, scenario: Scenario, length: Length, group: str, hour: int, draw: random.Random
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        """(slot -> nick, every nick besides the lead's). The script's slots are filled first, then the room."""
        policy = self._world.turns.cast
        fewest, most = policy.people[length]
        size = max(draw.randint(fewest, most), len(scenario.slots))
        free = {role: weights.copy() for role, weights in self._of(group, hour).items()}
        """By role, and under None all together: who is not chosen yet."""
        chosen: list[str] = []
        friends: set[str] = set()
        """Everybody who knows one of the chosen."""

        def pick(among: Weights) -> str | None:
            if not among:
                return None
            nick = draw.choices(list(among), list(among.values()))[0]
            chosen.append(nick)
            del free[None][nick], free[self._role[nick]][nick]
            for friend in self._friends[nick]:
                if friend in free[None] and friend not in friends:
                    free[None][friend] *= FRIEND
                    free[self._role[friend]][friend] *= FRIEND
            friends.update(self._friends[nick])
            return nick

        slots: dict[str, str] = {}
        for name, slot in self._scarcest_first(scenario):
            fit = {n: weight for n, weight in free[slot.role].items() if slot.suits(self._world.personas[n])}
            tied = {slot.tied_to, *(other for other, each in scenario.slots.items() if each.tied_to == name)}
            known = {friend for other in tied if other in slots for friend in self._friends[slots[other]]}
            if slot.hours is not None:
                timely = {n for n in fit if within(self._world.personas[n].hour(hour * HOUR), slot.hours)}
                fit = {n: weight for n, weight in fit.items() if n in timely} or fit
            nick = pick({n: weight for n, weight in fit.items() if n in known}) or pick(fit)
            assert nick is not None, "World has checked that every slot can be filled"
            slots[name] = nick
        passing = round(size * policy.passersby) - sum(self._role[nick] is Role.PASSERBY for nick in chosen)
        while len(chosen) < size:
            role = Role.PASSERBY if passing > 0 else Role.REGULAR
            passing -= 1
            if pick(free[role]) is None and pick(free[None]) is None:
                break
        draw.shuffle(chosen)
        return slots, tuple(chosen)

    def _scarcest_first(self, scenario: Scenario) -> list[tuple[str, CastSlot]]:
        """The parts, those first that the fewest can play."""
        if scenario.name not in self._parts:
            fit = {name: sum(map(slot.suits, self._world.people)) for name, slot in scenario.slots.items()}
            self._parts[scenario.name] = sorted(scenario.slots.items(), key=lambda part: fit[part[0]])
        return self._parts[scenario.name]

    def _of(self, group: str, hour: int) -> dict[Role | None, Weights]:
        """Role to the weights of its people before friendship; None: everybody."""
        if (group, hour) not in self._weights:
            everybody = {
                person.nick: (1.0 if there(person, hour) else OUT_OF_HOURS) * person.interests.get(group, 1.0) ** 0.5
                for person in self._world.people
            }
            by_role: dict[Role | None, Weights] = {
                role: {nick: weight for nick, weight in everybody.items() if self._role[nick] is role} for role in Role
            }
            self._weights[group, hour] = {None: everybody, **by_role}
        return self._weights[group, hour]


def voices(
    world: World, setting: Setting, parts: Mapping[str, str], pattern: str, draw: random.Random
) -> dict[str, tuple[int, ...]]:
    """Which example lines of each card a prompt shows: more of those who have a part, and over a run every line.

    The lead's begin with one that fits the pattern, and a no is among them; lines kept for other patterns are left out.
    """
    with_part = {*parts.values(), setting.lead}
    found = {
        nick: _voice(world.personas[nick], VOICE_OF_A_PART if nick in with_part else VOICE_OF_OTHERS, pattern, draw)
        for nick in setting.members
    }
    return {**found, setting.lead: _with_a_refusal(world, found[setting.lead], pattern, draw)}


def _with_a_refusal(world: World, chosen: tuple[int, ...], pattern: str, draw: random.Random) -> tuple[int, ...]:
    """The lead's lines, one of them a no, if the card has one that suits the pattern: a model that only continues
    text knows of it from there alone."""
    card, refusal = world.lead, world.style.shown[REFUSAL]
    refusing = [number for number, line in enumerate(card.voice) if any(True for _ in refusal.find(folded(line)))]
    kept = {number for of, numbers in card.voice_for.items() if of != pattern for number in numbers}
    fit = [number for number in refusing if number not in kept]
    return chosen if not fit or not set(chosen).isdisjoint(refusing) else (*chosen[:-1], draw.choice(fit))


def _voice(persona: Persona, count: int, pattern: str, draw: random.Random) -> tuple[int, ...]:
    own = list(persona.voice_for.get(pattern, ()))
    kept = {number for numbers in persona.voice_for.values() for number in numbers}
    free = [number for number in range(len(persona.voice)) if number not in kept]
    first = draw.sample(own, min(len(own), 1 if len(own) + len(free) > count else count))
    rest = [number for number in (*own, *free) if number not in first]
    more = draw.sample(rest, len(rest))
    chosen = [*first, *more[: max(0, count - len(first))]]
    left = more[len(chosen) - len(first) :]
    telling = [number for number in range(len(persona.voice)) if len(persona.voice[number].split()) >= TELLING]
    if left and not set(telling) & set(chosen):
        chosen.append(next((number for number in left if number in telling), left[0]))
    return tuple(chosen or range(min(count, len(persona.voice))))


def moods(world: World, cast: Sequence[str], draw: random.Random) -> dict[str, float]:
    """Each one's factor on chattiness in a session, above 0."""
    return {nick: round(draw.lognormvariate(0.0, world.turns.cast.mood), 3) for nick in cast}


def presence_changes(
    world: World, cast: Sequence[str], n: int, beats: Sequence[PlacedBeat], draw: random.Random
) -> tuple[PresenceChange, ...]:
    """Late arrivals, early leavings, and times away, in order of message; who has a line in the script is there for it.

    A passerby comes in after the session began and leaves before it ends; a few regulars do either. Who brings a topic
    up stays for some of the talk about it.
    """
    policy = world.turns.cast
    found: list[PresenceChange] = []
    lines: dict[str, list[int]] = {nick: [] for nick in cast}
    for beat in beats:
        for nick in lines.keys() & {beat.nick, beat.to}:
            lines[nick].append(beat.at)
            if beat.kind == BRING_UP and nick == beat.nick:
                lines[nick] += range(beat.at + 1, min(n - 1, beat.at + n // STAYS_FOR) + 1)
    for nick in cast:
        persona = world.personas[nick]
        passing = persona.role is Role.PASSERBY
        first, last = min(lines[nick], default=n), max(lines[nick], default=0)
        arrives = 0
        if (passing or draw.random() < policy.late) and first > 1:
            arrives = draw.randint(1, max(1, min(first, n - 4 if passing else n // 2) - 1))
            found.append(PresenceChange(at=arrives, nick=nick, kind="join"))
        leaves = n
        stay = max(arrives, last) + max(3, n // 5)
        if draw.random() < (0.7 if passing else policy.leave) and stay < n:
            leaves = draw.randint(stay, n - 1)
            found.append(PresenceChange(at=leaves, nick=nick, kind="part"))
        if persona.habits.away and draw.random() < policy.away and leaves - arrives >= 8:
            goes = draw.randint(arrives + 2, leaves - 4)
            back = draw.randint(goes + 2, leaves - 1)
            if not any(goes <= at <= back for at in lines[nick]):
                found += [
                    PresenceChange(at=goes, nick=nick, kind="away"),
                    PresenceChange(at=back, nick=nick, kind="back"),
                ]
    return tuple(sorted(found, key=lambda c: (c.at, c.nick, c.kind)))
