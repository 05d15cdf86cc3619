"""The arithmetic of participation for every length and band: which counts are legal, and that each can be played."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.plan.participation import Participation
from simulator.world.policy import Band
from tests.layout import LEVELS
from tests.worlds import shipped

LENGTHS = range(1, 201)
EXACT = {
    "LOW": (Fraction(5, 100), Fraction(10, 100)),
    "MEDIUM": (Fraction(15, 100), Fraction(20, 100)),
    "HIGH": (Fraction(25, 100), Fraction(35, 100)),
}
"""The plan's bands, without the errors of binary fractions."""


def played(budget: Participation, wish: Callable[[int, int], bool]) -> list[int]:
    """Where she speaks if she does whenever she may and wishes to, or must."""
    hers: list[int] = []
    just = False
    for i in range(budget.n):
        spoken = len(hers)
        just = budget.must_speak(i, spoken, just) or (budget.may_speak(i, spoken, just) and wish(i, spoken))
        if just:
            hers.append(i)
    return hers


@pytest.mark.parametrize("level", LEVELS)
def test_the_legal_counts_of_every_length_are_the_whole_numbers_in_the_band(level: str) -> None:
    least, most = EXACT[level]
    band = shipped().engagement.bands[level]
    for n in LENGTHS:
        assert list(band.counts(n)) == [k for k in range(n + 1) if least * n <= k <= most * n], n


@pytest.mark.parametrize("level", LEVELS)
def test_every_legal_count_of_every_length_can_be_played(level: str) -> None:
    """As early as she may, as late as she must, and by the pressure that the scheduler sees."""
    draw, counted = random.Random(3), 0
    for n in LENGTHS:
        for k in shipped().engagement.bands[level].counts(n):
            budget = Participation(n, k)
            assert budget.feasible, (n, k)

            def pressed(i: int, spoken: int, budget: Participation = budget) -> bool:
                return draw.random() < budget.pressure(i, spoken)

            early, late = played(budget, lambda i, spoken: True), played(budget, lambda i, spoken: False)
            drawn = played(budget, pressed)
            for hers in (early, late, drawn):
                assert len(hers) == k and all(b - a > 1 for a, b in pairwise(hers)), (n, k, hers)
            assert all(a <= c <= b for a, b, c in zip(early, late, drawn, strict=True)), (n, k)
            counted += 1
    assert counted == sum(len(shipped().engagement.bands[level].counts(n)) for n in LENGTHS) > 500


@pytest.mark.parametrize("n", [1, 2, 3, 4, 9, 10, 11, 50])
def test_what_cannot_be_played_says_so(n: int) -> None:
    """She never has two messages in a row, so at most every other one is hers."""
    assert [k for k in range(n + 2) if Participation(n, k).feasible] == list(range((n + 1) // 2 + 1))


@given(st.floats(1e-6, 1), st.floats(1e-6, 1), st.integers(0, 5000))
def test_odd_bands(one: float, other: float, n: int) -> None:
    if one == other:
        return
    band = Band(least=min(one, other), most=max(one, other))
    counts = band.counts(n)
    assert all(0 <= k <= n and band.least * n - 1e-6 <= k <= band.most * n + 1e-6 for k in counts)
    inside = [k for k in range(n + 1) if band.least * n + 1e-6 < k < band.most * n - 1e-6]
    assert not inside or (inside[0] in counts and inside[-1] in counts)
    for k in {*counts[:1], *counts[-1:]}:
        budget = Participation(n, k) if n else None
        if budget is not None and budget.feasible:
            assert len(played(budget, lambda i, spoken: i % 3 == 0)) == k
