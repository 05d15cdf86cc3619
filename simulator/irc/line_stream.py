"""Lines over one socket, sent no faster than a server should be sent them."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import AsyncIterator

from simulator.clock import tick
from simulator.irc.irc_message import IrcMessage, read_message
from simulator.world.policies.bot import Rate

SILENCE = 120.0
"""Seconds without a line after which a server is given up; after half of them it is asked for a sign of life."""
LONGEST = 1 << 16
"""Bytes of a line without an end after which a server is not one."""


class LineStream:
    """Lines over one socket, sent no faster than the server should be sent them."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rate: Rate) -> None:
        self._reader, self._writer, self._rate = reader, writer, rate
        self._queue: deque[tuple[str, ...]] = deque()
        self._filled = asyncio.Event()
        self._sent: deque[float] = deque(maxlen=rate.lines)
        self._sender = asyncio.create_task(self._send_queued())

    def send(self, *lines: str, at_once: bool = False) -> None:
        """Sends lines in their turn, together, as one; `at_once`: before those that wait, and not counted."""
        if at_once:
            self._write(lines)
        else:
            self._queue.append(lines)
            self._filled.set()

    async def messages(self) -> AsyncIterator[IrcMessage]:
        """What the server says, until it hangs up. Raises OSError where the connection breaks."""
        while True:
            try:
                async with asyncio.timeout(SILENCE):
                    raw = await self._reader.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                return
            except (asyncio.LimitOverrunError, ValueError):
                raise OSError("a line without an end") from None
            except TimeoutError:
                raise OSError("no sign of life") from None
            if (message := read_message(raw)) is not None:
                yield message

    async def close(self) -> None:
        """Sends what waits, as far as that goes at once, and ends the connection."""
        self._sender.cancel()
        for lines in list(self._queue)[: self._rate.lines]:
            self._write(lines)
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError, ssl.SSLError):
            async with asyncio.timeout(2):
                await self._writer.wait_closed()

    def _write(self, lines: tuple[str, ...]) -> None:
        for line in lines:
            self._writer.write(line.encode(errors="replace").replace(b"\n", b" ").replace(b"\r", b" ") + b"\r\n")

    async def _send_queued(self) -> None:
        while True:
            while not self._queue:
                self._filled.clear()
                await self._filled.wait()
            if len(self._sent) == self._rate.lines:
                await asyncio.sleep(max(0.0, self._sent[0] + self._rate.seconds - tick()))
            self._sent.append(tick())
            self._write(self._queue.popleft())
