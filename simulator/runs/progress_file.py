"""The file that says how far a run is while it is going on, and after it was killed: the brief's resume state."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from simulator import files
from simulator.corpus.facts import to_json
from simulator.corpus.formats import NAMES
from simulator.corpus.stats import Steps, is_progress, progress
from simulator.journal.journal import Journal


@dataclass(frozen=True, slots=True)
class ProgressFile:
    """A file in `folder` that always holds the whole of one `stats.progress`."""

    folder: Path
    steps: Steps

    def write(self, journal: Journal) -> None:
        """Raises UsageError if a file of that name was not written by this program, StorageError if none can be."""
        data = json.dumps(to_json(progress(journal, self.steps)), indent=2, ensure_ascii=False).encode() + b"\n"
        files.write(self.folder / NAMES.progress, data, is_progress)
