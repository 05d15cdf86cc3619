"""Admission: which place is played next, as far as the goal and the money allow."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.errors import BudgetStop, ProviderError
from simulator.events import Acted, Event, Passed, Said
from simulator.journal.records import Goal
from simulator.llm.first_prompt import Capacity
from simulator.plan.forecast import MESSAGE_BYTES
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
    capacity: Callable[[], Capacity | None] = lambda: None
    """What the models keep up with, as far as is known; None: as many sessions at once as there may be."""


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

    @property
    def playing(self) -> int:
        """Sessions that are played now."""
        return len(self._playing)

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
                remedy="what was begun is saved; continue with `em resume` and a higher budget",
            )


SPOILED = 20
"""Calls that one fault may spoil before anything usable comes: no chance, but a model, a server or a rule that does not
fit. A single session that gets stuck spoils fewer (tries of a line times turns, see `session.play.PATIENCE`)."""
EVIDENCE = 100
"""Most characters of an answer that are quoted."""


@dataclass(slots=True)
class _Streak:
    """Calls for one role since the last one that was of use."""

    faults: Counter[str] = field(default_factory=Counter)
    sessions: set[str] = field(default_factory=set)


class CircuitBreaker:
    """Counts spoiled calls by role: `people`, `lead`, `judge`, and `filter` for sessions that a provider refuses."""

    def __init__(self) -> None:
        self._rows: dict[str, _Streak] = {}
        self._tripped: ProviderError | None = None

    def usable(self, role: str) -> None:
        """A call for that role was of use."""
        self._rows.pop(role, None)

    def spoiled(self, role: str, session: str, fault: str, evidence: str) -> None:
        """A call was paid for in vain. Raises ProviderError where it is one too many."""
        row = self._rows.setdefault(role, _Streak())
        row.faults[fault] += 1
        row.sessions.add(session)
        if row.faults[fault] >= SPOILED and len(row.sessions) > 1:
            quoted = " ".join(evidence.split())[:EVIDENCE]
            self._tripped = ProviderError(
                f"{row.faults[fault]} calls were spoiled by one fault, {fault}, and none was of use"
                + (f"; the last one: {quoted}" if quoted else ""),
                place=f"calls for {role}",
                remedy="see what the model answers with `em simulate --prompts`; what was played is saved",
            )
            raise self._tripped

    def event(self, session: str, lead: str, event: Event) -> None:
        """Counts the calls that an event took. Raises ProviderError as `spoiled` does, and ever after."""
        if self._tripped is not None:
            raise self._tripped
        if not isinstance(event, Said | Acted | Passed):
            return
        role = "lead" if event.nick == lead else "people"
        for refused in event.refused:
            self.spoiled(role, session, refused.rule, refused.text or refused.evidence)
        if not isinstance(event, Passed):
            self.usable(role)
