"""New weights for `policies/quota.yaml`: a bounded step toward what is lacking, and the reason of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PARTS = 1000
"""Weights are moved in thousandths."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The weights of one axis before and after, and why."""

    name: str
    """Field of the quota."""
    before: Mapping[str, float]
    after: Mapping[str, float]
    """The same keys in the same order; adds up to 1."""
    reasons: Mapping[str, tuple[str, ...]]
    """Of the weights that are raised."""

    @property
    def moved(self) -> bool:
        """Some weight is another than before."""
        return self.before != self.after


def moved(
    name: str,
    weights: Mapping[str, float],
    reasons: Mapping[str, Sequence[str]],
    *,
    step: float,
    least: float,
    fixed: frozenset[str] = frozenset(),
) -> Axis:
    """The weights with those that have a reason raised by `step` in all, shared among them, and the others lowered.

    What is raised is taken from the weights that have no reason and are not `fixed`, in proportion to what each has
    above `least`; no weight changes by more than `step`. Nothing moves where nothing can be taken, or where all would
    rise.

    >>> dict(moved("x", {"a": 0.5, "b": 0.5}, {"a": ["n"]}, step=0.05, least=0.01).after)
    {'a': 0.55, 'b': 0.45}
    """
    why = {key: tuple(reasons[key]) for key in weights if reasons.get(key) and key not in fixed}
    floor = round(least * PARTS)
    parts = _thousandths(weights)
    spare = {key: max(0, parts[key] - floor) for key in weights if key not in why and key not in fixed}
    amount = min(round(step * PARTS), sum(spare.values()), sum(PARTS - parts[key] for key in why))
    if not why or amount <= 0:
        return Axis(name, dict(weights), dict(weights), why)
    taken = _dealt(amount, spare)
    given = _dealt(amount, dict.fromkeys(why, 1))
    after = {key: (parts[key] + given.get(key, 0) - taken.get(key, 0)) / PARTS for key in weights}
    return Axis(name, dict(weights), after, why)


def _thousandths(weights: Mapping[str, float]) -> dict[str, int]:
    """Whole parts that add up to PARTS: the largest remainders get what rounding down left over."""
    parts = {key: int(weight * PARTS + 1e-6) for key, weight in weights.items()}
    by_rest = sorted(weights, key=lambda key: (parts[key] - weights[key] * PARTS, key))
    for key in by_rest[: PARTS - sum(parts.values())]:
        parts[key] += 1
    return parts


def _dealt(amount: int, shares: Mapping[str, int]) -> dict[str, int]:
    """`amount` in whole parts, in proportion to the shares, none above its own where they can hold it all."""
    whole = sum(shares.values())
    dealt = {key: amount * share // whole for key, share in shares.items()}
    by_rest = sorted(shares, key=lambda key: (-(amount * shares[key] % whole), key))
    for key in by_rest[: amount - sum(dealt.values())]:
        dealt[key] += 1
    return dealt
