"""How many calls a door has under way at once."""

from __future__ import annotations

import asyncio
from collections import deque


class Gate:
    """Lets calls through in the order they came; halves their number when the provider has too much to do.

    Half as many at once after a refusal, one more a round while all goes well: the rule by which TCP finds its pace.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(most)
        """Calls at once that are allowed now, in [1, most]."""
        self.busy = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._round = 0

    async def __aenter__(self) -> int:
        """The round that the call belongs to, for `crowded`."""
        if self.busy >= int(self.limit) or self._waiting:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():  # its turn had come: pass it on
                    self.busy -= 1
                    self._let_in()
                raise
        else:
            self.busy += 1
        return self._round

    async def __aexit__(self, *_: object) -> None:
        self.busy -= 1
        self._let_in()

    def fine(self) -> None:
        """A call was answered."""
        self.limit = min(float(self.most), self.limit + 1 / self.limit)

    def crowded(self, round: int) -> None:
        """A call of that round was turned away. Calls of one round that fail together count once."""
        if round == self._round:
            self._round += 1
            self.limit = max(1.0, min(self.limit, self.busy) / 2)

    def _let_in(self) -> None:
        while self._waiting and self.busy < int(self.limit):
            turn = self._waiting.popleft()
            if not turn.done():
                self.busy += 1
                turn.set_result(None)
