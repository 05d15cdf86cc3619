"""Who is in the channel for a session: the cast, their mood, and their comings and goings."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence

from simulator.plan.session_plan import Coming, PlacedBeat
from simulator.world.persona import Persona, Role
from simulator.world.scenario import Scenario
from simulator.world.world import World

OUT_OF_HOURS = 0.12
"""Weight of somebody who is usually elsewhere at this time of day."""
FRIEND = 2.5
"""Weight of somebody who knows one of those already there: people come where their friends are."""


def hour_of(begins: float) -> int:
    return int(begins // 3600) % 24


def there(persona: Persona, hour: int) -> bool:
    """True if the person is usually in the channel at that hour."""
    if persona.hours is None:
        return True
    first, last = persona.hours
    return first <= hour <= last if first <= last else hour >= first or hour <= last


def cast(
    world: World, scenario: Scenario, length: str, group: str, hour: int, draw: random.Random
) -> tuple[dict[str, str], tuple[str, ...]]:
    """(slot -> nick, every nick besides the lead's). The script's slots are filled first, then the room."""
    fewest, most = world.turns.cast.people[length]
    size = max(draw.randint(fewest, most), len(scenario.slots))
    chosen: dict[str, Persona] = {}
    friends: set[str] = set()
    """Everybody who knows one of the chosen."""
    weight = {
        person.nick: (1.0 if there(person, hour) else OUT_OF_HOURS) * person.interests.get(group, 1.0) ** 0.5
        for person in world.people
    }

    def pick(among: Iterable[Persona]) -> Persona | None:
        free = [person for person in among if person.nick not in chosen]
        if not free:
            return None
        weights = [weight[p.nick] * (FRIEND if p.nick in friends else 1.0) for p in free]
        person = draw.choices(free, weights)[0]
        chosen[person.nick] = person
        friends.update(world.ties[person.nick])
        return person

    slots: dict[str, str] = {}
    for name, slot in scenario.slots.items():
        fit = [p for p in world.people if slot.role in (None, p.role)]
        known = slots.get(slot.tied_to or "")
        person = pick(p for p in fit if known and world.ties.has_edge(p.nick, known)) or pick(fit)
        assert person is not None, "World has checked that every slot can be filled"
        slots[name] = person.nick
    passing = round(size * world.turns.cast.passersby) - sum(p.role is Role.PASSERBY for p in chosen.values())
    while len(chosen) < size:
        role = Role.PASSERBY if passing > 0 else Role.REGULAR
        passing -= 1
        if pick(p for p in world.people if p.role is role) is None and pick(world.people) is None:
            break
    nicks = list(chosen)
    draw.shuffle(nicks)
    return slots, tuple(nicks)


def moods(world: World, cast: Sequence[str], draw: random.Random) -> dict[str, float]:
    return {nick: round(draw.lognormvariate(0.0, world.turns.cast.mood), 3) for nick in cast}


def comings(
    world: World, cast: Sequence[str], n: int, beats: Sequence[PlacedBeat], draw: random.Random
) -> tuple[Coming, ...]:
    """Late arrivals, early leavings, and times away, in order of message; who has a line in the script is there for it.

    A passerby comes in after the session began and leaves before it ends; a few regulars do either.
    """
    policy = world.turns.cast
    found: list[Coming] = []
    lines: Mapping[str, list[int]] = {
        nick: [beat.at for beat in beats if nick in (beat.nick, beat.to)] for nick in cast
    }
    for nick in cast:
        persona = world.personas[nick]
        passing = persona.role is Role.PASSERBY
        first, last = min(lines[nick], default=n), max(lines[nick], default=0)
        arrives = 0
        if (passing or draw.random() < policy.late) and first > 1:
            arrives = draw.randint(1, max(1, min(first, n - 4 if passing else n // 2) - 1))
            found.append(Coming(at=arrives, nick=nick, kind="join"))
        leaves = n
        stay = max(arrives, last) + max(3, n // 5)
        if draw.random() < (0.7 if passing else policy.leave) and stay < n:
            leaves = draw.randint(stay, n - 1)
            found.append(Coming(at=leaves, nick=nick, kind="part"))
        if persona.habits.away and draw.random() < policy.away and leaves - arrives >= 8:
            goes = draw.randint(arrives + 2, leaves - 4)
            back = draw.randint(goes + 2, leaves - 1)
            if not any(goes <= at <= back for at in lines[nick]):
                found += [Coming(at=goes, nick=nick, kind="away"), Coming(at=back, nick=nick, kind="back")]
    return tuple(sorted(found, key=lambda c: (c.at, c.nick, c.kind)))
