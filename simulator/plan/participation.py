"""The lead's budget: exactly k of n messages, falling where there is a reason. Pure arithmetic, no chance, no model.

Every message of the session is, for the lead, one of

    open       the lead may take it
    scripted   a beat gives it to the lead
    closed     a beat gives it to somebody else, or the lead keeps silent there on purpose

The lead never has two messages in a row. `room` counts how many messages the lead can still have from a point on; as
long as it is not less than what is owed, the session can end with exactly k.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from simulator.plan.session_plan import SessionPlan

IMPOSSIBLE = -(10**6)
ENDING, EASED = 4, 0.15
"""So many messages at the end of a session weigh less, by that factor: what is owed is spent before, or else the lead
would have every other line there."""


class Participation:
    """The arithmetic of one session.

    `scripted` and `closed` are message indexes in [0, n). `pressures` maps a message index to the factor that holds
    from there on for how much of the budget is spent (1 at the start).
    """

    def __init__(
        self,
        n: int,
        k: int,
        *,
        scripted: Collection[int] = (),
        closed: Collection[int] = (),
        pressures: Mapping[int, float] | None = None,
    ) -> None:
        self.n, self.k = n, k
        self._scripted, self.closed = frozenset(scripted), frozenset(closed)
        self._weights = self._spread(pressures or {})

    @classmethod
    def of(cls, plan: SessionPlan) -> Participation:
        """The budget of a planned session: the lead's beats, other people's, and where the lead keeps silent."""
        lead, beats = plan.setting.lead, plan.script.beats
        scripted = {beat.at for beat in beats if beat.nick == lead}
        closed = {beat.at for beat in beats if beat.nick not in (None, lead)}
        pressures: dict[int, float] = {}
        for beat in beats:
            first = beat.at if beat.nick is None else beat.at + 1
            closed.update(range(first, first + (beat.silent or 0)))
            if beat.pressure is not None:
                pressures[first] = pressures.get(first, 1.0) * beat.pressure
        return cls(plan.messages, plan.lead_messages, scripted=scripted, closed=closed - scripted, pressures=pressures)

    @property
    def feasible(self) -> bool:
        """False if no session of n messages can give the lead exactly k of them."""
        return len(self._scripted) <= self.k <= self._room[0][0]

    def may_speak(self, i: int, spoken: int, just_spoke: bool) -> bool:
        """True if message i can be the lead's and the session still ends with exactly k."""
        if just_spoke or i in self.closed or i >= self.n:
            return False
        owed = self.k - spoken - 1
        return owed >= self._scripted_after[i + 1] and self._room[i + 1][1] >= owed

    def must_speak(self, i: int, spoken: int, just_spoke: bool) -> bool:
        """True if message i has to be the lead's: a beat says so, or else k would be out of reach."""
        if i in self._scripted:
            return True
        return not just_spoke and i not in self.closed and self._room[i + 1][0] < self.k - spoken

    def pressure(self, i: int, spoken: int) -> float:
        """The chance, in [0, 1], with which an average open message at i should be the lead's: what is owed
        beyond the beats, spread over the open messages that are left."""
        owed = self.k - spoken - self._scripted_after[i]
        if owed <= 0 or self._weights[i] == 0:
            return 0.0
        return min(1.0, owed * self._weights[i] / self._weight_after[i])

    def pace(self, i: int, spoken: int) -> float:
        """Factor in [0, 2]: above 1 if less of the free budget is spent by message i than at an even pace, below 1 if
        more is."""
        free = self.k - len(self._scripted)
        if free <= 0 or not self._weight_after[0]:
            return 1.0
        spent = spoken - (len(self._scripted) - self._scripted_after[i])
        even = free * (1 - self._weight_after[i] / self._weight_after[0])
        return min(2.0, max(0.0, 1.0 + even - spent))

    def _spread(self, pressures: Mapping[int, float]) -> list[float]:
        weights, factor = [], 1.0
        for i in range(self.n):
            factor *= pressures.get(i, 1.0)
            eased = EASED if i >= self.n - ENDING else 1.0
            weights.append(0.0 if i in self._scripted or i in self.closed else factor * eased)
        return weights

    @cached_property
    def _weight_after(self) -> list[float]:
        total, sums = 0.0, []
        for weight in reversed(self._weights):
            total += weight
            sums.append(total)
        return sums[::-1]

    @cached_property
    def _scripted_after(self) -> list[int]:
        """How many beats of the lead's stand at message i or later."""
        counts = [0] * (self.n + 1)
        for i in range(self.n - 1, -1, -1):
            counts[i] = counts[i + 1] + (i in self._scripted)
        return counts

    @cached_property
    def _room(self) -> list[tuple[int, int]]:
        """For each i: the most messages the lead can have from i on without, and with, message i - 1."""
        room = [(0, 0)] * (self.n + 1)
        for i in range(self.n - 1, -1, -1):
            silent, speaking = room[i + 1][0], 1 + room[i + 1][1]
            if i in self._scripted:
                room[i] = (speaking, IMPOSSIBLE)
            elif i in self.closed:
                room[i] = (silent, silent)
            else:
                room[i] = (max(silent, speaking), silent)
        return room
