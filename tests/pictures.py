"""Makes the pictures of the docs from a real run: `docs/report.png` in a headless Chromium, `docs/live.svg` by rich.

python tests/pictures.py RUN [--data data] [--session ID] [--out docs]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from simulator.journal.journal import Journal
from simulator.report.gather import Figures, gather
from simulator.report.page import write
from simulator.tui import recording
from simulator.world import load

WIDTH, HEIGHT = 1280, 1000
PART = 0.8
"""How much of the session has been said in the picture of the live view."""


def shot(figures: Figures, path: Path) -> None:
    """The first screen of the report, as PNG."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = Path(folder) / "report.html"
        write(page, [figures])
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        tab.goto(page.as_uri())
        tab.wait_for_function("() => performance.getEntriesByName('browser-ready').length")
        tab.screenshot(path=path)
        browser.close()


def telling(figures: Figures) -> str:
    """The session that has most to show: one in which the lead speaks often."""
    finished = [session for session in figures.sessions if session.state != "open" and session.by_lead]
    return max(finished, key=lambda session: (session.state == "kept", session.by_lead, session.id)).id


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--session", help="Default: the kept session in which the lead says most.")
    parser.add_argument("--out", type=Path, default=Path("docs"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    world = load.load(load.find(None))
    with Journal.read(given.data / "runs" / given.run) as journal:
        figures = gather(journal, world)
        session = given.session or telling(figures)
        said = next(each.messages for each in figures.sessions if each.id == session)
        part = round(said * PART)
        live = recording.draw_svg(journal, world, session, recording.Picture(part, reasons=True))
    (given.out / "live.svg").write_text(live, encoding="utf-8")
    shot(figures, given.out / "report.png")
    print(*(f"{path}: {path.stat().st_size:,} bytes" for path in sorted(given.out.glob("*.[ps][nv]g"))), sep="\n")


if __name__ == "__main__":
    main()
