"""When a share is met, and from how many sessions on that can be said."""

from __future__ import annotations

import math

import pytest

from simulator.plan.quota import LEVEL, Standing, enough, standing
from simulator.world.policy import QuotaPolicy
from tests.worlds import shipped


@pytest.mark.parametrize(
    ("count", "sessions", "target", "finished", "told"),
    [
        (0, 0, 0.4, True, Standing.FEW),
        (1, 1, 0.4, True, Standing.FEW),
        (2, 5, 0.4, True, Standing.FEW),
        (2, 6, 0.4, True, Standing.MET),
        (2, 6, 0.4, False, Standing.ON_COURSE),
        (3, 6, 0.4, True, Standing.MET),
        (4, 6, 0.4, True, Standing.MISSED),
        (1, 6, 0.4, True, Standing.MISSED),
        (4, 6, 0.4, False, Standing.MISSED),
        (1, 20, 0.05, True, Standing.FEW),  # with none at all it would be as close
        (0, 58, 0.05, True, Standing.MISSED),
        (3, 58, 0.05, True, Standing.FEW),
        (3, 59, 0.05, True, Standing.MET),
        (851, 2127, 0.4, True, Standing.MET),
        (853, 2127, 0.4, True, Standing.MISSED),
        # A share of 0 or 1 is a rule: one session shows or breaks it.
        (0, 1, 0.0, True, Standing.MET),
        (1, 1, 0.0, True, Standing.MISSED),
        (1, 1, 1.0, True, Standing.MET),
        (1, 1, 1.0, False, Standing.ON_COURSE),
        (1, 2, 1.0, True, Standing.MISSED),
        (0, 0, 0.0, True, Standing.FEW),
    ],
)
def test_how_a_count_stands(count: int, sessions: int, target: float, finished: bool, told: Standing) -> None:
    assert standing(count, sessions, target, finished=finished) is told


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.95])
def test_enough_is_where_none_and_all_are_both_unlikely(share: float) -> None:
    least = next(n for n in range(1000) if enough(n, share))
    none, every = ((1 - share) ** least, share**least)
    assert max(none, every) <= LEVEL < max((1 - share) ** (least - 1), share ** (least - 1))
    assert all(enough(n, share) for n in range(least, least + 200)), "more sessions never say less"
    assert least <= math.ceil(3 / min(share, 1 - share)), "the rule of three asks for a little more"


@pytest.mark.parametrize("sessions", range(1, 120))
@pytest.mark.parametrize("target", [0.05, 0.1, 0.2, 0.4, 0.7])
def test_what_is_met_has_the_value_and_something_else(target: float, sessions: int) -> None:
    """No set that lacks a value, or holds nothing else, is called met."""
    for count in (0, sessions):
        assert standing(count, sessions, target, finished=True) in (Standing.MISSED, Standing.FEW)


@pytest.mark.parametrize(("length", "shares"), [(None, (0.6, 0.4)), ("short", (1.0, 0.0)), ("long", (0.0, 1.0))])
def test_the_quota_of_one_length_class_or_both(length: str | None, shares: tuple[float, float]) -> None:
    quota: QuotaPolicy = shipped().quota.only(length)
    assert tuple(quota.lengths[name].share for name in ("short", "long")) == shares
    assert quota.topics == shipped().quota.topics
