"""Where the beats of a script fall in a session of n messages."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from simulator.world.scenario import ANYONE, LEAD, Beat

TRIES = 200


def place(beats: Sequence[Beat], n: int, draw: random.Random) -> dict[str, int] | None:
    """A message index for every beat, by id; None if they do not fit into n messages.

    No two lines fall on the same message and no two of the lead's next to each other. Beats without a line take effect
    before the message at their index and share it with whatever is there.
    """
    for _ in range(TRIES):
        placed = _attempt(beats, n, draw)
        if placed is not None:
            return placed
    return None


def _attempt(beats: Sequence[Beat], n: int, draw: random.Random) -> dict[str, int] | None:
    placed: dict[str, int] = {}
    lines: dict[int, str] = {}
    for beat in beats:
        if beat.after is not None:
            first = placed[beat.after] + beat.gap[0]
            last = placed[beat.after] + beat.gap[1]
        else:
            assert beat.when is not None
            first, last = math.ceil(beat.when[0] * (n - 1)), math.floor(beat.when[1] * (n - 1))
            last = max(first, last)
        spots = [i for i in range(first, min(last, n - 1) + 1) if beat.who == ANYONE or _free(lines, i, beat.who)]
        if not spots:
            return None
        spots = [i for i in spots if i < n - 1] or spots  # the last message is an ending, not something new
        at = draw.choice(spots)
        placed[beat.id] = at
        if beat.who != ANYONE:
            lines[at] = beat.who
    return placed


def _free(lines: dict[int, str], i: int, who: str) -> bool:
    if i in lines:
        return False
    return who != LEAD or (lines.get(i - 1) != LEAD and lines.get(i + 1) != LEAD)
