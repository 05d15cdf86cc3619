"""The gold sessions: nothing in them is refused, the budgets are in their bands, nobody says the same thing twice."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from simulator.corpus.check import check
from simulator.corpus.filters import Filters
from tests.layout import LAYOUT
from tests.worlds import shipped

GOLD = Path(__file__).parents[2] / "data" / "gold"
FILES = sorted(file for length in ("short", "long") for file in (GOLD / length).glob("*.jsonl"))
WORDS = 9
"""In a row; longer ones stand in two sessions by quoting a saying, shorter ones by chance."""


def rows() -> list[dict]:
    return [json.loads(line) for file in FILES for line in file.read_text().splitlines()]


def test_no_filter_is_against_a_session_that_of_the_band_among_them() -> None:
    world = shipped()
    filters = Filters(world.style, world.engagement, world.quota, world.lead.nick, LAYOUT)
    found = list(check(FILES, filters))
    assert len(found) == 210
    assert [(ident, verdict.reasons) for ident, verdict in found if not verdict.keep] == []


@pytest.mark.parametrize(
    ("axis", "shares"),
    [
        ("engagement", {"LOW": 80, "MEDIUM": 80, "HIGH": 40}),
        ("channel", {"#general": 140, "#shoggoth": 40, "#culture-war": 20}),
        ("pattern", {"identity": 60, "boundaries": 50, "participation": 50, "calibration": 40}),
    ],
)
def test_the_short_ones_have_the_proportions_of_the_brief(axis: str, shares: dict[str, int]) -> None:
    assert Counter(row[axis] for row in rows() if row["length"] == "short") == shares


def test_no_line_of_anybody_stands_in_two_sessions() -> None:
    heard: dict[str, str] = {}
    for row in rows():
        for line in row["text"].splitlines()[2:]:
            words = re.findall(r"[\w']+", line.partition("> ")[2].lower())
            for at in range(len(words) - WORDS + 1):
                phrase = " ".join(words[at : at + WORDS])
                assert heard.setdefault(phrase, row["id"]) == row["id"], phrase


def test_the_corpus_is_small_and_typed_by_people() -> None:
    assert sum(file.stat().st_size for file in GOLD.rglob("*")) < 2_000_000
    typographic = re.compile("[\u2013\u2014\u2018\u2019\u201c\u201d\u2026]")
    assert [row["id"] for row in rows() if typographic.search(row["text"])] == []
