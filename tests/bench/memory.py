"""How much memory a benchmark has had."""

from __future__ import annotations

import resource
from pathlib import Path


def peak_mb() -> float:
    """Most memory that this process has had; not inherited from the one that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return round(int(line.split()[1]) / 1024, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def resident_mb() -> float:
    """Memory that this process has now; where the system does not tell, the most that it has had."""
    status = Path("/proc/self/status")
    if not status.exists():
        return peak_mb()
    line = next(row for row in status.read_text().splitlines() if row.startswith("VmRSS"))
    return round(int(line.split()[1]) / 1024, 1)
