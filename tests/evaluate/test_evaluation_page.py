"""The page of an evaluation: what the JSON says, drawn, escaped, and legible in a real Chromium without network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import fmean

import pytest
from playwright.sync_api import Browser, Page

from simulator.errors import StorageError
from simulator.evaluate.collect import observe_subject
from simulator.evaluate.evaluation_page import (
    MOST,
    PAD,
    WIDTH,
    Row,
    _pieces,
    draw_intervals,
    render_page,
    section,
    summarize_result,
    table_rows,
    write_page,
)
from simulator.evaluate.figure_checks import FigureCheck, at_least, at_most, below_zero, within
from simulator.evaluate.scorecard import Scorecard, compiled
from simulator.intervals import Figure
from simulator.journal.journal import Journal
from simulator.report import page as report
from simulator.report.gather import gather
from simulator.report.words import visible
from tests.browser import CONTRAST, chromium, screenshot
from tests.evaluate.subjects import SERVICE, Known, documents, material
from tests.report.runs import HOSTILE, mixed
from tests.worlds import shipped

__all__ = ["chromium"]
UNSEEN = dict.fromkeys(map(ord, "\u202e\u200b"))
"""What no line keeps that a model wrote."""
NAME = "<b id=owned>base</b>\u202e"


@cache
def card() -> Scorecard:
    """A base that types what must not run, with a name like that, an adapter with faults, and one without."""
    given = material(documents=documents())
    base, faulty, good = Known(given, NAME), Known(given, "faulty"), Known(given, "good")
    base.lines = lambda asks, sampling: [HOSTILE[place % len(HOSTILE)] for place, _ in enumerate(asks)]
    faulty.answers["identity"] = SERVICE
    kinds = ("base", "adapter", "adapter")
    seen = [(kind, observe_subject(each, given)) for kind, each in zip(kinds, (base, faulty, good), strict=True)]
    return compiled(seen, given, shipped(), "quick")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "evaluation.html"
    assert write_page(path, card()) == path.stat().st_size
    return path


@pytest.fixture
def tab(chromium: Browser, file: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The open page; afterwards: it asked for nothing else, and said nothing in the console."""
    scheme, width = getattr(request, "param", ("light", 1280))
    opened = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce")
    asked, told = [], []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: told.append(message.text))
    opened.on("pageerror", lambda error: told.append(str(error)))
    opened.goto(file.as_uri())
    yield opened
    owned = opened.evaluate("window.owned ?? document.getElementById('owned')?.tagName")
    opened.close()
    assert asked in ([file.as_uri()], [file.as_uri(), "data:,"]) and not told and owned is None


@pytest.mark.parametrize(
    "tab", [("light", 1280), ("dark", 1280), ("dark", 390)], indirect=True, ids=["light", "dark", "narrow"]
)
def test_it_is_legible_and_fits(tab: Page, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    for details in tab.locator("details").all():
        details.evaluate("one => one.open = true")
    assert tab.evaluate(CONTRAST) == []
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no sideways scrolling"
    screenshot(tab, tmp_path, f"evaluation-{request.node.callspec.id}")


def test_its_figures_are_those_of_the_json(tab: Page) -> None:
    shown = tab.evaluate(
        "Object.fromEntries([...document.querySelectorAll('section')].map((s) => [s.id, Object.fromEntries("
        "[...s.querySelectorAll('tbody tr')].map((r) => [r.cells[0].firstChild.data.trim(),"
        " [...r.cells].slice(1).map((c) => c.textContent.replace(/\\s+/g, ' '))]))]))"
    )
    results = json.loads(card().model_dump_json())["results"]
    told = 0
    for place, result in enumerate(results):
        parts = [(must["measure"], must["checks"]) for must in result["musts"]] + [("nice", result["nice"])]
        for name, checks in parts:
            for check in checks:
                cell, scale = shown[name][check["name"]][place], 100 if check["unit"] == "share" else 1
                digits, told = (1 if scale == 100 else 3), told + 1
                if check["value"] is None:
                    assert check["note"] in cell
                    continue
                assert f"{scale * check['value']:.{digits}f}" in cell and f"n {check['n']:,}" in cell
                if check["low"] is not None:
                    interval = f"{scale * check['low']:.{digits}f} to {scale * check['high']:.{digits}f}"
                    assert interval in cell
                assert (check["met"] is True) is ("✓" in cell) and (check["met"] is False) is ("✗" in cell)
        for level in ("LOW", "MEDIUM", "HIGH"):
            rows_ = [row for row in result["expected"] if row["source"] != "feedback" and row["engagement"] == level]
            mean = fmean(fmean(row["p"]) for row in rows_ if row["p"])
            assert f"{100 * mean:.1f} %" in shown["headers"][level][place]
    assert told > 60


def test_the_verdict_comes_first_and_leads_to_each_must_have(tab: Page) -> None:
    assert [line.strip() for line in tab.locator(".line").all_text_contents()] == [
        "faulty falls short of 1 of 5 must-haves.",
        "good meets all 5 must-haves.",
        visible(summarize_result(card().results[0])[1]),
    ]
    tab.locator(".checks a[href='#identity']").first.click()
    assert tab.url.endswith("#identity")


def test_failures_are_shown_with_what_was_found_and_hostile_text_stays_text(tab: Page) -> None:
    for details in tab.locator("details").all():
        details.evaluate("one => one.open = true")
    section = tab.locator("#identity details")
    assert section.count() == 2, "the good one has none"
    hers = section.first.locator(".lead-line").all_text_contents()
    assert len(hers) == MOST and {*hers} == {text.translate(UNSEEN) for text in HOSTILE}
    assert "As an AI language model" in section.last.locator("mark").first.text_content()
    assert "formal: happy to help" in section.last.locator(".evidence").first.text_content()
    assert tab.evaluate("document.querySelectorAll('script, img, style ~ style, [onerror]').length") == 0
    assert visible(NAME) in tab.locator("#identity thead").text_content() and "\u202e" not in tab.content()


def test_keys(tab: Page) -> None:
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.hash") == "#assistant"
    tab.keyboard.press("Enter")
    assert tab.url.endswith("#assistant")
    summary = tab.locator("#identity summary").last
    for _ in range(40):
        tab.keyboard.press("Tab")
        if summary.evaluate("one => one === document.activeElement"):
            break
    assert summary.evaluate("one => getComputedStyle(one).outlineStyle") == "solid", "focus is visible"
    tab.keyboard.press("Enter")
    assert summary.evaluate("one => one.parentElement.open")


@pytest.fixture(scope="module")
def in_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same scorecard as a section of a run's report."""
    folder = tmp_path_factory.mktemp("run")
    mixed(folder, sessions=6)
    with Journal.read(folder) as journal:
        report.write(folder / "report.html", [gather(journal, shipped())], section(card()))
    return folder / "report.html"


def test_the_report_shows_the_same_figures(in_report: Path) -> None:
    whole = in_report.read_text()
    begin = whole.index('<section id="character"')
    part = whole[begin : whole.index('<section id="transcripts"')]
    assert re.findall(r"<td.*?</td>", part, re.DOTALL) == re.findall(r"<td.*?</td>", render_page(card()), re.DOTALL)
    ids = re.findall(r' id="([^"]+)"', whole)
    assert len(ids) == len({*ids}) and {*re.findall(r'href="#([\w-]+)"', part)} <= {*ids}
    assert '<a href="#character">' in whole[:begin] and "<h1" not in part
    assert not [line for line in HOSTILE if line in part and "<" in line]


@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_legible_in_the_report(chromium: Browser, in_report: Path, width: int, tmp_path: Path) -> None:
    tab = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme="dark", reduced_motion="reduce")
    told = []
    tab.on("console", lambda message: told.append(message.text))
    tab.goto(f"{in_report.as_uri()}#character")
    assert tab.locator("#identity .strip").count() > 5 and tab.evaluate(CONTRAST) == []
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no sideways scrolling"
    assert tab.evaluate("getComputedStyle(document.querySelector('.score')).tableLayout") == "fixed", (
        "its style is used"
    )
    assert tab.evaluate("window.owned ?? document.getElementById('owned')?.tagName") is None and not told
    screenshot(tab, tmp_path, f"report-with-scorecard-{width}")
    tab.close()


def test_a_page_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="--page"):
        write_page(tmp_path / "file" / "page.html", card())


def test_the_same_scorecard_gives_the_same_page() -> None:
    assert render_page(card()) == render_page(Scorecard.model_validate_json(card().model_dump_json()))


@pytest.mark.parametrize(
    "make",
    [
        lambda figure: at_most("x", figure, 0.1),
        lambda figure: at_least("x", figure, 0.3),
        lambda figure: within("x", figure, 0.1, 0.3),
        lambda figure: below_zero("x", figure),
    ],
)
@pytest.mark.parametrize("value", [-0.4, 0.0, 0.1, 0.2, 0.31, 1.0])
def test_a_figure_lies_in_the_band_when_it_is_met(make: object, value: float) -> None:
    check: FigureCheck = make(Figure(value, value - 0.01, value + 0.01, 5))
    other = check.model_copy(update={"value": 2 * value, "high": 3.0})
    one, two = draw_intervals(Row("x", "w", (check, None, other)))[::2]
    assert 0 <= one.low <= one.value <= one.high <= WIDTH and two.high <= WIDTH - PAD and one.band == two.band
    end = one.high if check.wanted.startswith("below") else one.value
    assert (one.band[0] <= end <= one.band[1]) is check.met


def test_rows_stand_for_every_subject() -> None:
    one, two = (FigureCheck(name=name, wanted="w", value=None) for name in "ab")
    assert [(row.name, row.cells) for row in table_rows([[one], [one, two]])] == [("a", (one, one)), ("b", (None, two))]


@pytest.mark.parametrize(
    ("found", "marked"),
    [
        (["b c"], ["b c"]),
        (["c d", "b c"], ["b c"]),
        (["x", ""], []),
        (["a b c d"], ["a b c d"]),
        (["d", "a"], ["a", "d"]),
    ],
)
def test_what_was_found_is_marked_once_and_nothing_is_lost(found: list[str], marked: list[str]) -> None:
    pieces = _pieces("a b c d", found)
    assert "".join(words for words, _ in pieces) == "a b c d"
    assert [words for words, hit in pieces if hit] == marked
