"""The addresses that serve one model: who is asked next.

A session stays where its first call went, since the cache that holds its beginning is there, until that address fails.
New sessions go where the least work is outstanding. A call is never sent to two addresses at once: both would be paid.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence

from simulator import clock
from simulator.llm.retry import FailureKind, Transient
from simulator.llm.server_traits import ServerTraits
from simulator.llm.window import TruncationWatch

FIRST = 8
"""Calls at once to begin with; one more with each answer, until the first sign that it is too many."""
ROUND = 8
"""Answers at least whose latency is averaged before anything is made of it: single answers differ by their length."""
TOLERANCE = 3.0
"""Times the best latency that is still put up with. A server that works on several calls together gets slower by less
than that and does more; one that is past its capacity only lets them wait."""
STEEPEST = 0.5
"""A round's limit falls to no less than this share of the limit before."""
LOW = 4
"""Calls at once up to which a latency is that of a server at ease: a worse one than before is then believed, too."""


class AdaptiveLimit:
    """Lets calls through in the order they came, at the pace that the server keeps up with.

    TCP's rule: twice as many a round until the first sign of trouble, then one more a round while all goes well; half
    as many after a refusal. Latency is a sign, too, as in the gradient limiter of Netflix's `concurrency-limits`
    (after TCP Vegas): after a round with a mean of more than TOLERANCE times the best round's, the limit is multiplied
    by gradient = TOLERANCE * best / mean, at least STEEPEST.
    """

    def __init__(self, most: int, *, paced: bool = True) -> None:
        """`paced` False: `most` is what the server works on at once, and latency says nothing."""
        self.most = most
        self.limit = float(min(FIRST, most) if paced else most)
        """Calls at once that are allowed now, in [1, most]."""
        self.busy = 0
        self._paced, self._slow_start = paced, True
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._falls = 0
        """How often the limit fell. What calls tell that were let in before the last time is known already."""
        self._answers, self._seconds, self._wanted = 0, 0.0, ROUND
        self._new_round()
        self._best: float | None = None

    @property
    def outstanding(self) -> int:
        """Calls that are inside or wait to be."""
        return self.busy + len(self._waiting)

    async def __aenter__(self) -> int:
        """The call's ticket, for `answered` and `refused`."""
        if self.busy >= int(self.limit) or self._waiting:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():  # its turn had come: pass it on
                    self.busy -= 1
                    self._let_in()
                raise
        else:
            self.busy += 1
        return self._falls

    async def __aexit__(self, *_: object) -> None:
        self.busy -= 1
        self._let_in()

    def answered(self, ticket: int, seconds: float) -> None:
        """A call was answered after so many seconds inside."""
        if self.busy >= int(self.limit):  # a limit that nobody comes up to is not known to be too low
            self.limit = min(float(self.most), self.limit + (1.0 if self._slow_start else 1 / self.limit))
        if not self._paced or ticket != self._falls:
            return
        self._answers, self._seconds = self._answers + 1, self._seconds + seconds
        if self._answers >= self._wanted:
            mean = self._seconds / self._answers
            self._new_round()
            self._look(mean)

    def refused(self, ticket: int) -> None:
        """A call was turned away since the server has too much to do. Those that were inside together count once."""
        if ticket == self._falls:
            self._fall(min(self.limit, self.busy) / 2)

    def _look(self, mean: float) -> None:
        """What a whole round's mean latency says."""
        if self._best is None or self.limit <= LOW or mean < self._best:
            self._best = mean
        gradient = TOLERANCE * self._best / mean if mean > 0 else 1.0
        if gradient < 1:
            self._fall(self.limit * max(STEEPEST, gradient))

    def _fall(self, to: float) -> None:
        self._slow_start = False
        self._falls += 1
        self.limit = max(1.0, to)
        self._new_round()

    def _new_round(self) -> None:
        self._answers, self._seconds, self._wanted = 0, 0.0, max(ROUND, int(self.limit))

    def _let_in(self) -> None:
        while self._waiting and self.busy < int(self.limit):
            turn = self._waiting.popleft()
            if not turn.done():
                self.busy += 1
                turn.set_result(None)


SHUNNED = 30.0
"""Seconds for which an address that failed is used only if there is no better one."""
FAILURES = 3
"""Answers in a row that are none (status 500, garbage) after which an address counts as failed; one that nobody answers
at, or not in time, counts at once, and one that has too much to do never does."""
SESSIONS = 4096
"""Homes remembered at most; the session that has been silent for longest is forgotten first."""


class Endpoint:
    """One address, and what was found out about it."""

    def __init__(self, base: str | None, limit: AdaptiveLimit) -> None:
        """`base` None: the provider's own."""
        self.base, self.limit = base, limit
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
        chosen = min(self._all, key=lambda e: (e.shunned_until > now, e.limit.outstanding, e.settled))
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
