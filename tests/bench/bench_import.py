"""How fast logs are read, and how much memory that takes.

    python tests/bench/bench_import.py [100]

Prints one JSON object. Invented talk in the format of irssi is looked at as by `--dry-run`, 10 MB of it and then so
many megabytes (default 100), and the 10 MB are taken into a run without and with pseudonyms.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulator import rng
from simulator.logs.conversations import SplitRules
from simulator.logs.log_files import LogSelection
from simulator.logs.log_import import ImportOptions, ImportResult, import_logs, summarize_logs
from tests.bench.memory import peak_mb
from tests.worlds import shipped

SMALL = 10
"""Megabytes."""


def log(path: Path, megabytes: int) -> Path:
    """Some 200 people in a channel that is quiet at night; one line in eight is a join, a part or a nick change."""
    draw = rng.stream(1, "bench", "import")
    words = [f"{chr(97 + n % 26)}{'aeiou'[n % 5]}{chr(97 + n % 19)}{n % 7 * 'n'}" for n in range(2_000)]
    written, day, second = 0, 0, 0
    with path.open("w") as file:
        written += file.write("--- Log opened Mon Jan 01 08:00:00 2001\n")
        while written < megabytes * 1_000_000:
            second += draw.randrange(40)
            if second >= 57_600:
                day, second = day + 1, 0
                written += file.write(f"--- Day changed {_date(day)}\n")
            clock = f"{8 + second // 3600:02}:{second // 60 % 60:02}"
            nick = f"nick{draw.randrange(200)}"
            if draw.random() < 0.125:
                row = f"{clock} -!- {nick} [~u@host.invalid] has joined #soup\n"
            else:
                said = " ".join(draw.choice(words) for _ in range(draw.randrange(1, 24)))
                to = f"nick{draw.randrange(200)}: " if draw.random() < 0.3 else ""
                row = f"{clock} <{' @+'[draw.randrange(3)]}{nick}> {to}{said}\n"
            written += file.write(row)
    return path


def _date(day: int) -> str:
    return (date(2001, 1, 1) + timedelta(days=day)).strftime("%a %b %d %Y")


def measured(megabytes: int, work: Callable[[], ImportResult]) -> dict[str, float | int]:
    begun = time.perf_counter()
    taken = work()
    seconds = time.perf_counter() - begun
    return {
        "megabytes": megabytes,
        "lines": sum(about.lines for about in taken.accounts),
        "conversations": sum(about.conversations for about in taken.accounts),
        "seconds": round(seconds, 2),
        "mb_per_second": round(megabytes / seconds, 2),
        "peak_mb": peak_mb(),
    }


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    folder = Path(tempfile.mkdtemp(prefix="bench-import-"))
    world, rules = shipped(), SplitRules(lead="nick0")
    try:
        small, large = log(folder / "small.log", SMALL), log(folder / "large.log", size)

        def take(name: str, wish: ImportOptions) -> Callable[[], ImportResult]:
            run = folder / "runs" / name
            return lambda: import_logs(LogSelection((small,), "irssi"), run, world, rules, wish)

        found = {
            "before_mb": peak_mb(),
            "look": measured(SMALL, lambda: summarize_logs(LogSelection((small,), "irssi"), rules)),
            "look_large": measured(size, lambda: summarize_logs(LogSelection((large,), "irssi"), rules)),
            "take": measured(SMALL, take("plain", ImportOptions())),
            "take_pseudonyms": measured(SMALL, take("hidden", ImportOptions(pseudonyms=True, salt="x"))),
        }
    finally:
        shutil.rmtree(folder)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
