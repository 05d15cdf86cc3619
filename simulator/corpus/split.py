"""Which sessions are held out for validation."""

from __future__ import annotations

from collections.abc import Iterable

from simulator import chance
from simulator.plan.session_plan import SessionPlan

Stratum = tuple[str, str, str, str]
"""Engagement, length class, pattern, and the session's id."""


def stratum(plan: SessionPlan) -> Stratum:
    return plan.engagement.value, plan.length, plan.pattern, plan.id


def validation(sessions: Iterable[Stratum], share: float, seed: int) -> frozenset[str]:
    """The ids of the sessions held out: `share` of them, rounded, drawn evenly over the strata.

    Sessions are laid out by engagement, length and pattern, in drawn order within; every (1/share)-th is taken. So each
    level, each level and length, and each of these with a pattern has its share to within one session.

    With fewer than 20 sessions a share of 5 % would be none, or one by the luck of rounding: one is held out as soon as
    there are two, so that both files exist and load. A single session is for training, and nothing is held out.
    """
    row = sorted(sessions, key=lambda s: (*s[:3], chance.number(seed, "validation", s[3])))
    if share <= 0 or len(row) < 2:
        return frozenset()
    count = min(max(int(share * len(row) + 0.5), 1), len(row) - 1)
    start = chance.stream(seed, "validation").random()
    return frozenset(row[int((place + start) * len(row) / count)][3] for place in range(count))
