"""How many threads a model on this machine should get.

llama.cpp's threads wait for each other by spinning. One that has to share its core with another program slows all of
them down to a twentieth (measured on two cores), where one thread less costs no more than its share.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

MOST = 16
"""More make no model faster that fits on such a machine."""
LOOK = 0.1
"""Seconds for which the cores are watched."""

_STAT, _QUOTA = Path("/proc/stat"), Path("/sys/fs/cgroup/cpu.max")


def idle() -> int:
    """Cores that nobody uses right now, in [1, MOST]."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    try:
        before = _idle_and_all(allowed)
        time.sleep(LOOK)
        after = _idle_and_all(allowed)
        unused, passed = (b - a for a, b in zip(before, after, strict=True))
        free = len(allowed) * unused / max(1, passed)
    except (OSError, ValueError):  # not Linux
        free = len(allowed) - (os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0)
    return max(1, min(MOST, _quota(), int(free + 0.5)))


def _idle_and_all(allowed: set[int]) -> tuple[int, int]:
    """Clock ticks since the machine started that the allowed cores spent idle, and all of theirs."""
    unused = passed = 0
    for line in _STAT.read_text().splitlines():
        name, *ticks = line.split()
        if name[:3] == "cpu" and name[3:].isdigit() and int(name[3:]) in allowed:
            unused += int(ticks[3]) + int(ticks[4])
            passed += sum(map(int, ticks[:8]))
    return unused, passed


def _quota() -> int:
    """Whole cores that a container may use at most."""
    with contextlib.suppress(OSError, ValueError):
        most, period = _QUOTA.read_text().split()
        return max(1, int(most) // int(period))
    return MOST
