"""Admission: which place is played next, as far as the goal and the money allow."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

from simulator.errors import BudgetStop
from simulator.journal.records import Goal
from simulator.plan.estimate import MESSAGE_BYTES
from simulator.plan.session_plan import SessionPlan


@dataclass(frozen=True, slots=True)
class RunLimits:
    """What a run may use."""

    concurrency: int
    """Sessions at once."""
    budget_usd: float | None = None
    """Dollars of the whole run; None: no limit."""
    estimate_usd: Callable[[SessionPlan], float] = lambda plan: 0.0
    """Dollars that a session may cost; needed with a budget."""


class Admission:
    """Places to be filled again come first, in their order; then the first place that nothing was played for."""

    def __init__(self, goal: Goal, limits: RunLimits, spent: Callable[[], float]) -> None:
        """`spent`: dollars so far."""
        self._goal, self._limits, self._spent = goal, limits, spent
        self._queue: list[tuple[int, int]] = []
        """(place, attempt), a heap."""
        self.fresh = 0
        """The first place that nothing was played for."""
        self._playing: dict[str, tuple[int, float]] = {}
        """By id of the session: estimated bytes and dollars."""

    def fill_again(self, slot: int, attempt: int) -> None:
        """The place needs one more session."""
        heapq.heappush(self._queue, (slot, attempt))

    def next_place(self, gathered: int) -> tuple[int, int] | None:
        """(place, attempt) to be played next; None: nothing more is needed. `gathered`: bytes fit to be kept."""
        if self._queue:
            return self._queue[0]
        return None if self._enough(gathered) else (self.fresh, 0)

    def begins_fresh(self, gathered: int) -> bool:
        """True if the next place is one that nothing was played for."""
        return not self._queue and not self._enough(gathered)

    def admit(self, plan: SessionPlan) -> None:
        """The session of `next_place` is played from now on. Raises BudgetStop if the money may not last for it."""
        usd = self._limits.estimate_usd(plan)
        self._check_budget(usd)
        if self._queue:
            heapq.heappop(self._queue)
        else:
            self.fresh += 1
        self._playing[plan.id] = (plan.messages * MESSAGE_BYTES, usd)

    def leave(self, session: str) -> None:
        """The session is played no more; saying so twice does no harm."""
        self._playing.pop(session, None)

    def _enough(self, gathered: int) -> bool:
        if self._goal.sessions is not None:
            return self.fresh >= self._goal.sessions
        assert self._goal.target_mb is not None
        playing = sum(size for size, _ in self._playing.values())
        return gathered + playing >= self._goal.target_mb * 1e6

    def _check_budget(self, usd: float) -> None:
        budget = self._limits.budget_usd
        if budget is None:
            return
        spent = self._spent()
        if spent + sum(promised for _, promised in self._playing.values()) + usd > budget:
            raise BudgetStop(
                f"${spent:.2f} of ${budget:.2f} spent, and the next session may cost ${usd:.2f}",
                place="--budget-usd",
                remedy="what was begun is saved; go on with `em resume` and a higher budget",
            )
