"""Which sessions are held out for validation."""

from __future__ import annotations

from collections.abc import Iterable

from simulator import rng
from simulator.plan.session_plan import AnySession

Stratum = tuple[str, str, str, str]
"""Engagement, length class, pattern, and the session's id."""


def stratum(session: AnySession) -> Stratum:
    """Of one session."""
    cell = session.cell
    return cell.engagement.value, cell.length, cell.pattern, session.id


def validation(sessions: Iterable[Stratum], share: float, seed: int) -> frozenset[str]:
    """The ids of the sessions held out: `share` of them, rounded, drawn evenly over the strata.

    Sessions are laid out by engagement, length and pattern, in drawn order within; every (1/share)-th is taken. So each
    level, each level and length, and each of these with a pattern has its share to within one session.

    With fewer than 20 sessions a share of 5 % would be none, or one by the luck of rounding: one is held out as soon as
    there are two, so that both files exist and load. A single session is for training, and nothing is held out.
    """
    cells: dict[tuple[str, str, str], list[str]] = {}
    for engagement, length, pattern, name in sessions:
        # One string with the number and the id is a third of the memory of two values: there may be a million.
        cells.setdefault((engagement, length, pattern), []).append(f"{rng.number(seed, 'validation', name):016x}{name}")
    total = sum(map(len, cells.values()))
    if share <= 0 or total < 2:
        return frozenset()
    count = min(max(int(share * total + 0.5), 1), total - 1)
    start = rng.stream(seed, "validation").random()
    row = (entry for cell in sorted(cells) for entry in sorted(cells.pop(cell)))
    taken = {int((place + start) * total / count) for place in range(count)}
    return frozenset(entry[16:] for place, entry in enumerate(row) if place in taken)
