"""Plays sessions with one framework and says what they took. Standard library only: it runs in every peer's venv.

    python FRAMEWORK.py ADDRESS N SESSIONS

SESSIONS 1: one session whose calls the server counts, then rounds of sessions one after another, for time. More: all
at once, for memory and speed. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import os
import resource
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path

WARM = 4
"""Messages of the session before the measured ones: imports and first connections are no message's cost."""
ROUNDS, ROUND = 3, 100
"""Time is that of the quickest of so many rounds of at least so many messages: what else the machine does only adds."""
SECONDS = 10.0
"""After which no further round begins."""

Session = Callable[[str, int, int], Awaitable[int]]
"""Given the server's address, a number of messages and the session's own number: how many messages were said."""


def main(session: Session, *packages: str) -> None:
    """Measures; `packages`: whose versions stand in the row."""
    base, n, at_once = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    asyncio.run(_run(session, base, n, at_once, {p: importlib.metadata.version(p) for p in packages}))


async def _run(session: Session, base: str, n: int, at_once: int, versions: dict[str, str]) -> None:
    await session(base, WARM, 9000)
    _get(f"{base}/reset")
    row: dict[str, object] = {"n": n, "sessions": at_once, "versions": versions, "memory_before_mb": _memory("VmRSS")}
    if at_once == 1:
        said = await session(base, n, 0)
        row["counted"] = {"messages": said, **_get(f"{base}/counts")}
        row |= await _timed(session, base, n)
    else:
        cpu, wall = _cpu(), time.perf_counter()
        said = sum(await asyncio.gather(*(session(base, n, number) for number in range(at_once))))
        row |= _times(said, _cpu() - cpu, time.perf_counter() - wall)
        row["counted"] = {"messages": said, "calls": _get(f"{base}/counts")["calls"]}
    row["memory_peak_mb"] = _memory("VmHWM")
    print(json.dumps(row), flush=True)
    os._exit(0)  # some frameworks hang when their loop is closed


async def _timed(session: Session, base: str, n: int) -> dict[str, float]:
    """CPU and wall time each from the round that took least of it."""
    rounds, number, begun = [], 0, time.perf_counter()
    while len(rounds) < ROUNDS and (not rounds or time.perf_counter() - begun < SECONDS):
        said, cpu, wall = 0, _cpu(), time.perf_counter()
        while said < ROUND:
            number += 1
            said += await session(base, n, number)
        rounds.append(_times(said, _cpu() - cpu, time.perf_counter() - wall))
    least = {key: min(one[key] for one in rounds) for key in ("cpu_ms", "wall_ms")}
    return {"rounds": len(rounds), **least}


def _times(said: int, cpu: float, wall: float) -> dict[str, float]:
    return {
        "messages": said,
        "cpu_ms": round(cpu / said * 1000, 3),
        "wall_ms": round(wall / said * 1000, 3),
        "messages_per_second": round(said / wall, 1),
    }


def _cpu() -> float:
    """Seconds of CPU of this process and of those it started and saw end."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def _memory(field: str) -> float:
    rows = Path("/proc/self/status").read_text().splitlines()
    return round(int(next(row for row in rows if row.startswith(field)).split()[1]) / 1024, 1)


def _get(url: str) -> dict:
    with urllib.request.urlopen(url, timeout=120) as answer:
        return json.load(answer)
