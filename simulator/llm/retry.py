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
FIRST_WAIT = 1.0
"""Seconds before the second attempt; each further wait is three times as long (1, 3, 9, 27), less up to half of it."""
LONGEST_WAIT = 120.0
"""A provider that asks for a longer pause, in seconds, is given up at once: waiting is then for people to decide."""


class FailureKind(StrEnum):
    """What became of a request that has to be sent again; the records count them by these words."""

    BUSY = "too many requests"
    FAILED = "server failed"
    BROKEN = "broken answer"
    LATE = "no answer in time"
    UNREACHABLE = "unreachable"


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
    """The attempts are used up, or another one would come too late."""

    def __init__(
        self, cause: str, *, place: str = "", remedy: str = "", failures: tuple[FailureKind, ...] = ()
    ) -> None:
        super().__init__(cause, place=place, remedy=remedy)
        self.failures = failures
        """What became of each attempt."""

    @classmethod
    def after(cls, last: Transient, failures: tuple[FailureKind, ...], *, place: str) -> GaveUp:
        asked_too_long = (last.wait or 0) > LONGEST_WAIT
        said = f"wants a pause of {last.wait:.0f} s" if asked_too_long else f"{len(failures)} attempts"
        return cls(f"{last.cause} ({said})", place=place, remedy=last.remedy, failures=failures)


def pause(attempt: int, asked: float | None, *path: object) -> float:
    """Seconds to wait after the given attempt (from 1): what the server asked for, else a backoff with jitter.

    The jitter comes from the name in `path`, so that a replayed run waits as long as before.

    >>> pause(1, 7.5, "m") >= 7.5 and 0.5 <= pause(1, None, "m") <= 1.0 and 4.5 <= pause(3, None, "m") <= 9.0
    True
    """
    backoff = FIRST_WAIT * 3 ** (attempt - 1)
    jitter = 1 - rng.stream(0, "retry", attempt, *path).random() / 2
    return backoff * jitter if asked is None else asked + FIRST_WAIT * (1 - jitter)


async def persist(
    once: Callable[[], Awaitable[T]], *, place: str, key: tuple[object, ...], sleep: Callable[[float], Awaitable[None]]
) -> tuple[T, tuple[FailureKind, ...]]:
    """What `once` gives, and what became of the attempts before it; `key` names the call for the jitter.

    Raises GaveUp, at `place`, when attempts are used up or the server asks for too long a pause.
    """
    failures: tuple[FailureKind, ...] = ()
    while True:
        try:
            return await once(), failures
        except Transient as trouble:
            failures += (trouble.kind,)
            if (trouble.wait or 0) > LONGEST_WAIT or len(failures) == ATTEMPTS:
                raise GaveUp.after(trouble, failures, place=place) from None
            wait = pause(len(failures), trouble.wait, place, *key)
        await sleep(wait)
