"""The one way to write a file whole, and the rule of what may be replaced.

The rule: nothing that this program did not make is removed, renamed over or cut. Where something stands at a path that
is to be written, it is replaced only if it is recognisably an earlier product of this program: by a seal in the file
(`sealed`), by the digest that its folder's ledger holds (`Ledger`), or by a schema that fits. Everything else is
refused in one line, before the work begins where the path is known by then (`check`), and once more when the file is
put there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.errors import EmError, StorageError, UsageError

if TYPE_CHECKING:
    from filelock import FileLock

Ours = Callable[[Path], bool]
"""Whether a regular file that stands at the path is an earlier product of this program."""
LEDGER = ".emsim.sha256"
"""Beside the files that were written into a folder together: their digests, as `sha256sum -c` reads them."""
LOCK, GROWING = "lock", "files"
"""What the folder of `workshop` holds."""
ROOM = "make room, or choose another place"
_SEAL = re.compile(rb"emsim seal ([0-9a-f]{64})\b[^\n]*\n?\Z")


def never(path: Path) -> bool:
    """For what is written once: whatever stands there is somebody's."""
    return False


def check(path: Path, ours: Ours, option: str = "path") -> None:
    """Raises UsageError if something stands at `path` that must not be replaced; `option` names it to the user.

    Devices and pipes, such as /dev/stdout, are no files: they are written to, never replaced.
    """
    if not os.path.lexists(path) or _stream(path):
        return
    if not path.is_file():
        cause = "is a folder" if path.is_dir() else "is no file"
        raise UsageError(cause, place=str(path), remedy=f"choose another {option}")
    try:
        known = ours(path)
    except FileNotFoundError:
        return  # gone meanwhile, as those go that SQLite makes beside a database
    except OSError:
        known = False
    if not known:
        raise UsageError(
            "is there already and was not written by this program, or was changed since",
            place=str(path),
            remedy=f"choose another {option}, or move it away",
        )


def write(path: Path, data: bytes, ours: Ours = never, *, option: str = "path", remedy: str = ROOM) -> None:
    """Writes a file whole or not at all. Raises UsageError as `check` does, StorageError where it cannot be written."""
    if _stream(path):
        with _stored(path, remedy), path.open("wb") as file:
            file.write(data)
        return
    with whole(path, ours, option=option, remedy=remedy) as staged:
        staged.write_bytes(data)


@contextmanager
def whole(path: Path, ours: Ours = never, *, option: str = "path", remedy: str = ROOM) -> Iterator[Path]:
    """Yields a new empty file beside `path` to write into, which takes its place when the block ends well.

    If the block fails the new file goes and `path` is as it was. Raises UsageError as `check` does, StorageError where
    it cannot be written.
    """
    check(path, ours, option)
    path = Path(os.path.realpath(path))  # a link stays a link
    with _stored(path, remedy):
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:80]}.", dir=path.parent)
        staged = Path(name)
        try:
            os.fchmod(handle, 0o666 & ~_umask())
            os.close(handle)
            yield staged
            _sync(staged)
            put(staged, path, ours, option)
        finally:
            staged.unlink(missing_ok=True)


def folder(path: Path, remedy: str = ROOM) -> None:
    """Makes a folder and those above it, where they are missing. Raises StorageError."""
    for each in (path, *path.parents):
        if os.path.lexists(each) and not each.is_dir():
            raise StorageError("is not a folder", place=str(each), remedy=remedy)
    with _stored(path, remedy):
        path.mkdir(parents=True, exist_ok=True)


def free(path: Path, option: str) -> None:
    """Raises UsageError if something stands where a new folder is to be; an empty folder may."""
    if os.path.lexists(path) and not (path.is_dir() and not any(path.iterdir())):
        raise UsageError("there is something there", place=str(path), remedy=f"name a new folder with {option}")


def locked(path: Path, busy: EmError, timeout: float = 0) -> FileLock:
    """The lock that the empty file at `path` stands for, taken. Raises `busy`, or OSError.

    A lock file never holds anything; one that does is somebody's, and is refused, since locking would empty it.
    """
    from filelock import FileLock, Timeout

    check(path, _empty, "folder")
    lock = FileLock(path)
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        raise busy from None
    return lock


@contextmanager
def workshop(place: Path, busy: UsageError) -> Iterator[Path]:
    """A folder in which files grow until they are whole; yields an empty one, all of it goes when the block ends.

    What a killed process left behind in `place` is cleared by the next one; a folder that holds anything else is
    refused with UsageError. `busy` is raised where another process is at it.
    """
    place.mkdir(parents=True, exist_ok=True)
    there = {path.name for path in place.iterdir()}
    if there - {LOCK, GROWING} or (there and LOCK not in there):
        raise UsageError("is not of this program", place=str(place), remedy="move it away, its name is needed")
    lock = locked(place / LOCK, busy)
    growing = place / GROWING
    try:
        shutil.rmtree(growing, ignore_errors=True)
        growing.mkdir()
        yield growing
    finally:
        shutil.rmtree(growing, ignore_errors=True)
        (place / LOCK).unlink(missing_ok=True)
        lock.release()
        with suppress(OSError):
            place.rmdir()


# How a product is known again


def sealed(text: str, comment: str) -> bytes:
    """The text with a last line that tells whether it was changed; `comment` is the format's, such as `# {}`."""
    data = text.encode()
    data += b"" if data.endswith(b"\n") or not data else b"\n"
    return data + comment.format(f"emsim seal {hashlib.sha256(data).hexdigest()}").encode() + b"\n"


def is_sealed(path: Path) -> bool:
    """Whether the file is as `sealed` made it."""
    data = path.read_bytes()
    found = _SEAL.search(data)
    if not found:
        return False
    text = data[: data.rfind(b"\n", 0, found.start()) + 1]
    return hashlib.sha256(text).hexdigest().encode() == found[1]


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Ledger:
    """The digests of what was written into a folder, kept in the folder."""

    def __init__(self, folder: Path) -> None:
        """Reads it, where there is one. Raises UsageError for a file of that name that is none."""
        self._path = folder / LEDGER
        self._known: dict[str, set[str]] = {}
        check(self._path, lambda path: self._read(path) is not None, "folder")
        if self._path.is_file():
            for name, value in self._read(self._path) or ():
                self._known.setdefault(name, set()).add(value)

    def __bool__(self) -> bool:
        return bool(self._known)

    def holds(self, path: Path) -> bool:
        """Whether the file is, byte for byte, one that was written here."""
        return path.name in self._known and digest(path) in self._known[path.name]

    def expect(self, new: Mapping[str, str]) -> None:
        """Says that files of these names and digests are about to be put here, so that a kill cannot disown them."""
        for name, value in new.items():
            self._known.setdefault(name, set()).add(value)
        self._write()

    def settle(self, new: Mapping[str, str], gone: set[str]) -> None:
        """Says that they are here, and which of the others are not any more."""
        self._known = {name: there for name, there in self._known.items() if name not in gone}
        self._known |= {name: {value} for name, value in new.items()}
        self._write()

    def _write(self) -> None:
        rows = sorted((name, value) for name, values in self._known.items() for value in values)
        data = "".join(f"{value}  {name}\n" for name, value in rows).encode()
        write(self._path, data, lambda path: self._read(path) is not None, option="folder")

    @staticmethod
    def _read(path: Path) -> list[tuple[str, str]] | None:
        rows = [line.split("  ", 1) for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
        if any(len(row) != 2 or not re.fullmatch("[0-9a-f]{64}", row[0]) for row in rows):
            return None
        return [(name, value) for value, name in rows]


# How it comes to stand there


def put(staged: Path, path: Path, ours: Ours, option: str = "path") -> None:
    """Moves a whole file to its place on the same file system. Raises UsageError as `check` does.

    Where nothing stood it is linked, which fails if something has come to stand there meanwhile; a rename would not.
    """
    if not os.path.lexists(path):
        try:
            os.link(staged, path)
            staged.unlink()
            return
        except FileExistsError:
            pass
        except OSError as error:  # a file system without hard links
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS):
                raise
    check(path, ours, option)
    staged.replace(path)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _stream(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _empty(path: Path) -> bool:
    return path.stat().st_size == 0


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


@contextmanager
def _stored(path: Path, remedy: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(error.strerror or str(error), place=str(path), remedy=remedy) from None
