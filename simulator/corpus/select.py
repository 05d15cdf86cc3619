"""The best sessions of each cell, when more were played than are wanted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from simulator.plan.quota import Cell


@dataclass(frozen=True, slots=True)
class Candidate:
    """A session that passed every filter."""

    id: str
    cell: Cell
    place: int
    """Slot of the run that it was played for, from 0."""
    attempt: int = 0
    """How many sessions were played for that slot before."""
    score: float | None = None
    """The judge's, in [0, 1]; None: there is no judge, or its answer could not be read."""


def best(candidates: Iterable[Candidate], wanted: Mapping[Cell, int]) -> set[str]:
    """The ids of the sessions to keep: of every cell as many as `wanted` says, or all that there are.

    The higher score wins. A session without a score stands behind every one with a score, because those are known to
    be good enough; among equals the earlier place and attempt wins, so that without a judge nothing is replaced. The
    order of the candidates makes no difference. Raises ValueError if an id occurs twice.
    """
    cells: dict[Cell, list[Candidate]] = defaultdict(list)
    seen: set[str] = set()
    for candidate in candidates:
        if candidate.id in seen:
            raise ValueError(f"{candidate.id}: twice among the candidates")
        seen.add(candidate.id)
        cells[candidate.cell].append(candidate)
    return {
        candidate.id for cell, those in cells.items() for candidate in sorted(those, key=_rank)[: wanted.get(cell, 0)]
    }


def _rank(candidate: Candidate) -> tuple[bool, float, int, int, str]:
    score = candidate.score
    return (score is None, -(score or 0.0), candidate.place, candidate.attempt, candidate.id)
