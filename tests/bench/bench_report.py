"""`em report` of a whole corpus: bytes of the page, time to build it, and time until a browser shows it and is ready.

    python tests/bench/bench_report.py [--megabytes 15] [--run FOLDER]

Prints one JSON object. Plays a scripted run of that size first, unless a run is given; needs chromium.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulator.journal.journal import Journal
from simulator.report.gather import gather
from simulator.report.page import page
from tests.bench.memory import peak_mb
from tests.worlds import card, play_run, shipped

PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
READY = "() => performance.getEntriesByName('browser-ready')[0]?.startTime"
IN_PAGE = re.compile(r"([\d,]+) of [\d,]+ transcripts are in this page")
RARE = "zyzzyva"
"""A word that nobody says, so that a search reads everything."""


@contextmanager
def run_of(folder: Path | None, megabytes: float) -> Iterator[Path]:
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory() as made:
        play_run(Path(made) / "run", card(target_mb=megabytes), concurrency=8)
        yield Path(made) / "run"


def in_browser(path: Path) -> dict[str, float]:
    """Seconds after the browser was told to open the page, and those of the first search of everything."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page()
        tab.goto(path.as_uri())
        ready = tab.wait_for_function(READY).json_value()
        painted = tab.wait_for_function(PAINTED).json_value()
        began = time.perf_counter()
        tab.fill("#f-text", RARE)
        tab.wait_for_function("() => document.getElementById('count').value.startsWith('0 of')")
        searched = time.perf_counter() - began
        browser.close()
    return {
        "first_contentful_paint_seconds": round(painted / 1000, 3),
        "browser_ready_seconds": round(ready / 1000, 3),
        "first_search_seconds": round(searched, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=float, default=15)
    parser.add_argument("--run", type=Path)
    given = parser.parse_args()
    with run_of(given.run, given.megabytes) as folder, tempfile.TemporaryDirectory() as out:
        began, busy = time.perf_counter(), time.process_time()
        with Journal.read(folder) as journal:
            figures = gather(journal, shipped())
        gathered = time.perf_counter()
        text = page([figures])
        built, busy = time.perf_counter(), time.process_time() - busy
        path = Path(out) / "report.html"
        path.write_text(text)
        result = {
            "benchmark": "report",
            "megabytes": round(figures.tally.bytes / 1e6, 2),
            "sessions": len(figures.sessions),
            "page_bytes": path.stat().st_size,
            "transcript_json_bytes": sum(len(session.body) for session in figures.sessions),
            "gather_seconds": round(gathered - began, 1),
            "page_seconds": round(built - gathered, 1),
            "cpu_seconds": round(busy, 1),
            "peak_mb": peak_mb(),
            **in_browser(path),
            "transcripts_in_page": int(told[1].replace(",", "")) if (told := IN_PAGE.search(text)) else "all",
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
