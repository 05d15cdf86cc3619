"""Where a run grows until it is whole."""

from __future__ import annotations

from pathlib import Path

from simulator.errors import StorageError, UsageError
from simulator.journal import database
from simulator.journal.journal import Journal


class StagingRun:
    """A folder beside `runs/` in which a run grows; it becomes the run when the block ends well, else it goes."""

    def __init__(self, folder: Path, *others: str) -> None:
        """`others`: names of what may stand in it besides the journal."""
        self._folder, self._others = folder, others
        self._staging = folder.parent.with_name("importing") / folder.name

    def __enter__(self) -> Path:
        """Raises UsageError if another process is at it, or if the folder holds what is not of a killed import."""
        if (self._staging / database.FILE).exists():
            Journal.open(self._staging).close()  # somebody else's, as long as it is being written
        self._clear()
        if self._staging.exists():
            remedy = "move it away, or choose another --run name"
            raise UsageError("holds what no import has left", place=str(self._staging), remedy=remedy)
        return self._staging

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._folder.parent.mkdir(parents=True, exist_ok=True)
                self._staging.rename(self._folder)  # which fails where something has come to stand
        except OSError as error:
            cause = error.strerror or str(error)
            raise StorageError(cause, place=str(self._folder), remedy="choose another --run name") from None
        finally:
            self._clear()
            if self._staging.parent.is_dir() and not any(self._staging.parent.iterdir()):
                self._staging.parent.rmdir()

    def _clear(self) -> None:
        """Removes the folder if nothing is in it but the files of an import."""
        if self._staging.is_dir():
            there = list(self._staging.iterdir())
            if all(database.is_own(path) or path.name in self._others for path in there):
                for path in there:
                    path.unlink()
                self._staging.rmdir()
