"""Whether a share is what it should be: met, missed, on course, or too few sessions to say."""

from __future__ import annotations

from enum import StrEnum

LEVEL = 0.05
"""Probability of an error that is accepted, one-sided."""
WITHIN = 1 + 1e-6
"""Sessions by which a count may differ from its target: the planner is never further off."""
_CERTAIN = (0.0, 1.0)
MOSTLY = 0.5
"""The share to pass to `enough` where the claim is that most sessions have a property (the sign test)."""


class Standing(StrEnum):
    """How a count of sessions stands to its target."""

    MET = "met"
    MISSED = "missed"
    ON_COURSE = "on course"
    """As close as whole numbers allow, in a run that has not reached its goal."""
    FEW = "too few to say"


def standing(count: int, sessions: int, target: float, *, finished: bool) -> Standing:
    """How `count` of `sessions` stands to the share `target`, in [0, 1]; `finished`: the run has reached its goal.

    A count is missed if it is more than one session off, and of a share of 0 or 1 if it is off at all. It is met only
    if the run is finished and the sessions are enough for the share.
    """
    if abs(count - target * sessions) > (0 if target in _CERTAIN else WITHIN):
        return Standing.MISSED
    if not enough(sessions, target):
        return Standing.FEW
    return Standing.MET if finished else Standing.ON_COURSE


def enough(sessions: int, share: float) -> bool:
    """True if so many sessions can tell a share from none and from all.

    Exact binomial: were the share what it should be, then finding it in none of the sessions, or in all of them, would
    have a probability of at most LEVEL. For small shares that is the rule of three, 3 / share sessions (J. A. Hanley
    and A. Lippman-Hand, JAMA 249, 1983). A share of 0 or 1 leaves nothing to chance, and one session will do.

    >>> [next(n for n in range(99) if enough(n, share)) for share in (0.05, 0.1, 0.4, 0.5, 0.7, 1)]
    [59, 29, 6, 5, 9, 1]
    """
    if share in _CERTAIN:
        return sessions >= 1
    return max(share, 1 - share) ** sessions <= LEVEL
