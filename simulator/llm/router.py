"""The addresses that serve one model: who is asked next.

A session stays where its first call went, since the cache that holds its beginning is there, until that address fails.
New sessions go where the least work is outstanding. A call is never sent to two addresses at once: both would be paid.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

from simulator import clock
from simulator.llm.concurrency import AdaptiveLimit
from simulator.llm.retry import FailureKind, Transient
from simulator.llm.server_traits import ServerTraits
from simulator.llm.window import TruncationWatch

SHUNNED = 30.0
"""Seconds for which an address that failed is used only if there is no better one."""
FAILURES = 3
"""Answers in a row that are none (status 500, garbage) after which an address counts as failed; one that nobody answers
at, or not in time, counts at once, and one that has too much to do never does."""
SESSIONS = 4096
"""Homes remembered at most; the session that has been silent for longest is forgotten first."""


class Endpoint:
    """One address, and what was found out about it."""

    def __init__(self, base: str | None, gate: AdaptiveLimit) -> None:
        """`base` None: the provider's own."""
        self.base, self.gate = base, gate
        self.settled = 0
        """Sessions and single calls that were ever sent here."""
        self.failures = 0
        self.shunned_until = float("-inf")
        self.traits, self.truncation = ServerTraits(), TruncationWatch()
        self.window: int | None = None
        """Tokens that prompt and answer may have together; None: unknown."""
        self.probed, self.probing = False, asyncio.Lock()
        """Whether the address was asked for its window; held while it is."""
        self._pausing: set[str] = set()
        self._open = asyncio.Event()
        self._open.set()

    def pause(self, by: str) -> None:
        """Nothing is sent here until the call `by`, which the server told to wait, comes back or is given up."""
        self._pausing.add(by)
        self._open.clear()

    def resume(self, by: str) -> None:
        """The call is back, or given up."""
        self._pausing.discard(by)
        if not self._pausing:
            self._open.set()

    @property
    def paused(self) -> bool:
        """True while a call waits that the server told to."""
        return not self._open.is_set()

    async def wait_open(self) -> None:
        """Returns when no call waits any more that the server told to."""
        await self._open.wait()


class Router:
    """All addresses of one model."""

    def __init__(
        self, bases: Sequence[str], *, at_once: int, paced: bool = True, now: Callable[[], float] = clock.tick
    ) -> None:
        """`bases` empty: the provider's own address. `at_once`: calls that one address gets at most."""
        self._all = [Endpoint(base, AdaptiveLimit(at_once, paced=paced)) for base in dict.fromkeys(bases or (None,))]
        self._homes: OrderedDict[str, Endpoint] = OrderedDict()
        self._now = now

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def home(self, session: str) -> Endpoint:
        """Where the session's next call goes; `session` empty: a call that stands alone."""
        now = self._now()
        known = self._homes.get(session)
        if known is not None and (known.shunned_until <= now or all(e.shunned_until > now for e in self._all)):
            self._homes.move_to_end(session)
            return known
        chosen = min(self._all, key=lambda e: (e.shunned_until > now, e.gate.outstanding, e.settled))
        chosen.settled += 1
        if session:
            self._homes[session] = chosen
            if len(self._homes) > SESSIONS:
                self._homes.popitem(last=False)
        return chosen

    def answered(self, endpoint: Endpoint) -> None:
        """Takes note of an answer from there."""
        endpoint.failures = 0

    def failed(self, endpoint: Endpoint, trouble: Transient) -> None:
        """Takes note of an attempt that came to nothing there."""
        if trouble.crowded or trouble.kind is FailureKind.LOADING:
            return
        endpoint.failures += 1
        if trouble.kind in (FailureKind.UNREACHABLE, FailureKind.LATE) or endpoint.failures >= FAILURES:
            endpoint.shunned_until = self._now() + SHUNNED
