"""Keys as they are pressed: the terminal hands over each one at once, and gets its own ways back at the end."""

from __future__ import annotations

import re
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

_SEQUENCES = {
    "\x1b[A": "up", "\x1b[B": "down", "\x1b[C": "right", "\x1b[D": "left",
    "\x1bOA": "up", "\x1bOB": "down", "\x1bOC": "right", "\x1bOD": "left",
    "\t": "tab", " ": "space", "\x1b": "escape", "\r": "enter", "\n": "enter",
}  # fmt: skip
_KEY = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|.", re.DOTALL)


def named(typed: str) -> Iterator[str]:
    """The keys in what a terminal sent: letters as they are in lower case, the others by name.

    >>> list(named("Q\\x1b[C \\x1b[5~"))
    ['q', 'right', 'space']
    """
    for found in _KEY.findall(typed):
        if name := _SEQUENCES.get(found):
            yield name
        elif len(found) == 1 and found.isprintable():
            yield found.lower()


@contextmanager
def one_by_one() -> Iterator[int | None]:
    """While this lasts keys are not echoed and need no Enter; Ctrl-C stays Ctrl-C.

    Yields the file descriptor to read them from, or None where nobody can type.
    """
    if not sys.stdin.isatty():
        yield None
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor, termios.TCSANOW)
        yield descriptor
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)
