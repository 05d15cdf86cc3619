"""Shares whose observations hang together in sessions, and the difference of two of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import stdev

from simulator import intervals
from simulator.corpus.talk import Talk
from simulator.intervals import Figure

SEED = 0
BLOCKS = 200
"""Units of the bootstrap at most: a corpus of thousands of sessions is dealt into so many hands."""

Count = Callable[[Talk], tuple[float, float]]
"""(hits, observations) of a session."""


def share(talks: Sequence[Talk], count: Count, *name: object) -> Figure | None:
    """A share with the wider of two intervals at either end: of the bootstrap over sessions, and Wilson's.

    The first knows that the messages of a session hang together, the second that none in ten is not none at all.
    `n` is the number of observations. None: there are none.
    """
    units = _dealt([count(talk) for talk in talks])
    hits, of = (int(sum(unit[part] for unit in units)) for part in (0, 1))
    over, alone = intervals.ratio(units, SEED, *name), intervals.share(hits, of)
    if over is None or alone is None:
        return None
    return Figure(alone.value, min(over.low, alone.low), max(over.high, alone.high), of)


def mean(talks: Sequence[Talk], values: Callable[[Talk], Sequence[float]], *name: object) -> Figure | None:
    """A mean with the wider of two intervals at either end: of the bootstrap over sessions, and of the normal
    distribution, since a single session has nothing to be drawn against. `n` is the number of values. None: none."""
    found = [values(talk) for talk in talks]
    over = intervals.ratio(_dealt([(math.fsum(some), len(some)) for some in found]), SEED, *name)
    every = [value for some in found for value in some]
    if over is None:
        return None
    half = intervals.Z * stdev(every) / math.sqrt(len(every)) if len(every) > 1 else 0.0
    return Figure(over.value, min(over.low, over.value - half), max(over.high, over.value + half), len(every))


def difference(here: Figure, there: Figure) -> Figure:
    """`here` less `there`, by the square-and-add of their intervals (R. G. Newcombe, Statist. Med. 17, 1998).

    >>> difference(Figure(0.5, 0.4, 0.6, 100), Figure(0.5, 0.4, 0.6, 100)).value
    0.0
    """
    low = math.hypot(here.value - here.low, there.high - there.value)
    high = math.hypot(here.high - here.value, there.value - there.low)
    value = here.value - there.value
    return Figure(value, value - low, value + high, min(here.n, there.n))


def _dealt(units: list[tuple[float, float]]) -> list[tuple[float, float]]:
    units = [unit for unit in units if unit[1] > 0]
    if len(units) <= BLOCKS:
        return units
    hands = (units[start::BLOCKS] for start in range(BLOCKS))
    return [(math.fsum(top for top, _ in hand), math.fsum(of for _, of in hand)) for hand in hands]
