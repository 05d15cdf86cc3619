"""Everything that is wrong with a world, told at once: a line for each fault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simulator.errors import ContentError


@dataclass(frozen=True, slots=True)
class Fault:
    """One of them; printed as `file:line: field: cause (got value); remedy`."""

    file: str
    """Below the world's folder; a folder itself if the fault is that something is not in it."""
    cause: str
    """With the path of the field in front."""
    remedy: str
    at: tuple[str | int, ...] = ()
    """The path of keys in the file, of which the line is found; see `files.lines`."""
    line: int | None = None
    """From 1; None: of no one line, or not looked up."""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return str(ContentError(self.cause, place=place, remedy=self.remedy))


class WorldFaults(ContentError):
    """All faults of a world, by file and line. As text: one line each."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """`faults`: at least one."""
        self.faults = tuple(sorted(faults, key=lambda each: (each.file, each.line or 0)))
        first = self.faults[0]
        super().__init__(first.cause, place=first.file, remedy=first.remedy)

    def __str__(self) -> str:
        return "\n".join(dict.fromkeys(map(str, self.faults)))
