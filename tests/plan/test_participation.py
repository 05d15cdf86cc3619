"""The lead's budget: whatever chance does between `may` and `must`, the session ends with exactly k."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from simulator.plan.participation import Participation
from tests.worlds import shipped


@st.composite
def budgets(draw: st.DrawFn) -> Participation:
    n = draw(st.integers(2, 120))
    spots = st.integers(0, n - 1)
    hers = draw(st.sets(spots, max_size=4))
    assume(all(i + 1 not in hers for i in hers))
    closed = draw(st.sets(spots, max_size=n // 3)) - hers
    budget = Participation(n, draw(st.integers(0, n // 2)), scripted=hers, closed=closed)
    assume(budget.feasible)
    return budget


@given(budgets(), st.integers(), st.floats(0, 1))
def test_any_play_between_may_and_must_ends_with_exactly_k(budget: Participation, seed: int, eager: float) -> None:
    draw = random.Random(seed)
    spoken, just_spoke, silent_where_closed = 0, False, True
    for i in range(budget.n):
        must, may = budget.must_speak(i, spoken, just_spoke), budget.may_speak(i, spoken, just_spoke)
        speaks = must or (may and draw.random() < eager)
        silent_where_closed &= not (speaks and i in budget.closed)
        assert not (speaks and just_spoke)
        spoken, just_spoke = spoken + speaks, speaks
    assert spoken == budget.k
    assert silent_where_closed


@given(budgets(), st.integers(0, 119), st.integers(0, 60))
def test_pressure_is_a_probability(budget: Participation, i: int, spoken: int) -> None:
    assume(i < budget.n)
    assert 0 <= budget.pressure(i, spoken) <= 1


def test_less_pressure_moves_her_messages_forward() -> None:
    """Asked to dial it back at the middle, she spends most of the same budget before it."""
    before = []
    for factor in (0.3, 1.0, 1.6):
        draw, total = random.Random(1), 0
        for _ in range(300):
            budget = Participation(100, 18, pressures={50: factor})
            spoken, just_spoke = 0, False
            for i in range(100):
                chance = budget.pressure(i, spoken)
                must, may = budget.must_speak(i, spoken, just_spoke), budget.may_speak(i, spoken, just_spoke)
                just_spoke = must or (may and draw.random() < chance)
                spoken += just_spoke
                total += just_spoke and i < 50
            assert spoken == 18
        before.append(total / 300)
    assert before[0] > before[1] + 2 > before[2] + 3


@pytest.mark.parametrize(
    ("level", "n", "counts"),
    [
        ("LOW", 10, [1]), ("LOW", 20, [1, 2]), ("LOW", 80, [4, 5, 6, 7, 8]), ("LOW", 19, [1]),
        ("MEDIUM", 14, []), ("MEDIUM", 20, [3, 4]), ("MEDIUM", 100, [15, 16, 17, 18, 19, 20]),
        ("HIGH", 10, [3]), ("HIGH", 12, [3, 4]), ("HIGH", 20, [5, 6, 7]),
    ],
)  # fmt: skip
def test_legal_counts_are_the_plans_bands_in_whole_messages(level: str, n: int, counts: list[int]) -> None:
    assert list(shipped().engagement.bands[level].counts(n)) == counts
