"""Checks a world each time that a file of it has changed, and tells what came and what went."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from simulator.errors import EmError
from simulator.world import load
from simulator.world.world_files import PARTS, content_files, name_of, templates
from simulator.world.yaml_file import Fault, WorldFaults


@dataclass(frozen=True, slots=True)
class WorldChange:
    """What another look at the files has found."""

    new: tuple[Fault, ...]
    """Faults that were not there before."""
    mended: tuple[Fault, ...]
    """Faults that are gone; their lines are those of before."""
    left: int
    """Faults in all."""
    digest: str
    """Of the world; empty: it has faults."""


class WorldWatch:
    """Remembers how a world stood when it was last looked at."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: dict[str, tuple[int, int]] | None = None
        self._faults: dict[tuple[str, str], Fault] = {}
        """By file and cause: a fault that only moved to another line is the same."""

    def look(self) -> WorldChange | None:
        """What has changed since the last look, of which the first finds everything new; None: no file has.

        A file has changed if its time (in nanoseconds) or its size has.
        """
        seen = self._stand()
        if seen == self._seen:
            return None
        self._seen = seen
        faults, digest = self._checked()
        before, self._faults = self._faults, {(fault.file, fault.cause): fault for fault in faults}
        return WorldChange(
            new=tuple(fault for key, fault in self._faults.items() if key not in before),
            mended=tuple(fault for key, fault in before.items() if key not in self._faults),
            left=len(self._faults),
            digest=digest,
        )

    def _stand(self) -> dict[str, tuple[int, int]]:
        found = {}
        for path in (*content_files(self._root, *PARTS), *templates(self._root)):
            try:
                about = path.stat()
            except OSError:  # gone in this moment, or a link to nothing, which the check reports
                found[name_of(path, self._root)] = (0, 0)
            else:
                found[name_of(path, self._root)] = (about.st_mtime_ns, about.st_size)
        return found

    def _checked(self) -> tuple[tuple[Fault, ...], str]:
        try:
            return (), load.load(self._root).digest
        except WorldFaults as error:
            return error.faults, ""
        except EmError as error:
            return (Fault(error.place, error.cause, error.remedy),), ""
