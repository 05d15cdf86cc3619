"""The program in a pseudo-terminal: what it writes there, and what it leaves behind."""

from __future__ import annotations

import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from fcntl import ioctl
from pathlib import Path

ENTER, LEAVE, SHOW_CURSOR, HIDE_CURSOR = "\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h", "\x1b[?25l"
PATIENCE = 60.0
"""Seconds after which a test gives up; nothing waits so long unless it fails."""


class Pseudo:
    """A child in a terminal of its own, of 80 columns and 24 rows. Use as a context manager."""

    def __init__(self, command: Sequence[str | Path], cwd: Path, **environment: str) -> None:
        self._ours, self._theirs = pty.openpty()
        self.resize(80, 24)
        self.before = termios.tcgetattr(self._theirs)
        clean = {key: value for key, value in os.environ.items() if not key.startswith("EM_")}
        for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"):
            clean.pop(name, None)
        self.child = subprocess.Popen(
            list(map(str, command)), cwd=cwd, env={**clean, "TERM": "xterm-256color", **environment},
            stdin=self._theirs, stdout=self._theirs, stderr=self._theirs, start_new_session=True,
            preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        self.written = ""

    def __enter__(self) -> Pseudo:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.kill()
        self.child.wait()
        os.close(self._ours)
        os.close(self._theirs)

    def resize(self, width: int, height: int) -> None:
        ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def until(self, text: str) -> None:
        """Reads until the text was written since the last call of `until`."""
        begins, end = len(self.written), time.monotonic() + PATIENCE
        while text not in self.written[begins:]:
            assert time.monotonic() < end, f"{text!r} never came:\n{self.written[begins:][-2000:]!r}"
            self._read()

    def ended(self) -> int:
        """The exit code, everything that was written having been read."""
        end = time.monotonic() + PATIENCE
        while self.child.poll() is None:
            assert time.monotonic() < end, f"it does not end:\n{self.written[-2000:]!r}"
            self._read()
        while self._read():
            pass
        return self.child.returncode

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def signal(self, number: signal.Signals) -> None:
        self.child.send_signal(number)

    def restored(self) -> bool:
        """The first screen is back, the cursor is seen, and lines are typed as before."""
        return (
            self.written.rfind(LEAVE) > self.written.rfind(ENTER) >= 0
            and self.written.rfind(SHOW_CURSOR) > self.written.rfind(HIDE_CURSOR)
            and termios.tcgetattr(self._theirs) == self.before
        )

    def _read(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], 0.1)
        if ready:
            self.written += os.read(self._ours, 65536).decode(errors="replace")
        return bool(ready)
