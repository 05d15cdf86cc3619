"""What holds for every planned session, and for many of them together."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from simulator.errors import UsageError
from simulator.llm.model import Purpose
from simulator.llm.prices import Price
from simulator.plan.forecast import Overhead, coverage, forecast_run, shares, tokens
from simulator.plan.participation import Participation
from simulator.plan.planner import Planner, single
from simulator.world.persona import Pronouns, Role
from tests.layout import LEVELS
from tests.worlds import shipped

PLANNER = Planner(shipped(), 3)
PLANS = [PLANNER.plan(slot) for slot in range(400)]


def test_the_same_seed_plans_the_same_in_any_order() -> None:
    other = Planner(shipped(), 3)
    assert [other.plan(slot) for slot in (7, 3, 0)] == [PLANS[7], PLANS[3], PLANS[0]]
    assert Planner(shipped(), 4).plan(0) != PLANS[0]


def test_every_plan_is_legal() -> None:
    world = shipped()
    for plan in PLANS:
        fewest, most = world.quota.lengths[plan.cell.length].messages
        assert fewest <= plan.messages <= most
        assert plan.lead_messages in world.engagement.bands[plan.setting.engagement].counts(plan.messages)
        assert Participation.of(plan).feasible
        least, largest = world.turns.cast.people[plan.cell.length]
        assert min(least, len(plan.setting.cast)) <= len(plan.setting.cast) <= max(largest, len(plan.script.parts))
        for slot, nick in plan.script.parts.items():
            role = world.scenarios[plan.scenario].slots[slot].role
            assert nick in plan.setting.cast and role in (None, world.personas[nick].role)
        assert not any("{" in beat.note + beat.opening for beat in plan.script.beats)
        assert "{" not in plan.script.premise


def test_who_has_a_line_is_there_to_say_it() -> None:
    for plan in PLANS:
        for beat in plan.script.beats:
            comings = [c for c in plan.script.presence if c.nick == beat.nick and c.at <= beat.at]
            if beat.nick in plan.setting.cast:
                late = any(c.nick == beat.nick and c.kind == "join" for c in plan.script.presence)
                assert comings[-1].kind in ("join", "back") if comings else not late, (plan.id, beat.id)


def test_lengths_and_counts_use_their_whole_range() -> None:
    seen: dict[tuple[str, str], set[int]] = defaultdict(set)
    for plan in PLANS:
        seen[plan.cell.length, "n"].add(plan.messages)
        seen[plan.setting.engagement, plan.cell.length].add(plan.lead_messages)
    assert seen["short", "n"] == set(range(10, 21))
    assert len(seen["long", "n"]) > 30
    assert seen["LOW", "short"] == {1, 2}
    assert seen["MEDIUM", "short"] == {2, 3, 4}
    assert seen["HIGH", "short"] == {3, 4, 5, 6, 7}
    assert len(seen["HIGH", "long"]) > 10


def test_no_topic_comes_again_before_its_group_is_used_up() -> None:
    used: dict[str, Counter[str]] = defaultdict(Counter)
    for plan in PLANS:
        used[plan.setting.group][plan.topic] += 1
    for group, count in used.items():
        rounds = count.total() / len(shipped().topics[group])
        assert max(count.values()) <= int(rounds) + 1


def test_scripts_take_turns_with_levels_and_channels_varied() -> None:
    plans = [PLANNER.plan(slot) for slot in range(700)]
    count = Counter(plan.scenario for plan in plans)
    assert set(count) == set(shipped().scenarios)
    assert min(count.values()) >= 2, "each core scenario two or three times at least"
    several = [name for name, n in count.items() if n >= 4]
    levels = {
        name: {(p.setting.engagement, p.setting.channel) for p in plans if p.scenario == name} for name in several
    }
    assert all(len(kinds) >= 2 for kinds in levels.values())


def test_a_rejected_session_is_replaced_by_one_for_the_same_place() -> None:
    for slot in (0, 5, 11):
        first, second = PLANNER.plan(slot), PLANNER.plan(slot, 1)
        same = ("engagement", "channel", "group", "topic")
        assert all(getattr(first.setting, field) == getattr(second.setting, field) for field in same)
        assert first.cell == second.cell
        assert (first.script.seed, first.id) != (second.script.seed, second.id)


def test_casts_are_like_real_channels() -> None:
    """A few loud, many quiet, some passing through; nobody in every session."""
    casts = [plan.setting.cast for plan in PLANS if plan.cell.length == "short"]
    passing = [sum(shipped().personas[nick].role is Role.PASSERBY for nick in cast) / len(cast) for cast in casts]
    assert 0.1 < sum(passing) / len(passing) < 0.35
    often = Counter(nick for cast in casts for nick in cast)
    assert often.most_common(1)[0][1] < 0.5 * len(casts)
    assert len(often) == len(shipped().people)


@pytest.mark.parametrize("level", LEVELS)
def test_a_single_session_is_what_was_asked_for(level: str) -> None:
    plan = single(shipped(), 1, engagement=level, channel="#shoggoth", messages=100)
    assert (plan.setting.engagement, plan.setting.channel, plan.messages) == (level, "#shoggoth", 100)
    scenario = next(iter(shipped().scenarios))
    assert single(shipped(), 1, scenario=scenario).scenario == scenario


def test_a_single_session_that_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError):
        single(shipped(), 1, engagement="MEDIUM", messages=14)


def test_the_content_serves_every_cell() -> None:
    found = coverage(shipped())
    assert not found.empty and not found.unused
    assert min(len(names) for names in found.served.values()) >= 5


def test_the_forecast_run_sums_the_plans() -> None:
    found = forecast_run(shipped(), 3, sessions=100)
    assert found.messages == sum(plan.messages for plan in PLANS[:100])
    assert found.lead_messages == sum(plan.lead_messages for plan in PLANS[:100])
    assert all(
        abs(row["count"] - row["target"] * 100) <= 1 + 1e-9
        for values in shares(shipped(), found).values()
        for row in values.values()
    )
    assert forecast_run(shipped(), 3, megabytes=0.2).bytes >= 200_000


def test_the_forecast_run_counts_the_judge_and_the_sessions_that_are_not_kept() -> None:
    plain = forecast_run(shipped(), 3, sessions=50)
    judged = forecast_run(shipped(), 3, sessions=50, overhead=Overhead(judged=True, oversample=1.4))
    assert Purpose.JUDGE not in plain.tokens and judged.tokens[Purpose.JUDGE].completion > 0
    assert judged.calls == pytest.approx((plain.calls + 50) * 1.4)
    assert judged.tokens[Purpose.LEAD].prompt == pytest.approx(plain.tokens[Purpose.LEAD].prompt * 1.4)
    assert judged.counts == plain.counts


def test_caching_makes_it_cheaper_and_never_free() -> None:
    needed = tokens(PLANS[0], shipped())
    price = Price(1e-6, cached=1e-7, written=1.25e-6, completion=4e-6)
    for purpose in (Purpose.PEOPLE, Purpose.LEAD):
        assert 0 < needed[purpose].usd(price, caching=True) < needed[purpose].usd(price, caching=False)
        assert needed[purpose].cached + needed[purpose].written < needed[purpose].prompt


@pytest.mark.parametrize(
    ("pronouns", "shown"),
    [
        (None, "They ask Em if Em is a bot. Em says so; it was Em's turn, Em's alone, by Em."),
        (
            {"they": "he", "them": "him", "their": "his", "theirs": "his", "themself": "himself"},
            "They ask Em if he is a bot. He says so; it was his turn, his alone, by himself.",
        ),
    ],
)
def test_scripts_call_the_lead_as_the_card_says(pronouns: dict[str, str] | None, shown: str) -> None:
    world = shipped()
    lead = world.lead.model_copy(update={"pronouns": Pronouns(**pronouns) if pronouns else None})
    name, script = next((name, script) for name, script in world.scenarios.items() if not script.fill)
    text = "They ask {lead} if {lead.they} is a bot. {lead.They} says so; it was {lead.their} turn, "
    text += "{lead.theirs} alone, by {lead.themself}."
    scenarios = {**world.scenarios, name: script.model_copy(update={"premise": text})}
    other = replace(world, personas={**world.personas, lead.nick: lead}, scenarios=scenarios)
    assert single(other, 1, scenario=name).script.premise == shown
