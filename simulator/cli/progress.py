"""The file that says how far a run is while it is going on, and after it was killed: the brief's resume state."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from simulator.corpus.formats import NAMES
from simulator.corpus.stats import Steps, progress
from simulator.errors import UsageError
from simulator.journal.journal import Journal
from simulator.train.adapter import replace

_FIELDS = {"goal", "kept", "next", "begun", "time"}
"""By which a file of this program is known again."""


@dataclass(frozen=True, slots=True)
class ProgressFile:
    """A file in `folder` that always holds the whole of one `stats.progress`."""

    folder: Path
    steps: Steps

    def write(self, journal: Journal) -> None:
        """Raises UsageError if a file of that name was not written by this program, StorageError if none can be."""
        path = self.folder / NAMES.progress
        if path.exists() and not _ours(path):
            raise UsageError("was not written by this program", place=str(path), remedy="move it away")
        told = progress(journal, self.steps)
        replace(path, json.dumps(told, indent=2, ensure_ascii=False).encode() + b"\n")


def _ours(path: Path) -> bool:
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and told.keys() >= _FIELDS
