"""What the content can and cannot give: every cell of the quotas, and the scripts that serve it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from simulator.plan.planner import Scripts
from simulator.plan.quota import Cell, joint
from simulator.world.world import World


@dataclass(frozen=True, slots=True)
class Coverage:
    """Cells by how they are served."""

    served: dict[Cell, list[str]]
    """Cell to the names of the scripts that can fill it."""
    empty: tuple[Cell, ...]
    """Cells that the quotas allow and no script can fill."""
    shares: dict[Cell, float]
    """The share of the data set that each served cell gets."""
    unused: tuple[str, ...]
    """Scripts that serve no cell at all."""


def coverage(world: World) -> Coverage:
    """Raises ContentError if the quotas cannot be met with the scripts there are."""
    scripts = Scripts(world)
    every = joint(world.quota, lambda cell: True)
    served = {cell: scripts.serving(cell) for cell in every if scripts.serving(cell)}
    used: Counter[str] = Counter(name for names in served.values() for name in names)
    return Coverage(
        served,
        tuple(cell for cell in every if cell not in served),
        joint(world.quota, lambda cell: cell in served),
        tuple(sorted(set(world.scenarios) - set(used))),
    )
