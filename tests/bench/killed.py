"""kill -9 at random instants of a run, each gone on with to its end: `python tests/bench/killed.py [INSTANTS]`.

Prints one JSON object: how many were killed while they played or too late; how many came to
other rows or files than the run that nobody killed, and rows that are there twice.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.faults.killing import Uncut


def main() -> None:
    instants = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    began, found = time.perf_counter(), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        uncut = Uncut(folder / "uncut")
        for instant in range(instants):
            found.append(uncut.killed(folder / str(instant), instant, instants))
            shutil.rmtree(folder / str(instant))
    when = Counter("playing" if one.alive else "too late" for one in found)
    events = sorted(one.events for one in found)
    print(
        json.dumps(
            {
                "benchmark": "kill -9",
                "instants": instants,
                "when": dict(when),
                "events_on_disk": events[:: max(1, instants // 10)],
                "different": sum(not one.same for one in found),
                "rows_twice": sum(one.twice for one in found),
                "seconds": round(time.perf_counter() - began, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
