"""Intervals against figures from the literature, and by how often they hold."""

from __future__ import annotations

import math

import pytest

from simulator import intervals, rng
from simulator.intervals import Figure


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson(hits: int, of: int, low: float, high: float) -> None:
    found = intervals.share(hits, of)
    assert found.low == pytest.approx(low, abs=1e-4) and found.high == pytest.approx(high, abs=1e-4)
    assert (found.value, found.n) == (hits / of, of)


def test_nothing_observed_is_no_figure() -> None:
    assert intervals.share(0, 0) is None
    assert intervals.mean([], 1, "x") is None
    assert intervals.ratio([(0.0, 0.0)], 1, "x") is None


@pytest.mark.parametrize("seed", range(3))
def test_the_bootstrap_holds_about_as_often_as_it_says(seed: int) -> None:
    draw = rng.stream(seed, "test")
    inside = 0
    for number in range(40):
        found = intervals.mean([draw.gauss(5, 2) for _ in range(30)], seed, number)
        inside += found.low <= 5 <= found.high
    assert inside >= 33  # 38 are expected; fewer than 33 have a chance below 1 in 100


def test_the_same_seed_and_name_give_the_same_interval() -> None:
    values = [number * number % 17 / 3 for number in range(12)]
    assert intervals.mean(values, 1, "a") == intervals.mean(values, 1, "a") != intervals.mean(values, 1, "b")


def test_sessions_are_drawn_whole() -> None:
    """Two sessions of one kind each: the share is as unsure as two observations, not as forty."""
    found = intervals.ratio([(20.0, 20.0), (0.0, 20.0)], 1, "x")
    assert (found.value, found.low, found.high, found.n) == (0.5, 0.0, 1.0, 2)


@pytest.mark.parametrize(("first", "second", "p"), [(0, 6, 0.03125), (5, 5, 1.0), (1, 9, 22 / 1024), (0, 0, 1.0)])
def test_mcnemar(first: int, second: int, p: float) -> None:
    pairs = [(True, False)] * first + [(False, True)] * second + [(True, True)] * 7
    assert math.isclose(intervals.mcnemar(pairs), p)


def test_apart() -> None:
    low, middle, high = Figure(0.1, 0.05, 0.15, 9), Figure(0.2, 0.16, 0.25, 9), Figure(0.3, 0.24, 0.4, 9)
    assert intervals.apart([low, middle]) and not intervals.apart([low, middle, high])
