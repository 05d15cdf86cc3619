"""Her share of the messages, over a sliding window. Pure arithmetic, no chance, no model.

A channel has no last message, so no exact number can be planned as in a session. What holds instead: among any `size`
messages in a row her share lies in the band of the level. Until there are so many, she keeps pace with the band.

She is never asked about two messages in a row. What she has to say takes time, in which others go on, and a line may
be refused; so she has to speak LATE messages before the window would fall below the band, and a little above it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from itertools import islice

from simulator.world.policy import Band

LATE = 3
"""Messages of others that may come between the decision and the line."""
RESERVE = 0.2
"""Part of the band's width that lies between the least and where she has to speak."""


class Share:
    """The last messages of the channel: hers or not."""

    def __init__(self, size: int, past: Iterable[bool] = ()) -> None:
        """`past`: earlier messages, the oldest first, True where they were hers."""
        self._hers: deque[bool] = deque(past, maxlen=size)
        self._size = size

    def add(self, hers: bool) -> None:
        self._hers.append(hers)

    def forget(self) -> None:
        """Another level holds from here on."""
        self._hers.clear()

    @property
    def messages(self) -> int:
        return len(self._hers)

    @property
    def hers(self) -> int:
        return sum(self._hers)

    def may_speak(self, band: Band) -> bool:
        """True if the next message can be hers without the window going above the band."""
        messages = min(len(self._hers) + 1, self._size)
        return self._last(self._size - 1) + 1 <= max(1, math.floor(band.most * messages + 1e-9))

    def must_speak(self, band: Band) -> bool:
        """True if the window is about to fall below the band."""
        known = len(self._hers)
        late = LATE if 2 * known >= self._size else 0  # nobody has to hurry into a new channel
        messages = min(self._size, known + 1 + late)
        wanted = math.ceil((band.least + RESERVE * (band.most - band.least)) * self._size - 1e-9)
        return self._last(messages - 1 - late) < math.floor(wanted * messages / self._size + 1e-9)

    def pressure(self, band: Band) -> float:
        """The chance, in [0, 1], with which an average message should be hers, so that half a window from now the
        window holds the middle of the band."""
        ahead = self._size // 2
        behind = min(len(self._hers), self._size - ahead)
        owed = (band.least + band.most) / 2 * (behind + ahead) - self._last(behind)
        return min(1.0, max(0.0, owed / ahead))

    def _last(self, count: int) -> int:
        """Hers among the last `count` messages."""
        return sum(islice(self._hers, max(0, len(self._hers) - count), None))
