"""Makes the pictures of the docs from a run: report.png and review.png in a headless Chromium, live.svg by rich.

python tests/pictures.py RUN [--data data] [--session ID] [--out docs] [--only review]
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright
from playwright.sync_api import sync_playwright

from simulator.journal.journal import Journal
from simulator.llm.model import Models
from simulator.llm.scripted import Scripted
from simulator.report.gather import Figures, gather
from simulator.report.page import write
from simulator.review.desk import Desk
from simulator.review.server import served
from simulator.tui import recording
from simulator.world import load
from simulator.world.world import World

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


async def desk_shot(folder: Path, world: World, session: str, path: Path) -> None:
    """The review desk with one session open and a line of the lead's chosen, as PNG."""
    desk = Desk(folder, world, "ann", Models(Scripted(), Scripted()))
    async with served(desk) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = await browser.new_page(viewport={"width": WIDTH, "height": HEIGHT - 150}, color_scheme="light")
        await tab.goto(f"{address}#{session}")
        await tab.wait_for_function("() => performance.getEntriesByName('desk-ready').length")
        line = await tab.locator("li.said.lead").first.get_attribute("data-line")
        for _ in range(int(line or 0)):
            await tab.keyboard.press("j")
        await tab.screenshot(path=path)
        await browser.close()
    await desk.close()


def telling(figures: Figures) -> str:
    """The session that has most to show: one in which the lead speaks often."""
    finished = [session for session in figures.sessions if session.state != "open" and session.by_lead]
    return max(finished, key=lambda session: (session.state == "kept", session.by_lead, session.id)).id


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--session", help="Default: the kept session in which the lead says most.")
    parser.add_argument("--only", choices=["report", "review", "live"], help="Default: all.")
    parser.add_argument("--out", type=Path, default=Path("docs"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    world = load.load(load.find(None))
    folder, wanted = given.data / "runs" / given.run, {given.only} - {None} or {"report", "review", "live"}
    with Journal.read(folder) as journal:
        figures = gather(journal, world)
        session = given.session or telling(figures)
        said = next(each.messages for each in figures.sessions if each.id == session)
        if "live" in wanted:
            live = recording.draw_svg(journal, world, session, recording.Picture(round(said * PART), reasons=True))
            (given.out / "live.svg").write_text(live, encoding="utf-8")
    if "report" in wanted:
        shot(figures, given.out / "report.png")
    if "review" in wanted:
        asyncio.run(desk_shot(folder, world, session, given.out / "review.png"))
    print(*(f"{path}: {path.stat().st_size:,} bytes" for path in sorted(given.out.glob("*.[ps][nv]g"))), sep="\n")


if __name__ == "__main__":
    main()
