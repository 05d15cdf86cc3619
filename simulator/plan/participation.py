"""The lead's budget: exactly k of n messages, falling where she has a reason. Pure arithmetic, no chance, no model.

Every message of the session is, for the lead, one of

    open     she may take it
    hers     a beat gives it to her
    closed   a beat gives it to somebody else, or she keeps silent there on purpose

She never has two messages in a row. `room` counts how many messages she can still have from a point on; as long as it
is not less than what she owes, the session can end with exactly k.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from simulator.plan.session_plan import SessionPlan

IMPOSSIBLE = -(10**6)


class Participation:
    """The arithmetic of one session.

    `hers` and `closed` are message indexes in [0, n). `pressures` maps a message index to the factor that holds from
    there on for how much of her budget she spends (1 at the start).
    """

    def __init__(
        self,
        n: int,
        k: int,
        *,
        hers: Collection[int] = (),
        closed: Collection[int] = (),
        pressures: Mapping[int, float] | None = None,
    ) -> None:
        self.n, self.k = n, k
        self._hers, self.closed = frozenset(hers), frozenset(closed)
        self._weights = self._spread(pressures or {})

    @classmethod
    def of(cls, plan: SessionPlan) -> Participation:
        """The budget of a planned session: her beats, other people's, and where she keeps silent."""
        lead, beats = plan.setting.lead, plan.script.beats
        hers = {beat.at for beat in beats if beat.nick == lead}
        closed = {beat.at for beat in beats if beat.nick not in (None, lead)}
        pressures: dict[int, float] = {}
        for beat in beats:
            first = beat.at if beat.nick is None else beat.at + 1
            closed.update(range(first, first + (beat.silent or 0)))
            if beat.pressure is not None:
                pressures[first] = pressures.get(first, 1.0) * beat.pressure
        return cls(plan.messages, plan.lead_messages, hers=hers, closed=closed - hers, pressures=pressures)

    @property
    def feasible(self) -> bool:
        """False if no session of n messages can give her exactly k of them."""
        return len(self._hers) <= self.k <= self._room[0][0]

    def may_speak(self, i: int, spoken: int, just_spoke: bool) -> bool:
        """True if message i can be hers and the session still ends with exactly k."""
        if just_spoke or i in self.closed or i >= self.n:
            return False
        owed = self.k - spoken - 1
        return owed >= self._hers_after[i + 1] and self._room[i + 1][1] >= owed

    def must_speak(self, i: int, spoken: int, just_spoke: bool) -> bool:
        """True if message i has to be hers: a beat says so, or else she could not reach k any more."""
        if i in self._hers:
            return True
        return not just_spoke and i not in self.closed and self._room[i + 1][0] < self.k - spoken

    def pressure(self, i: int, spoken: int) -> float:
        """The chance, in [0, 1], with which an average open message at i should be hers: what she owes beyond her
        beats, spread over the open messages that are left."""
        owed = self.k - spoken - self._hers_after[i]
        if owed <= 0 or self._weights[i] == 0:
            return 0.0
        return min(1.0, owed * self._weights[i] / self._weight_after[i])

    def _spread(self, pressures: Mapping[int, float]) -> list[float]:
        weights, factor = [], 1.0
        for i in range(self.n):
            factor *= pressures.get(i, 1.0)
            weights.append(0.0 if i in self._hers or i in self.closed else factor)
        return weights

    @cached_property
    def _weight_after(self) -> list[float]:
        total, sums = 0.0, []
        for weight in reversed(self._weights):
            total += weight
            sums.append(total)
        return sums[::-1]

    @cached_property
    def _hers_after(self) -> list[int]:
        """How many beats of hers stand at message i or later."""
        counts = [0] * (self.n + 1)
        for i in range(self.n - 1, -1, -1):
            counts[i] = counts[i + 1] + (i in self._hers)
        return counts

    @cached_property
    def _room(self) -> list[tuple[int, int]]:
        """For each i: the most messages she can have from i on if she did not, and if she did, have message i - 1."""
        room = [(0, 0)] * (self.n + 1)
        for i in range(self.n - 1, -1, -1):
            silent, speaking = room[i + 1][0], 1 + room[i + 1][1]
            if i in self._hers:
                room[i] = (speaking, IMPOSSIBLE)
            elif i in self.closed:
                room[i] = (silent, silent)
            else:
                room[i] = (max(silent, speaking), silent)
        return room
