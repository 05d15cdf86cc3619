"""Circuit breaker: a run stops when calls are paid for and nothing of what comes back can be used."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from simulator.errors import ProviderError
from simulator.events import Acted, Event, Passed, Said

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
