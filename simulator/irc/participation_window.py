"""Her share of the messages, over a sliding window. Pure arithmetic, no chance, no model.

A channel has no last message, so no exact number can be planned as in a session. What holds instead: among any `size`
messages in a row her share lies in the band of the level. Until there are so many, she keeps pace with the band.

What she has to say takes time, in which others go on, and a line may be refused. So a line that is being written is
counted from its beginning: how many messages of others came before it was out, tries that came to nothing included,
is what she reckons with from then on. She has to speak so early that the window would still hold enough of hers if the
next line took longer than any of the last ones, and those after it
as long as they usually take.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from itertools import islice

from simulator.world.policy import Band

LATE = 3
"""Messages of others that may come between a decision and its line, as long as it was not measured to be more."""
RESERVE = 0.2
"""Part of the band's width that lies between the least and where she has to speak."""
MEASURED = 20
"""Lines of hers whose delays are remembered."""


class ParticipationWindow:
    """The last messages of the channel: hers or not."""

    def __init__(self, size: int, past: Iterable[bool] = ()) -> None:
        """`past`: earlier messages, the oldest first, True where they were hers."""
        self._hers: deque[bool] = deque(past, maxlen=size)
        self._size = size
        self._delays: deque[int] = deque(maxlen=MEASURED)
        self._writing: int | None = None

    def add(self, hers: bool) -> None:
        self._hers.append(hers)
        if self._writing is None:
            return
        if hers:
            self._delays.append(self._writing)
            self._writing = None
        else:
            self._writing += 1

    def writes(self) -> None:
        """A line of hers is begun, or tried again."""
        if self._writing is None:
            self._writing = 0

    def gave_up(self, band: Band) -> None:
        """The line came to nothing. Where she has to speak, the next one is the same line, tried again."""
        if self._writing is not None and not self.must_speak(band):
            self._delays.append(self._writing)
            self._writing = None

    def forget(self) -> None:
        """Another level holds from here on."""
        self._hers.clear()
        self._writing = None

    @property
    def messages(self) -> int:
        return len(self._hers)

    @property
    def hers(self) -> int:
        return sum(self._hers)

    @property
    def late(self) -> int:
        """Messages of others that the next line may have to wait for: one more than any of the last ones had to."""
        return max((LATE, *(delay + 1 for delay in self._delays)))

    def may_speak(self, band: Band) -> bool:
        """True if the next message can be hers without the window going above the band."""
        messages = min(len(self._hers) + 1, self._size)
        return self._last(self._size - 1) + 1 <= max(1, math.floor(band.most * messages + 1e-9))

    def must_speak(self, band: Band) -> bool:
        """True if the window would fall below the band if she waited one message more."""
        known = len(self._hers)
        wanted = math.ceil((band.least + RESERVE * (band.most - band.least)) * self._size - 1e-9)
        if 2 * known < self._size:  # nobody has to hurry into a new channel
            return self._last(known) < math.floor(wanted * (known + 1) / self._size + 1e-9)
        usual = sum(self._delays) / len(self._delays) if self._delays else 0.0
        ahead, owed = self.late + 1.0, 0
        while ahead <= self._size:
            # So many messages from now, right before the line after the next `owed` ones.
            messages = min(self._size, known + int(ahead))
            if self._last(messages - int(ahead)) + owed < math.floor(wanted * messages / self._size + 1e-9):
                return True
            ahead, owed = ahead + usual + 2, owed + 1
        return False

    def is_due(self, band: Band) -> bool:
        """True if a line that is written has to be out now: two more messages of others, and the window is below."""
        full = len(self._hers) >= self._size - 2
        return full and self._last(self._size - 2) < math.ceil(band.least * self._size - 1e-9)

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
