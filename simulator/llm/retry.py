"""The one place where a failed call is made again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

from simulator import rng
from simulator.errors import ProviderError

T = TypeVar("T")

ATTEMPTS = 5
"""How often a provider is asked at most, the first time included."""
BUSY_ATTEMPTS = 8
"""The same where it has too many requests and does not say for how long: a minute's limit has to be outlasted."""
ANNOUNCED_ATTEMPTS = 50
"""The same where it says each time how long to wait."""
FIRST_WAIT = 1.0
"""Seconds before the second attempt; each further wait is three times as long (1, 3, 9, 27), less up to half of it."""
LONGEST_BACKOFF = 60.0
"""Seconds that a wait grows to at most, unless the server asks for more."""
LOADING_WAIT = 5.0
"""Seconds between looks at a server that is loading its model."""
LOADING_PATIENCE = 1800.0
"""Seconds that a server may load for."""


class FailureKind(StrEnum):
    """What became of a request that has to be sent again; the records count them by these words."""

    BUSY = "too many requests"
    FAILED = "server failed"
    BROKEN = "broken answer"
    LATE = "no answer in time"
    UNREACHABLE = "unreachable"
    LOADING = "loading the model"


class Transient(Exception):
    """A failure that may be gone at the next attempt: a timeout, 429, 5xx, half an answer."""

    def __init__(
        self,
        cause: str,
        *,
        remedy: str,
        kind: FailureKind = FailureKind.FAILED,
        wait: float | None = None,
        crowded: bool = False,
    ) -> None:
        super().__init__(cause)
        self.cause, self.remedy, self.kind = cause, remedy, kind
        self.wait = wait
        """Seconds that the server asked for, or None."""
        self.crowded = crowded
        """The server has too much to do: fewer calls at once are wanted."""


class GaveUp(ProviderError):
    """The attempts are used up."""

    def __init__(
        self, cause: str, *, place: str = "", remedy: str = "", failures: tuple[FailureKind, ...] = ()
    ) -> None:
        super().__init__(cause, place=place, remedy=remedy)
        self.failures = failures
        """What became of each attempt."""

    @classmethod
    def after(cls, last: Transient, failures: tuple[FailureKind, ...], *, place: str) -> GaveUp:
        """The last failure, with the number of attempts."""
        return cls(f"{last.cause} ({len(failures)} attempts)", place=place, remedy=last.remedy, failures=failures)


def pause(attempt: int, asked: float | None, *path: object) -> float:
    """Seconds to wait after the given attempt (from 1): what the server asked for, else a backoff with jitter.

    The jitter comes from the name in `path`, so that a replayed run waits as long as before.

    >>> pause(1, 7.5, "m") >= 7.5 and 0.5 <= pause(1, None, "m") <= 1.0 and 4.5 <= pause(3, None, "m") <= 9.0
    True
    """
    backoff = min(LONGEST_BACKOFF, FIRST_WAIT * 3 ** (attempt - 1))
    jitter = 1 - rng.stream(0, "retry", attempt, *path).random() / 2
    return backoff * jitter if asked is None else asked + FIRST_WAIT * (1 - jitter)


class _Patience:
    """How much longer a call is tried."""

    def __init__(self) -> None:
        self._counted = self._announced = 0
        self._loading = 0.0

    def wait(self, trouble: Transient, *path: object) -> float | None:
        """Seconds until the next attempt; None: it is over."""
        if trouble.kind is FailureKind.LOADING:
            seconds = max(LOADING_WAIT, trouble.wait or 0.0)
            self._loading += seconds
            return seconds if self._loading <= LOADING_PATIENCE else None
        if trouble.kind is FailureKind.BUSY and trouble.wait is not None:
            self._announced += 1
            return pause(self._announced, trouble.wait, *path) if self._announced < ANNOUNCED_ATTEMPTS else None
        self._counted += 1
        most = BUSY_ATTEMPTS if trouble.kind is FailureKind.BUSY else ATTEMPTS
        return pause(self._counted, trouble.wait, *path) if self._counted < most else None


async def persist(
    once: Callable[[], Awaitable[T]],
    *,
    place: str,
    key: tuple[object, ...],
    sleep: Callable[[float], Awaitable[None]],
    waiting: Callable[[Transient, float], None] = lambda trouble, seconds: None,
) -> tuple[T, tuple[FailureKind, ...]]:
    """What `once` gives, and what became of the attempts before it; `key` names the call for the jitter.

    `waiting` is told of every wait before it begins. A pause that the server asks for is kept, however long it is.
    Raises GaveUp, at `place`, when attempts are used up.
    """
    failures: tuple[FailureKind, ...] = ()
    patience = _Patience()
    while True:
        try:
            return await once(), failures
        except Transient as trouble:
            failures += (trouble.kind,)
            seconds = patience.wait(trouble, place, *key)
            if seconds is None:
                raise GaveUp.after(trouble, failures, place=place) from None
            waiting(trouble, seconds)
        await sleep(seconds)
