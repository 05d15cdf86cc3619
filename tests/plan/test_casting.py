"""Parts go to people whose cards say that they do what the part needs, and so do the words that are filled in."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from simulator import rng
from simulator.plan.casting import Casting
from simulator.plan.composing import Composer, SessionBrief
from simulator.plan.planner import Planner
from simulator.plan.quota import Cell
from simulator.world.scenario import Scenario
from simulator.world.strict import within
from simulator.world.world import World
from tests.worlds import shipped

CODERS, DIVERS = 3, 1


@pytest.fixture(scope="module")
def world() -> World:
    """The shipped one, in which three people code and one of them dives."""
    shipped_world = shipped()
    does = {person.nick: ("codes",) for person in shipped_world.people[:CODERS]}
    does[shipped_world.people[0].nick] = ("codes", "dives")
    cards = {
        nick: card.model_copy(update={"does": does.get(nick, ())}) for nick, card in shipped_world.personas.items()
    }
    return replace(shipped_world, personas=cards, scenarios={}, gaps=shipped_world.gaps)


def script(slots: dict[str, object], fill: dict[str, object] | None = None) -> Scenario:
    beats = [
        {"id": name, "who": name, "when": [0.1 + 0.2 * i, 0.2 + 0.2 * i], "note": ["say something"]}
        for i, name in enumerate(slots)
    ]
    return Scenario.model_validate(
        {
            "name": "trial",
            "pattern": "participation",
            "heading": "trial",
            "premise": "Somebody dives.",
            "channels": ["#general"],
            "slots": slots,
            "fill": fill or {},
            "beats": beats,
        }
    )


@pytest.mark.parametrize(
    "slots",
    [
        {"coder": {"needs": ["codes"]}},
        {"coder": {"needs": ["codes"]}, "diver": {"needs": ["dives"]}},  # the one who dives must not go to the coder
        {"one": {"needs": ["codes"]}, "two": {"needs": ["codes"]}, "three": {"needs": ["codes", "dives"]}},
    ],
)
def test_a_part_goes_to_somebody_who_does_what_it_needs(world: World, slots: dict[str, dict[str, list[str]]]) -> None:
    casting, scenario = Casting(world), script(dict(slots))
    for seed in range(50):
        parts, cast = casting.cast(scenario, "short", "everyday", 20, rng.stream(seed, "cast"))
        assert set(parts.values()) <= set(cast) and len(set(parts.values())) == len(slots)
        for name, slot in slots.items():
            assert set(slot["needs"]) & set(world.personas[parts[name]].does)


def test_nobody_gets_a_part_that_the_card_rules_out(world: World) -> None:
    casting, scenario = Casting(world), script({"one": {"needs": ["codes"], "unless": ["dives"]}})
    diver = world.people[0].nick
    chosen = {casting.cast(scenario, "short", "everyday", 20, rng.stream(s, "cast"))[0]["one"] for s in range(60)}
    assert diver not in chosen and len(chosen) == CODERS - DIVERS


@pytest.mark.parametrize(("utc", "night_in"), [(2, "Europe/London"), (17, "Asia/Tokyo"), (12, None)])
def test_a_part_of_the_night_goes_to_where_it_is_night(world: World, utc: int, night_in: str | None) -> None:
    """A zone for each half of the people; at noon UTC it is night for neither, and anybody will do."""
    zones = ("Europe/London", "Asia/Tokyo")
    half = len(world.people) // 2
    cards = {
        **world.personas,
        **{
            person.nick: person.model_copy(update={"timezone": zones[number < half], "hours": None})
            for number, person in enumerate(world.people)
        },
    }
    casting = Casting(replace(world, personas=cards, gaps=world.gaps))
    scenario = script({"owl": {"hours": [23, 5]}, "other": {}})
    owls = {
        cards[casting.cast(scenario, "short", "everyday", utc, rng.stream(seed, "cast"))[0]["owl"]].timezone
        for seed in range(60)
    }
    assert owls == ({night_in} if night_in else set(zones))


def test_people_come_at_their_own_hours() -> None:
    """Every shipped card has a time zone, and who has hours is seldom there outside of them."""
    world = shipped()
    assert all(person.timezone for person in world.people) and world.lead.timezone is None
    casting, there, drawn = Casting(world), 0, 0
    scenario = script({})
    for seed in range(300):
        hour = seed % 24
        _, cast = casting.cast(scenario, "short", "everyday", hour, rng.stream(seed, "cast"))
        timed = [world.personas[nick] for nick in cast if world.personas[nick].hours is not None]
        drawn += len(timed)
        there += sum(within(card.hour(hour * 3600), card.hours or (0, 23)) for card in timed)
    assert there / drawn > 0.8


def test_who_brings_a_topic_up_is_there_for_some_of_the_talk_about_it() -> None:
    planner, openers = Planner(shipped(), 5), 0
    for plan in map(planner.plan, range(60)):
        for beat in plan.script.beats:
            if beat.kind != "bring-up":
                continue
            openers += 1
            until = min(plan.messages - 1, beat.at + plan.messages // 4)
            moves = [c for c in plan.script.presence if c.nick == beat.nick and beat.at < c.at <= until]
            assert not [change for change in moves if change.kind in ("part", "away")], (plan.id, beat.at, moves)
    assert openers > 60


def test_words_are_filled_in_that_fit_the_person(world: World) -> None:
    scenario = script(
        {"speaker": {}}, {"thing": ["a lamp", {"text": "a reef", "needs": {"speaker": ["dives", "codes"]}}]}
    )
    composer = Composer(world)
    drawn: Counter[tuple[str, bool]] = Counter()
    for seed in range(400):
        cell = Cell("LOW", "#general", "short", "participation", "everyday")
        plan = composer.compose(SessionBrief(scenario, cell, "lamps", "old ones", seed, "s00000", 0))
        does = world.personas[plan.script.parts["speaker"]].does
        drawn[plan.script.fill["thing"], bool(does)] += 1
    assert drawn["a reef", False] == 0
    assert drawn["a reef", True] > 0 and drawn["a lamp", True] > 0
