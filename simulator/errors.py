"""What can go wrong, said in one line: the place, the cause, the remedy.

Every foreign exception is translated into one of these once, at the door it came in by; `cli` prints them and exits
with `exit_code`. 0 done, 1 not met, 2 wrong usage or content, 3 provider or budget stop, 130 interrupted.
"""

from __future__ import annotations


class EmError(Exception):
    """`place: cause; remedy`, on one line."""

    exit_code = 1

    def __init__(self, cause: str, *, place: str = "", remedy: str = "") -> None:
        self.place, self.cause, self.remedy = place, cause, remedy
        super().__init__(cause)

    def __str__(self) -> str:
        line = f"{self.place}: {self.cause}" if self.place else self.cause
        return " ".join(f"{line}; {self.remedy}".split() if self.remedy else line.split())


class NotMet(EmError):
    """The work was done and the result is not good enough."""

    exit_code = 1


class UsageError(EmError):
    """A command was given something that it cannot take."""

    exit_code = 2


class ContentError(EmError):
    """A file that somebody wrote is wrong."""

    exit_code = 2


class ProviderError(EmError):
    """A model, its server or its key failed for good."""

    exit_code = 3


class BudgetStop(EmError):
    """The money given for a run is used up; what was begun is finished and saved."""

    exit_code = 3


class StorageError(EmError):
    """The disk is full, or a file cannot be read or written."""

    exit_code = 3
