"""The one place where a failed call is made again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from simulator import chance
from simulator.errors import ProviderError

T = TypeVar("T")

ATTEMPTS = 5
"""How often a provider is asked at most, the first time included."""
FIRST_WAIT = 1.0
"""Seconds before the second attempt; each further wait is three times as long (1, 3, 9, 27), less up to half of it."""
LONGEST_WAIT = 120.0
"""A provider that asks for a longer pause, in seconds, is given up at once: waiting is then for people to decide."""


class Transient(Exception):
    """A failure that may be gone at the next attempt: a timeout, 429, 5xx, half an answer."""

    def __init__(self, cause: str, *, remedy: str, wait: float | None = None, crowded: bool = False) -> None:
        super().__init__(cause)
        self.cause, self.remedy = cause, remedy
        self.wait = wait
        """Seconds that the server asked for, or None."""
        self.crowded = crowded
        """The server has too much to do: fewer calls at once are wanted."""


def pause(attempt: int, asked: float | None, *path: object) -> float:
    """Seconds to wait after the given attempt (from 1): what the server asked for, else a backoff with jitter.

    The jitter comes from the name in `path`, so that a replayed run waits as long as before.

    >>> pause(1, 7.5, "m") >= 7.5 and 0.5 <= pause(1, None, "m") <= 1.0 and 4.5 <= pause(3, None, "m") <= 9.0
    True
    """
    backoff = FIRST_WAIT * 3 ** (attempt - 1)
    jitter = 1 - chance.stream(0, "retry", attempt, *path).random() / 2
    return backoff * jitter if asked is None else asked + FIRST_WAIT * (1 - jitter)


async def persist(
    once: Callable[[], Awaitable[T]], *, place: str, key: tuple[object, ...], sleep: Callable[[float], Awaitable[None]]
) -> tuple[T, int]:
    """What `once` gives, and how many attempts that took; `key` names the call for the jitter.

    Raises ProviderError, at `place`, when attempts are used up or the server asks for too long a pause.
    """
    attempt = 1
    while True:
        try:
            return await once(), attempt
        except Transient as trouble:
            asked_too_long = (trouble.wait or 0) > LONGEST_WAIT
            if asked_too_long or attempt == ATTEMPTS:
                said = f"wants a pause of {trouble.wait:.0f} s" if asked_too_long else f"{attempt} attempts"
                raise ProviderError(f"{trouble.cause} ({said})", place=place, remedy=trouble.remedy) from None
            wait = pause(attempt, trouble.wait, place, *key)
        await sleep(wait)
        attempt += 1
