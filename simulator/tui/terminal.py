"""Terminal of the live view: another screen, single keys, and everything as it was when it ends.

The view is redrawn from the state alone. There are at most PACE drawings a second, and they take about SHARE of the
time, so that a run does not feel them; a key is answered at once.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console, ConsoleDimensions
from rich.live import Live

from simulator import clock
from simulator.tui.fold import step
from simulator.tui.layout import Page
from simulator.tui.state import Pressed, State, Ticked, ViewNote

_SEQUENCES = {
    "\x1b[A": "up", "\x1b[B": "down", "\x1b[C": "right", "\x1b[D": "left",
    "\x1bOA": "up", "\x1bOB": "down", "\x1bOC": "right", "\x1bOD": "left",
    "\x1b[5~": "page up", "\x1b[6~": "page down",
    "\x1b[H": "home", "\x1b[1~": "home", "\x1bOH": "home", "\x1b[F": "end", "\x1b[4~": "end", "\x1bOF": "end",
    "\t": "tab", " ": "space", "\x1b": "escape", "\r": "enter", "\n": "enter",
}  # fmt: skip
_KEY = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|.", re.DOTALL)


def named(typed: str) -> Iterator[str]:
    """The keys in what a terminal sent: letters as they are in lower case, the others by name.

    >>> list(named("Q\\x1b[C \\x1b[5~\\x1b[15~"))
    ['q', 'right', 'space', 'page up']
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


PACE = 10.0
SHARE = 0.03
SLOWEST = 0.5
"""Seconds between two drawings at most: a terminal that was slow once is not given up."""
ENDING = (signal.SIGTERM, signal.SIGHUP)


def fits(console: Console) -> bool:
    """True if somebody looks at a terminal that can show more than one line after the other."""
    return console.is_terminal and not console.is_dumb_terminal and sys.stdout.isatty()


class Terminal:
    """Holds the one State, and draws it. Use as an async context manager around whatever sends notes to `note`.

    `q` while something is being played, SIGTERM and SIGHUP end the body as Ctrl-C does: by KeyboardInterrupt, after
    everything was put back. `q` otherwise only sets `left`.
    """

    def __init__(self, console: Console, state: State, *, key: Callable[[str], bool] = lambda key: False) -> None:
        """`key` is offered every key first, and returns whether it was for it."""
        self._console, self.state, self._key = console, state, key
        self._held = ExitStack()
        self._begun, self._took = clock.tick(), 0.0
        self._running = asyncio.Event()
        self._running.set()
        self.left = asyncio.Event()
        """Set when somebody wants to leave."""
        self._interrupted = False
        self._fault: Exception | None = None
        """Why the view could not be drawn."""

    async def __aenter__(self) -> Terminal:
        body = asyncio.current_task()
        assert body is not None
        self._body = body
        loop = asyncio.get_running_loop()
        for number in ENDING:
            loop.add_signal_handler(number, self._interrupt)
        loop.add_signal_handler(signal.SIGTSTP, self._suspend)
        self._open()
        self._clock = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._clock.cancel()
        loop = asyncio.get_running_loop()
        for number in (*ENDING, signal.SIGTSTP):
            loop.remove_signal_handler(number)
        self._held.close()
        if self._fault is not None:
            raise self._fault
        if self._interrupted and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise KeyboardInterrupt

    def note(self, note: ViewNote) -> None:
        """One more thing to know."""
        self.state = step(self.state, note)

    def show(self, state: State) -> None:
        """Puts another state in the place of this one, and draws it."""
        self.state = state
        self._draw()

    async def unpaused(self) -> None:
        """Comes back when the view is not paused."""
        await self._running.wait()

    def _open(self) -> None:
        descriptor = self._held.enter_context(one_by_one())
        if descriptor is not None:
            loop = asyncio.get_running_loop()
            loop.add_reader(descriptor, self._typed, descriptor)
            self._held.callback(loop.remove_reader, descriptor)
        self._live = Live(console=self._console, screen=True, auto_refresh=False, vertical_overflow="crop")
        self._held.enter_context(self._live)
        self._draw()

    def _draw(self) -> None:
        began = clock.tick()
        try:
            # The size as it is now; what LINES and COLUMNS say was true when somebody exported them.
            self._console.size = ConsoleDimensions(*os.get_terminal_size(sys.stdout.fileno()))
            self._live.update(Page(self.state), refresh=True)
        except Exception as fault:
            self._fault = self._fault or fault
            self._interrupt()
        self._took = clock.tick() - began

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(min(max(1 / PACE, self._took / SHARE), SLOWEST))
            self.note(Ticked(clock.tick() - self._begun))
            self._draw()

    def _typed(self, descriptor: int) -> None:
        typed = os.read(descriptor, 1024)
        if not typed:
            asyncio.get_running_loop().remove_reader(descriptor)
        for key in named(typed.decode(errors="ignore")):
            if not self._key(key):
                self.note(Pressed(key))
        (self._running.clear if self.state.view.paused else self._running.set)()
        if not self.state.view.leaving:
            self._draw()
        elif self.state.over or self.state.opened.speed is not None:
            self.left.set()
        else:
            self._interrupt()

    def _interrupt(self) -> None:
        """Ends the body; once is enough."""
        if not self._interrupted:
            self._interrupted = True
            self._body.cancel()

    def _suspend(self) -> None:
        """Ctrl-Z: the terminal is given back until the shell says `fg`."""
        self._held.close()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._open()
