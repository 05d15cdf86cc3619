"""The page as text: one file, nothing from outside, everything escaped, within its size."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from simulator.errors import StorageError
from simulator.journal.journal import Journal
from simulator.report.gather import Figures, gather
from simulator.report.page import page, write
from simulator.report.plots import PlotMark, Scale, draw, text
from simulator.report.words import visible
from tests import builders
from tests.report.runs import HOSTILE, card, mixed
from tests.worlds import shipped


class Tags(HTMLParser):
    """Names and attributes of every element, and the ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Figures:
    folder = tmp_path_factory.mktemp("run")
    mixed(folder)
    with Journal.read(folder) as journal:
        return gather(journal, shipped())


@pytest.fixture(scope="module")
def whole(figures: Figures) -> str:
    return page([figures])


@pytest.mark.parametrize("runs", [1, 2])
def test_nothing_is_asked_of_the_network_or_run_from_text(figures: Figures, whole: str, runs: int) -> None:
    tags = Tags(whole if runs == 1 else page([figures, figures]))
    links = [value for name, value in tags.attributes if name in ("src", "href", "xlink:href", "srcset", "action")]
    assert links and all(link.startswith("#") or link == "data:," for link in links)
    assert not [name for name, _ in tags.attributes if name.startswith("on") or name == "style"]
    assert not {"img", "iframe", "object", "embed", "base"} & {*tags.names}
    ids = [value for name, value in tags.attributes if name == "id"]
    assert len(ids) == len(set(ids)) and "owned" not in ids
    assert all(link[1:] in ids or re.match(r"#[ab]-s\d", link) for link in links if link.startswith("#"))


def test_what_people_typed_is_escaped(whole: str) -> None:
    before_data = whole.partition('<script type="text/plain"')[0]
    assert "&lt;script&gt;document.title" in before_data, "an example of a rule shows it"
    for line in HOSTILE[:3]:
        assert line not in whole
    assert "\u202e" not in whole and before_data.count("<script>") == 1
    assert visible(HOSTILE[4]).startswith("⟨U+202E⟩")


def test_the_budget_holds_and_is_told(figures: Figures, whole: str) -> None:
    bare = page([figures], budget=0)
    budget = len(bare.encode()) + 14_000
    assert len(page([figures], budget=budget).encode()) <= budget < len(whole.encode())
    assert "All 35 transcripts are in this page." in whole
    told = re.search(r"(\d+) of 35 transcripts are in this page: (\d) of 4 rejected", bare)
    assert told and told.groups() == ("0", "0")


def test_the_same_run_gives_the_same_page(figures: Figures, whole: str) -> None:
    assert page([figures]) == whole


@pytest.mark.parametrize("sessions", [0, 1])
def test_a_run_with_nothing_in_it(tmp_path: Path, sessions: int) -> None:
    with Journal.create(tmp_path, card()) as journal:
        builders.fill(journal, map(builders.plan, range(sessions)))
    with Journal.read(tmp_path) as journal:
        text = page([gather(journal, shipped())])
    assert ("Nothing yet." in text) is (sessions == 0) and "nan" not in text.lower().split()


def test_dots_lead_to_transcripts(figures: Figures, whole: str) -> None:
    linked = re.findall(r'<a href="#a-(s\d+)" tabindex="-1">', whole)
    assert sorted(linked) == sorted(s.id for s in figures.sessions if s.messages and s.state != "open")


def test_a_page_that_cannot_be_written(tmp_path: Path, figures: Figures) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="--out"):
        write(tmp_path / "file" / "page.html", [figures])
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_plot_escapes_what_is_told_and_links_to_transcripts() -> None:
    told = "<b> 3 of 4\u202e"
    drawn = draw(
        "a <title>", 9, 9, [PlotMark("dot", 1.234, 2, size=2, title=told, link="#a-s1"), text("<i>", 1, 2, "end")]
    )
    root = ElementTree.fromstring(drawn)
    anchor, words = list(root)
    assert root.get("aria-label") == "a <title>" and anchor.get("href") == "#a-s1" and anchor.get("tabindex") == "-1"
    (circle,) = anchor
    assert circle.get("cx") == "1.2" and circle[0].text == "<b> 3 of 4⟨U+202E⟩" and words.text == "<i>"


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [
        (0, 59, [0, 10, 20, 30, 40, 50]),
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (3, 3, [3]),
        (0, 1_200, [0, 200, 400, 600, 800, 1000, 1200]),
    ],
)
def test_ticks_are_round_and_inside(least: float, most: float, expected: list[float]) -> None:
    assert Scale(least, most, 0, 300).ticks() == expected
