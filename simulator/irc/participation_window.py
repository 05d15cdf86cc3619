"""Participation window: the lead's share of the last messages. Pure arithmetic, no chance, no model.

A channel has no last message, so no exact number can be planned as in a session. What holds instead: among any `size`
messages in a row the lead's share lies in the band of the level. Until there are so many, it keeps pace with the band.

A line takes time, in which others go on, and may be refused. So a line that is being written is counted from its
beginning: how many messages of others came before it was out, tries that came to nothing included, is what is reckoned
with from then on. The lead has to speak so early that the window would still hold enough of its messages if the next
line took longer than any of the last ones, and those after it together as long as such a number of lines seldom takes.
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
"""Part of the band's width that lies between the least and where the lead has to speak."""
SELDOM = 2.0
"""Standard deviations by which several lines together may take longer than usual: one in fifty times they do."""
MEASURED = 20
"""Lines of the lead's whose delays are remembered."""


class ParticipationWindow:
    """The last messages of the channel: the lead's or not."""

    def __init__(self, size: int, past: Iterable[bool] = ()) -> None:
        """`past`: earlier messages, the oldest first, True where they were the lead's."""
        self._own: deque[bool] = deque(past, maxlen=size)
        self._size = size
        self._delays: deque[int] = deque(maxlen=MEASURED)
        self._writing: int | None = None

    def add(self, own: bool) -> None:
        """One more message; `own`: it is the lead's."""
        self._own.append(own)
        if self._writing is None:
            return
        if own:
            self._delays.append(self._writing)
            self._writing = None
        else:
            self._writing += 1

    def begin_line(self) -> None:
        """A line of the lead's is begun, or tried again."""
        if self._writing is None:
            self._writing = 0

    def gave_up(self, band: Band) -> None:
        """The line came to nothing. Where the lead has to speak, the next one is the same line, tried again."""
        if self._writing is not None and not self.must_speak(band):
            self._delays.append(self._writing)
            self._writing = None

    def forget(self) -> None:
        """Another level holds from here on."""
        self._own.clear()
        self._writing = None

    @property
    def messages(self) -> int:
        """All messages in the window."""
        return len(self._own)

    @property
    def own(self) -> int:
        """The lead's messages in the window."""
        return sum(self._own)

    @property
    def late(self) -> int:
        """Messages of others that the next line may have to wait for: one more than any of the last ones had to."""
        return max((LATE, *(delay + 1 for delay in self._delays)))

    def may_speak(self, band: Band) -> bool:
        """True if the next message can be the lead's without the window going above the band."""
        messages = min(len(self._own) + 1, self._size)
        return self._last(self._size - 1) + 1 <= max(1, math.floor(band.most * messages + 1e-9))

    def must_speak(self, band: Band) -> bool:
        """True if the window would fall below the band if the lead waited one message more."""
        known = len(self._own)
        wanted = math.ceil((band.least + RESERVE * (band.most - band.least)) * self._size - 1e-9)
        if 2 * known < self._size:  # nobody has to hurry into a new channel
            return self._last(known) < math.floor(wanted * (known + 1) / self._size + 1e-9)
        usual = sum(self._delays) / len(self._delays) if self._delays else 0.0
        spread = sum((delay - usual) ** 2 for delay in self._delays) / len(self._delays) if self._delays else 0.0
        ahead, owed = self.late + 1.0, 0
        while ahead <= self._size:
            # So many messages from now, right before the line after the next `owed` ones.
            messages = min(self._size, known + int(ahead))
            if self._last(messages - int(ahead)) + owed < math.floor(wanted * messages / self._size + 1e-9):
                return True
            owed += 1
            ahead = self.late + 1 + owed * (usual + 2) + SELDOM * math.sqrt(owed * spread)
        return False

    def is_due(self, band: Band) -> bool:
        """True if a line that is written has to be out now: two more messages of others, and the window is below."""
        full = len(self._own) >= self._size - 2
        return full and self._last(self._size - 2) < math.ceil(band.least * self._size - 1e-9)

    def pressure(self, band: Band) -> float:
        """The chance, in [0, 1], with which an average message should be the lead's, so that half a window from now the
        window holds the middle of the band."""
        ahead = self._size // 2
        behind = min(len(self._own), self._size - ahead)
        owed = (band.least + band.most) / 2 * (behind + ahead) - self._last(behind)
        return min(1.0, max(0.0, owed / ahead))

    def _last(self, count: int) -> int:
        """The lead's among the last `count` messages."""
        return sum(islice(self._own, max(0, len(self._own) - count), None))
