"""How sure a figure is: 95 % intervals, always with the number of observations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import TypeVar

from simulator import rng

T = TypeVar("T")

Z = NormalDist().inv_cdf(0.975)
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its interval."""

    value: float
    low: float
    high: float
    n: int
    """Observations; of a bootstrap, the units that were drawn (sessions, pairs)."""


def share(hits: int, of: int) -> Figure | None:
    """A share with Wilson's score interval (E. B. Wilson, JASA 22, 1927); None: nothing was observed.

    >>> share(0, 100)
    Figure(value=0.0, low=0.0, high=0.0369935..., n=100)
    """
    if of == 0:
        return None
    p, z2 = hits / of, Z * Z
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = Z * math.sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == of else min(1.0, middle + half)
    return Figure(p, low, high, of)


def mean(values: Sequence[float], seed: int, *name: object) -> Figure | None:
    """A mean with the percentile bootstrap over the values; None: there are none.

    `name`: of the figure; the draws are its own, whatever else is computed.
    """
    return resampled(values, lambda drawn: math.fsum(drawn) / len(drawn), seed, *name)


def ratio(units: Sequence[tuple[float, float]], seed: int, *name: object) -> Figure | None:
    """Sum of the first numbers by sum of the second, with the bootstrap over whole units.

    For shares whose observations hang together, such as the messages of one session: `(own, all)` for each session.
    """

    def share_of(drawn: Sequence[tuple[float, float]]) -> float:
        return math.fsum(top for top, _ in drawn) / math.fsum(bottom for _, bottom in drawn)

    return resampled([unit for unit in units if unit[1] > 0], share_of, seed, *name)


def resampled(
    units: Sequence[T], statistic: Callable[[Sequence[T]], float | None], seed: int, *name: object
) -> Figure | None:
    """Any statistic of some units, with the percentile bootstrap over the units (B. Efron, Ann. Statist. 7, 1979).

    None where it has no value. Draws for which it has none are left out.
    """
    value = statistic(units) if units else None
    if value is None:
        return None
    draw = rng.stream(seed, "bootstrap", *name)
    found = (statistic(draw.choices(units, k=len(units))) for _ in range(RESAMPLES))
    drawn = sorted(each for each in found if each is not None)
    edge = round(0.025 * len(drawn))
    return Figure(value, drawn[edge], drawn[-edge - 1], len(units))


def difference(pairs: Sequence[tuple[float, float]], seed: int, *name: object) -> Figure | None:
    """Mean of the second less the first of each pair, with the bootstrap over the pairs."""
    return mean([after - before for before, after in pairs], seed, *name)


def mcnemar(pairs: Sequence[tuple[bool, bool]]) -> float:
    """Two-sided exact p of McNemar's test (Psychometrika 12, 1947) that both halves of the pairs hit equally often.

    >>> round(mcnemar([(True, False)] * 6), 4), mcnemar([(True, True)])
    (0.0312, 1.0)
    """
    one = sum(first and not second for first, second in pairs)
    other = sum(second and not first for first, second in pairs)
    n, least = one + other, min(one, other)
    tail: float = sum(math.comb(n, k) for k in range(least + 1)) / 2**n
    return min(1.0, 2 * tail)


def apart(rising: Sequence[Figure]) -> bool:
    """Each interval lies wholly above the one before."""
    return all(before.high < after.low for before, after in pairwise(rising))
