"""The page in a real Chromium: no network, no errors, filters, search, keys, and hostile text that stays text.

Screenshots are kept under the test's folder, or in the folder that EM_SCREENSHOTS names.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from simulator.journal.journal import Journal
from simulator.report.gather import gather
from simulator.report.page import page as page_of
from simulator.report.page import write
from tests.browser import CONTRAST, chromium, screenshot
from tests.report.runs import EVIDENCE, HOSTILE, mixed
from tests.worlds import shipped

__all__ = ["chromium"]
SESSIONS = 35


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    mixed(folder / "run")
    with Journal.read(folder / "run") as journal:
        figures = gather(journal, shipped())
    write(folder / "one.html", [figures])
    write(folder / "two.html", [figures, figures])
    (folder / "few.html").write_text(page_of([figures], budget=0))
    return folder


@pytest.fixture
def tab(chromium: Browser, report: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The open page; afterwards: it asked for nothing else, and said nothing in the console."""
    name, scheme, width = getattr(request, "param", ("one", "light", 1280))
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce")
    asked, told = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto((report / f"{name}.html").as_uri())
    page.wait_for_function("() => performance.getEntriesByName('browser-ready').length")
    yield page
    address = (report / f"{name}.html").as_uri()
    owned = page.evaluate("window.owned ?? document.getElementById('owned')?.tagName")
    page.close()
    assert [url.partition("#")[0] for url in asked] in ([address], [address, "data:,"]) and not told and owned is None


def count(page: Page, expected: str) -> None:
    page.wait_for_function("text => document.getElementById('count').value.startsWith(text)", arg=expected)


def opened(page: Page, session: str) -> None:
    page.wait_for_function(
        "id => document.querySelector('#transcript h3')?.textContent.startsWith(id)"
        " && document.querySelector('#transcript .lines, #transcript code')",
        arg=session,
    )


@pytest.mark.parametrize(
    "tab",
    [("one", "light", 1280), ("one", "dark", 390), ("two", "dark", 1280)],
    indirect=True,
    ids=["light", "dark-narrow", "dark-two"],
)
def test_it_is_legible_and_fits(tab: Page, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    tab.locator("#list a").last.click()
    tab.wait_for_function("() => document.querySelector('#transcript .lines')")
    for details in tab.locator("details").all():
        details.evaluate("one => one.open = true")
    assert tab.evaluate(CONTRAST) == []
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no sideways scrolling"
    screenshot(tab, tmp_path, f"report-{request.node.callspec.id}")


def test_filters(tab: Page) -> None:
    count(tab, f"{SESSIONS} of {SESSIONS}")
    for name, value, expected in (
        ("state", "rejected", 4),
        ("rule", "rejected: walls", 3),
        ("rule", "rejected: offer", 1),
        ("rule", "", 4),
        ("state", "", SESSIONS),
        ("length", "long", 13),
        ("engagement", "HIGH", 4),
        ("pattern", "identity", 1),
    ):
        tab.select_option(f"#f-{name}", value)
        count(tab, f"{expected} of {SESSIONS}")
        assert tab.locator("#list a").count() == expected
    tab.click("button[type=reset]")
    count(tab, f"{SESSIONS} of")


def test_search_finds_text_and_nicks_and_marks_them(tab: Page) -> None:
    tab.fill("#f-text", "NUMBER 19, “s00007”")
    count(tab, "1 of")
    tab.click("#list a")
    opened(tab, "s00007")
    assert tab.locator("#transcript mark").text_content() == "number 19, “s00007”"
    tab.fill("#f-text", "<script>document")
    count(tab, "1 of")
    tab.fill("#f-nick", "em")
    count(tab, "0 of")
    tab.fill("#f-text", EVIDENCE)
    count(tab, "1 of")
    tab.fill("#f-text", "nobody says this")
    count(tab, "0 of")
    assert tab.locator("#nicks option").count() == 7


def test_hostile_text_stays_text(tab: Page) -> None:
    tab.evaluate("location.hash = '#a-s00033'")
    opened(tab, "s00033")
    shown = tab.locator("#transcript .said .text").all_text_contents()
    assert shown[: len(HOSTILE)] == [
        text.replace("\u202e", "⟨U+202E⟩").replace("\u200b", "⟨U+200B⟩") for text in HOSTILE
    ]
    assert tab.evaluate("[...document.querySelectorAll('#transcript *')].every(e => !e.onerror && e.tagName !== 'IMG')")
    assert tab.evaluate("document.querySelectorAll('script:not([type])').length") == 1
    assert tab.title() == "trial: emsim report"


def test_a_rejected_session_shows_its_evidence_and_the_leads_choices(tab: Page) -> None:
    tab.evaluate("location.hash = '#a-s00033'")
    opened(tab, "s00033")
    assert tab.locator("mark.fault").text_content() == EVIDENCE
    assert tab.locator(".reasons li").count() == 3 and tab.locator(".said.faulty").count() == 2
    silent, tried = tab.locator(".pass.lead"), tab.locator(".try")
    assert "stays silent: budget" in silent.text_content() and "refused, leak" in tried.text_content()
    assert "1 of 1, addressed" in tab.locator(".said.lead").text_content()
    why = tab.locator(".why").first
    for box, mark in (("reasons", why), ("passes", silent), ("tries", tried)):
        before = mark.is_visible()
        tab.locator(f"#shows input[value={box}]").click()
        assert mark.is_visible() is not before
    assert "recency 1.5" in why.text_content()


def test_keys(tab: Page) -> None:
    held = "document.activeElement.hash || document.activeElement.id"
    tab.keyboard.press("j")
    assert tab.evaluate(held) == "#a-s00000"
    tab.keyboard.press("j")
    tab.keyboard.press("j")
    tab.keyboard.press("k")
    assert tab.evaluate(held) == "#a-s00001"
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", "focus is visible"
    tab.keyboard.press("Enter")
    opened(tab, "s00001")
    tab.wait_for_function("() => document.activeElement.id === 'transcript'")
    tab.keyboard.press("Escape")
    assert tab.evaluate(held) == "#a-s00001"
    tab.keyboard.press("/")
    assert tab.evaluate(held) == "f-text"
    tab.keyboard.type("j/k s00002")
    count(tab, "0 of")
    tab.keyboard.press("Escape")
    count(tab, f"{SESSIONS} of")
    assert tab.input_value("#f-text") == ""
    tab.keyboard.type("s00002”")
    count(tab, "1 of")
    tab.keyboard.press("Enter")
    assert tab.evaluate(held) == "#a-s00002"


def test_a_dot_opens_its_transcript(tab: Page) -> None:
    tab.locator("#lead a[href='#a-s00004']").click()
    opened(tab, "s00004")
    assert tab.locator("#list a[aria-current=true]").count() == 1


@pytest.mark.parametrize("tab", [("few", "light", 1280)], indirect=True)
def test_a_transcript_that_is_not_there_says_how_to_see_it(tab: Page) -> None:
    tab.locator("#list a").first.click()
    opened(tab, "s00000")
    assert tab.locator("#transcript code").text_content() == "em show trial s00000"
    tab.fill("#f-text", "soup")
    count(tab, f"0 of {SESSIONS} sessions, searched in the 0 that are in this page")


@pytest.mark.parametrize("tab", [("two", "light", 1280)], indirect=True)
def test_two_runs_side_by_side(tab: Page) -> None:
    count(tab, f"{2 * SESSIONS} of")
    assert tab.locator("#differences tbody tr").count() > 10
    tab.evaluate("location.hash = '#b-s00033'")
    opened(tab, "s00033")
    assert tab.locator("mark.fault").count() == 1


def test_without_javascript_the_figures_stand(chromium: Browser, report: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((report / "one.html").as_uri())
    assert page.locator("h1").is_visible() and page.locator("#quotas svg").count() == 5
    assert page.locator("noscript").is_visible() and not page.locator("#browser").is_visible()
    context.close()
