"""Weights: they always add up, never leap, and say why."""

from __future__ import annotations

import pytest

from simulator import rng
from simulator.gaps.patch import moved


@pytest.mark.parametrize("seed", range(40))
def test_any_weights_stay_valid(seed: int) -> None:
    draw = rng.stream(seed, "weights")
    raw = [draw.random() ** 3 for _ in range(draw.randrange(1, 9))]
    weights = {f"g{i}": value / sum(raw) for i, value in enumerate(raw)}
    reasons = {key: ["because"] for key in weights if draw.random() < 0.4}
    fixed = frozenset(key for key in weights if draw.random() < 0.2)
    axis = moved("topics", weights, reasons, step=0.05, least=0.01, fixed=fixed)
    assert sum(axis.after.values()) == pytest.approx(1, abs=1e-9) and list(axis.after) == list(weights)
    for key, weight in axis.after.items():
        change = weight - weights[key]
        assert abs(change) <= 0.0511, "a step, and what rounding to thousandths adds"
        assert weight >= min(0.01, weights[key]) - 0.001
        if axis.moved and key in fixed:
            assert abs(change) <= 0.001
        if axis.moved and key in axis.reasons:
            assert change > -0.001
    assert not axis.moved or axis.reasons


STILL = {
    "no reason": {},
    "a reason for each": {"a": ["x"], "b": ["x"], "c": ["x"]},
    "a reason for what is not there": {"z": ["x"]},
}


@pytest.mark.parametrize("case", STILL)
def test_nothing_moves(case: str) -> None:
    weights = {"a": 0.5, "b": 0.3, "c": 0.2}
    axis = moved("x", weights, STILL[case], step=0.05, least=0.01)
    assert not axis.moved and axis.after == weights


def test_what_is_raised_is_taken_in_proportion() -> None:
    axis = moved("x", {"a": 0.21, "b": 0.41, "c": 0.38}, {"c": ["n"]}, step=0.03, least=0.01)
    assert axis.after == {"a": 0.2, "b": 0.39, "c": 0.41} and axis.reasons == {"c": ("n",)}


def test_small_weights_are_not_taken_from() -> None:
    assert not moved("x", {"a": 0.01, "b": 0.99}, {"b": ["n"]}, step=0.05, least=0.01).moved
