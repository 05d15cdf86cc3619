"""Where a run grows until it is whole."""

from __future__ import annotations

import shutil
from pathlib import Path

from simulator.errors import StorageError
from simulator.journal.journal import FILE, Journal


class StagingRun:
    """A folder beside `runs/` in which a run grows; it becomes the run when the block ends well, else it goes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._staging = folder.parent.with_name("importing") / folder.name

    def __enter__(self) -> Path:
        if (self._staging / FILE).exists():
            Journal.open(self._staging).close()  # somebody else's, as long as it is being written
        shutil.rmtree(self._staging, ignore_errors=True)
        return self._staging

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._folder.parent.mkdir(parents=True, exist_ok=True)
                self._staging.rename(self._folder)
        except OSError as error:
            cause = error.strerror or str(error)
            raise StorageError(cause, place=str(self._folder), remedy="choose another --run name") from None
        finally:
            shutil.rmtree(self._staging, ignore_errors=True)
            if self._staging.parent.is_dir() and not any(self._staging.parent.iterdir()):
                self._staging.parent.rmdir()
