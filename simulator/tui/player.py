"""Plays recorded notes on the whole screen, forwards and backwards: going back is folding fewer of them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace

from simulator.runs.notes import Happened
from simulator.tui.fold import fold
from simulator.tui.state import Opened, Pressed, ViewNote, opened
from simulator.tui.terminal import Terminal

FASTER = 1.5
"""Factor on the speed for one press of `+`."""


LONGEST = 3.0
"""Seconds that a pause lasts at most, whatever the speed."""
UNHURRIED = 0.05
"""Seconds between two events that happened at the same moment."""


def pause_between(before: ViewNote | None, after: ViewNote, speed: float) -> float:
    """Seconds to wait between two notes."""
    if not isinstance(after, Happened) or not isinstance(before, Happened) or speed == math.inf:
        return 0.0
    return min(LONGEST, max(UNHURRIED, (after.event.at - before.event.at) / speed))


class Player:
    """Where in a recording we are. The state is always the fold of the notes so far, seen as the keys have chosen."""

    def __init__(self, first: Opened, notes: Sequence[ViewNote], *, reasons: bool) -> None:
        assert first.speed is not None
        self._first, self._notes, self._speed = first, notes, first.speed
        self._events = [number for number, note in enumerate(notes) if isinstance(note, Happened)]
        self._at = 0
        """How many notes are folded into the state."""
        self.state = opened(first) if not reasons else fold(opened(first), [Pressed("r")])
        self._pressed = asyncio.Event()

    def key(self, key: str) -> bool:
        """Steps and speed; False for a key that is not about these. Any key makes `play` look again."""
        self._pressed.set()
        match key:
            case "right" | "n":
                self._step(1)
            case "left" | "b":
                self._step(-1)
            case "+" | "=":
                self._speed *= FASTER
            case "-":
                self._speed /= FASTER
            case _:
                return False
        return True

    def _step(self, by: int) -> None:
        """To the next event, or to the one before; past the last one stands the verdict."""
        places = [0, *(number + 1 for number in self._events[:-1]), len(self._notes)]
        reached = sum(place <= self._at for place in places) - 1
        self._at = places[min(max(0, reached + by), len(places) - 1)]

    async def play(self, screen: Terminal) -> None:
        """Until somebody leaves."""
        while not screen.left.is_set():
            self._pressed.clear()
            self._draw(screen)
            still = screen.state.view.paused or self._at >= len(self._notes)
            try:
                async with asyncio.timeout(None if still else self._pause()):
                    await self._pressed.wait()
            except TimeoutError:
                self._at += 1
                while self._at < len(self._notes) and not self._pause():
                    self._at += 1

    def _pause(self) -> float:
        """Seconds until the next note is due."""
        before = [number for number in self._events if number < self._at]
        return pause_between(self._notes[before[-1]] if before else None, self._notes[self._at], self._speed)

    def _draw(self, screen: Terminal) -> None:
        now = fold(opened(replace(self._first, speed=round(self._speed, 1))), self._notes[: self._at])
        screen.show(replace(now, view=screen.state.view, now=screen.state.now))
