"""From shares to cells: which session comes next so that, after any number of them, every share is met.

A cell is one combination of engagement, channel, length, pattern and topic group. The joint shares of the cells are
fitted to the marginals of `policies/quota.yaml` by iterative proportional fitting (Deming and Stephan, 1940), starting
from what the content can serve: a cell without a script, or that the policy forbids, stays empty. The cells are then
drawn one after the other, each time the one that lowers the sum of the fourth powers of what every value lacks most: a
measure so steep that no marginal is ever more than one session off its target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from simulator import rng
from simulator.errors import ContentError
from simulator.world.policy import QuotaPolicy
from simulator.world.strict import Length, Level

TOLERANCE = 1e-6
ROUNDS = 500
JOINT_WEIGHT = 0.5
"""How much the joint share of a cell counts beside its five marginals: enough to decide between equals."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What the quotas count: one combination of level, channel, length class, pattern and topic group."""

    engagement: Level
    channel: str
    length: Length
    pattern: str
    group: str

    def values(self) -> tuple[str, str, str, str, str]:
        """In the order of DIMENSIONS."""
        return (self.engagement, self.channel, self.length, self.pattern, self.group)


DIMENSIONS = ("engagement", "channels", "lengths", "patterns", "topics")


def targets(quota: QuotaPolicy) -> tuple[dict[str, float], ...]:
    """The marginal shares, in the order of DIMENSIONS and of Cell.values."""
    return (
        dict(quota.engagement),
        dict(quota.channels),
        {name: length.share for name, length in quota.lengths.items()},
        dict(quota.patterns),
        dict(quota.topics),
    )


def joint(quota: QuotaPolicy, servable: Callable[[Cell], bool]) -> dict[Cell, float]:
    """The share of every cell that can be served and is wanted; they add up to 1.

    Raises ContentError naming the marginal that no filling of the servable cells can reach.
    """
    wanted = tuple({value: share for value, share in shares.items() if share > 0} for shares in targets(quota))
    weights: dict[Cell, float] = {}
    for level, channel, length, pattern, group in product(
        quota.engagement, quota.channels, quota.lengths, quota.patterns, quota.topics
    ):
        cell = Cell(level, channel, length, pattern, group)
        if quota.confined.get(group, channel) != channel:
            continue
        if all(v in w for w, v in zip(wanted, cell.values(), strict=True)) and servable(cell):
            weights[cell] = quota.lean.get(channel, {}).get(level, 1.0)
    off = _fit(weights, wanted)
    if off is not None:
        dimension, value, got, share = off
        raise ContentError(
            f"{dimension}: {value} cannot be {share:.0%}: the scripts and the other quotas leave it {got:.1%}",
            place="policies/quota.yaml",
            remedy="write scripts for its empty cells (`em world --coverage` lists them) or change the share",
        )
    return weights


def _fit(weights: dict[Cell, float], wanted: tuple[dict[str, float], ...]) -> tuple[str, str, float, float] | None:
    """Scales the weights in place until every marginal fits; returns the worst misfit if it stays, else None."""
    worst: tuple[str, str, float, float] | None = None
    for _ in range(ROUNDS):
        for position, shares in enumerate(wanted):
            sums = dict.fromkeys(shares, 0.0)
            for cell, weight in weights.items():
                sums[cell.values()[position]] += weight
            for cell in weights:
                value = cell.values()[position]
                weights[cell] *= shares[value] / sums[value]
        worst, distance = None, TOLERANCE
        for position, shares in enumerate(wanted):
            sums = dict.fromkeys(shares, 0.0)
            for cell, weight in weights.items():
                sums[cell.values()[position]] += weight
            for value, share in shares.items():
                if abs(sums[value] - share) > distance:
                    distance = abs(sums[value] - share)
                    worst = (DIMENSIONS[position], value, sums[value], share)
        if worst is None:
            return None
    return worst


def sequence(shares: dict[Cell, float], quota: QuotaPolicy, seed: int) -> Iterator[Cell]:
    """The cells in the order in which they are to be filled, without end; the seed only decides between equals."""
    wanted = targets(quota)
    cells = list(shares)
    order = rng.stream(seed, "cells")
    noise = [order.random() * 1e-3 for _ in cells]
    index = [{value: i for i, value in enumerate(w)} for w in wanted]
    places = [tuple(ix[v] for ix, v in zip(index, cell.values(), strict=True)) for cell in cells]
    firsts = sorted({place[:4] for place in places})
    """All but the topic: a tenth as many as cells."""
    at = {first: number for number, first in enumerate(firsts)}
    rows = [
        (at[place[:4]], place[4], shares[cell] * JOINT_WEIGHT, number)
        for number, (place, cell) in enumerate(zip(places, cells, strict=True))
    ]
    rate = [list(w.values()) for w in wanted]
    due = [[0.0] * len(r) for r in rate]
    """How many sessions each value lacks at this point."""
    filled = [0.0] * len(cells)
    step = 0
    while True:
        step += 1
        for lacks, r in zip(due, rate, strict=True):
            for i, share in enumerate(r):
                lacks[i] += share
        e, c, l, p, g = ([lack**4 - (lack - 1) ** 4 for lack in lacks] for lacks in due)  # noqa: E741 - short in the loop
        sums = [e[a] + c[b] + l[d] + p[f] for a, b, d, f in firsts]
        scores = [
            sums[first] + g[h] + joint_share * step - filled[number] + noise[number]
            for first, h, joint_share, number in rows
        ]
        best = scores.index(max(scores))
        for lacks, place in zip(due, places[best], strict=True):
            lacks[place] -= 1
        filled[best] += JOINT_WEIGHT
        yield cells[best]


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
