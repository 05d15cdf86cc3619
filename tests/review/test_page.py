"""The desk in a real Chromium, by keyboard alone, with nothing but loopback behind it.

Screenshots are kept under the test's folder, or in the folder that EM_SCREENSHOTS names.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from simulator.journal.records import PersonMark
from simulator.journal.reviews import Reviews
from tests.browser import CONTRAST, chromium
from tests.cli.em import EM, em
from tests.report.runs import HOSTILE
from tests.review.runs import GUARDED, SLOTS, VARIANT, reviewed

__all__ = ["chromium"]
FINE = "so the thing with that old bridge is that nobody ever painted it"


@contextmanager
def desk(data: Path, *options: str, run: str = "trial") -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`em review` as a user starts it, and its address."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("EM_")}
    command = [str(EM), "review", run, "--data", str(data), "--no-browser", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=clean)
    try:
        line = next(line for line in process.stderr if "http" in line)
        yield re.search(r"http\S+", line)[0], process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    reviewed(folder / "runs" / "trial")
    return folder


@pytest.fixture
def address(data: Path) -> Iterator[str]:
    with desk(data, "--as", "ann") as (address, _):
        yield address
    with Reviews.open(data / "runs" / "trial") as journal:
        for person in ("ann", "bob"):
            while journal.undo(person):
                pass


@contextmanager
def opened(chromium: Browser, address: str, *, width: int = 1280, scheme: str = "light") -> Iterator[Page]:
    """The page; afterwards: it asked nobody else, and said nothing in the console."""
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce")
    asked, told = list[str](), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto(address)
    page.wait_for_function("() => performance.getEntriesByName('desk-ready').length")
    yield page
    owned = page.evaluate("window.owned ?? document.getElementById('owned')?.tagName")
    page.close()
    strangers = [url for url in asked if not url.startswith((address.split("#")[0], "data:"))]
    expected = [text for text in told if "422" not in text and "ERR_CONNECTION" not in text]
    assert not strangers and not expected and owned is None


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def at(page: Page) -> str:
    return page.locator("#session .one").first.get_attribute("data-id")


def told(page: Page, words: str) -> None:
    page.wait_for_function("words => document.getElementById('outcome').textContent.includes(words)", arg=words)


def shows(page: Page, session: str) -> None:
    page.wait_for_function("id => document.querySelector('#session .one')?.dataset.id === id", arg=session)


def marks(data: Path) -> list[PersonMark]:
    with Reviews.open(data / "runs" / "trial") as journal:
        return journal.marks()


def test_fifty_sessions_are_judged_by_keyboard_alone(chromium: Browser, data: Path, address: str) -> None:
    judged = []
    with opened(chromium, address) as page:
        for number in range(50):
            session = at(page)
            judged.append(session)
            if number % 5:
                press(page, "y")
            else:
                press(page, "x")
                page.wait_for_selector("#why[open]")
                page.keyboard.type("flow")
                press(page, "Enter")
            told(page, f"{session}: ")
            page.wait_for_function("id => document.querySelector('#session .one')?.dataset.id !== id", arg=session)
        assert page.locator("#progress").text_content() == f"50 of {SLOTS + 2} reviewed"
        press(page, "s")
        page.wait_for_selector("#figures[open] td")
        assert "50 sessions were judged" in page.locator("#figures").text_content()
        press(page, "Escape")
    assert len(set(judged)) == 50 and {mark.session for mark in marks(data)} == set(judged)
    assert [mark.good for mark in marks(data) if mark.session == judged[0]] == [False]
    assert {mark.why for mark in marks(data) if not mark.good} == {"flow"}


def test_the_queue_puts_disagreement_and_the_unseen_first(chromium: Browser, address: str) -> None:
    with opened(chromium, address) as page:
        causes = page.locator("#entries .cause").all_text_contents()
        assert "the judge is against it, no filter is" in causes[0]
        assert any("threshold" in cause for cause in causes)
        page.goto(f"{address}#{GUARDED}")
        shows(page, GUARDED)
        assert "the guard refused a line" in page.locator(".causes").text_content()


def test_a_line_with_markup_stays_text(chromium: Browser, data: Path, address: str) -> None:
    with opened(chromium, f"{address}#s{SLOTS + 1:05d}") as page:
        shown = page.locator("#session .said > .text").all_text_contents()[: len(HOSTILE)]
        assert shown == [text.replace("\u202e", "⟨U+202E⟩").replace("\u200b", "⟨U+200B⟩") for text in HOSTILE]
        assert page.locator("#session img, #session script, #session svg, #session h1").count() == 0
        press(page, "j", "e")
        page.wait_for_selector("form.edit")
        assert page.input_value("form.edit textarea") == HOSTILE[1]
        press(page, "Escape")
        page.wait_for_selector("form.edit", state="detached")


def test_a_second_tab_sees_what_the_first_one_did(chromium: Browser, data: Path, address: str) -> None:
    with opened(chromium, f"{address}#s00006") as first, opened(chromium, f"{address}#s00006") as second:
        press(first, "b")
        told(first, "bad line")
        second.wait_for_selector("#line-0 .mark.bad")
        assert "ann" in second.locator("#line-0 .mark.bad").text_content()
        press(second, "u")
        told(second, "taken back")
        first.wait_for_selector("#line-0 .mark.bad", state="detached")


def test_a_line_is_edited_refused_and_taken_back(chromium: Browser, tmp_path: Path) -> None:
    made = em("generate", "--run", "trial", "--sessions", "2", "--length", "short", "--model", "scripted", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    with desk(tmp_path / "data", "--as", "ann") as (address, _), opened(chromium, address) as page:
        session = at(page)
        press(page, "j", "e")
        page.wait_for_selector("form.edit")
        before = page.input_value("form.edit textarea")
        page.keyboard.press("Control+a")
        page.keyboard.type("...")
        press(page, "Enter")
        page.wait_for_function("() => document.getElementById('refused').textContent.includes('fragment')")
        with Reviews.open(tmp_path / "data" / "runs" / "trial") as journal:
            assert journal.last_action() == 0
        page.keyboard.press("Control+a")
        page.keyboard.type(FINE)
        press(page, "Enter")
        told(page, "edited")
        page.wait_for_selector("#line-1 .was")
        assert page.locator("#line-1 > .text").text_content() == FINE
        assert page.locator("#line-1 .was s").text_content() == before
        assert page.evaluate("document.activeElement.id") == "line-1"
        press(page, "u")
        told(page, "taken back")
        page.wait_for_selector("#line-1 .was", state="detached")
        assert at(page) == session


def test_a_verdict_is_on_the_session_that_is_seen(chromium: Browser, data: Path, address: str) -> None:
    """A key that is pressed twice before the next session is there, or held down, judges one session."""
    with opened(chromium, address) as page:
        session = at(page)
        page.evaluate("""() => { for (const repeat of [false, false, true])
            document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'y', bubbles: true, repeat})) }""")
        told(page, f"{session}: keep")
        page.wait_for_function("id => document.querySelector('#session .one')?.dataset.id !== id", arg=session)
        following = at(page)
        press(page, "y")
        told(page, f"{following}: keep")
    assert [(mark.session, mark.good) for mark in marks(data)] == sorted([(session, True), (following, True)])


def test_a_proposal_that_comes_late_opens_no_other_sessions_line(chromium: Browser, tmp_path: Path) -> None:
    made = em("generate", "--run", "trial", "--sessions", "2", "--length", "short", "--model", "scripted", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    held: list[Route] = []
    with (
        desk(tmp_path / "data", "--as", "ann", "--model", "scripted") as (address, _),
        opened(chromium, address) as page,
    ):
        session = at(page)
        page.route("**/do/ask", lambda route: held.append(route))
        with page.expect_request("**/do/ask"):
            press(page, "j", "m")
        press(page, "n")
        page.wait_for_function("id => document.querySelector('#session .one')?.dataset.id !== id", arg=session)
        held[0].continue_()
        told(page, f"{session} message 1, the model proposes: ")
        assert page.locator("form.edit").count() == 0
        page.unroute("**/do/ask")
        press(page, "m")
        page.wait_for_selector("form.edit")
        field = page.locator("form.edit textarea")
        assert field.input_value() and field.evaluate("field => field.scrollHeight <= field.clientHeight + 1")


def test_the_server_is_killed_and_nothing_is_lost(chromium: Browser, data: Path) -> None:
    with desk(data, "--as", "ann") as (address, process), opened(chromium, f"{address}#s00009") as page:
        press(page, "y")
        told(page, "s00009: keep")
        process.send_signal(signal.SIGKILL)
        process.wait()
        press(page, "x")
        page.wait_for_selector("#why[open]")
        press(page, "Enter")
        page.wait_for_function("() => document.getElementById('problem').textContent.includes('nothing was written')")
    with desk(data, "--as", "ann") as (address, _), opened(chromium, f"{address}#s00009") as page:
        assert page.locator(".marks .mark.good").count() == 1
        assert page.locator("#progress").text_content().startswith("1 of ")
        press(page, "u")
        told(page, "taken back")
    assert marks(data) == []


def test_variants_stand_side_by_side_and_one_is_chosen(chromium: Browser, address: str) -> None:
    with opened(chromium, f"{address}#s00004") as page:
        press(page, "v")
        page.wait_for_selector(f".beside[data-id='{VARIANT}']")
        press(page, "c")
        told(page, "kept for its slot")
        shows(page, VARIANT)
        assert page.locator(".one .state.kept").count() >= 1
        press(page, "u")
        told(page, "taken back")


def test_a_guards_refusal_is_called_wrong(chromium: Browser, data: Path, address: str) -> None:
    with opened(chromium, f"{address}#{GUARDED}") as page:
        line = page.locator("li.said.lead").first.get_attribute("data-line")
        press(page, *("j" * int(line)), "g")
        told(page, "guard-helpful: wrong")
        page.wait_for_selector(".try .mark.bad")
    with Reviews.open(data / "runs" / "trial") as journal:
        assert [(c.rule, c.right, c.person) for c in journal.machine_checks()] == [("guard-helpful", False, "ann")]


def test_search_and_filters(chromium: Browser, address: str) -> None:
    with opened(chromium, address) as page:
        press(page, "/")
        page.keyboard.type("NUMBER 7, “s00013”")
        page.wait_for_function("() => document.querySelectorAll('#entries li').length === 1")
        press(page, "Enter")
        assert page.evaluate("document.activeElement.dataset.session") == "s00013"
        press(page, "Enter")
        shows(page, "s00013")
        press(page, "/")
        page.keyboard.press("Control+a")
        press(page, "Delete", "Escape", "f")
        assert page.evaluate("document.activeElement.name") == "pattern"
        page.select_option("[name=pattern]", "identity")
        page.select_option("[name=state]", "rejected")
        page.wait_for_function(
            "() => [...document.querySelectorAll('#entries .kind')].every(e => e.textContent.includes('identity'))"
        )
        assert set(page.locator("#entries .state").all_text_contents()) == {"rejected"}


def test_what_a_screen_reader_is_told(chromium: Browser, address: str) -> None:
    with opened(chromium, f"{address}#s00003") as page:
        roles = page.locator("main, nav, header.top, footer[role=toolbar], [role=status], [role=alert], [role=search]")
        assert roles.count() >= 7
        assert page.locator("button:not([aria-keyshortcuts]):not([data-do=close])").count() == 1, "of the dialog's own"
        unnamed = page.evaluate(
            "[...document.querySelectorAll('input, select')].filter(e => !e.labels?.length && !e.ariaLabel).length"
        )
        assert unnamed == 0
        press(page, "j", "j", "j")
        label = page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert label.startswith("message 3, ") and "evidence against it" in label
        press(page, "x")
        page.wait_for_selector("#why[open]")
        assert page.evaluate("document.activeElement.name") == "why"
        press(page, "Escape")
        page.wait_for_selector("#why", state="hidden")
        assert page.evaluate("document.activeElement.id") == "line-3"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_can_be_read_at_any_width_and_scheme(
    chromium: Browser, address: str, width: int, scheme: str, tmp_path: Path
) -> None:
    with opened(chromium, f"{address}#s{SLOTS + 1:05d}", width=width, scheme=scheme) as page:
        press(page, "j")
        kept = Path(os.environ.get("EM_SCREENSHOTS", tmp_path))
        kept.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=kept / f"desk-{width}-{scheme}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CONTRAST) == []
