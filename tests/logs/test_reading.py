"""Bytes, codes, clocks and nicks: what a line is before anybody asks what it says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from simulator.logs import calendar
from simulator.logs.conversations import SplitRules
from simulator.logs.entry import Stamp
from simulator.logs.nicks import NickHistory, fold, legal
from simulator.logs.reading import account, conversations
from simulator.logs.text_decoding import LONGEST, lines, plain
from simulator.logs.timeline import DAY, Timeline
from simulator.world.strict import Nick, StrictModel


@pytest.mark.parametrize(
    ("raw", "text", "kinds"),
    [
        (b"a\nb\n", ["a", "b"], {"ascii": 2}),
        (b"a\r\nb", ["a", "b"], {"ascii": 2}),
        (b"a\x1cb\x1db\x1e\x85c\n", ["a\x1cb\x1db\x1e…c"], {"cp1252": 1}),
        ("a\u2028b\x0cc\n".encode(), ["a\u2028b\x0cc"], {"utf-8": 1}),
        ("grün\n".encode() + "grün\n".encode("latin-1"), ["grün", "grün"], {"utf-8": 1, "cp1252": 1}),
        (b"\x93so\x94 \x80\n", ["“so” €"], {"cp1252": 1}),
        (b"\x81\x8d\xfe\n", ["\x81\x8dþ"], {"latin-1": 1}),
        ("═╗▓".encode("cp437") + b"\n", ["Í»²"], {"cp1252": 1}),
        (b"\xef\xbb\xbfa\n", ["a"], {"ascii": 1}),
        ("ab\nü\n".encode("utf-16"), ["ab", "ü"], {"utf-16": 2}),
        (b"x" * (3 * LONGEST) + b"\ny\n", ["x" * LONGEST, "y"], {"ascii": 2, "cut at 16 KiB": 1}),
        (b"", [], {}),
    ],
)
def test_lines(tmp_path: Path, raw: bytes, text: list[str], kinds: dict[str, int]) -> None:
    path = tmp_path / "log"
    path.write_bytes(raw)
    found: Counter[str] = Counter()
    assert list(lines(path, found)) == text
    assert found == kinds


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("\x02b\x02 \x1di\x1d \x1fu\x1f \x1es\x1e \x16r\x16 \x11m\x0f", "b i u s r m"),
        ("\x0304red\x03 \x034,12x \x03,5", "red x ,5"),
        ("\x04ff00aared", "red"),
        ("a\tb", "a b"),
        ("fix\x08\x08ed\x00", "fixed"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("zero\u200bwidth \u202eright", "zerowidth right"),
        ("one\u2028two", "onetwo"),
        (" \u00a0x\u00a0 ", "x"),
        ("naïve 日本 🍜", "naïve 日本 🍜"),
        ("\x03\x02\x0f", ""),
    ],
)
def test_codes(typed: str, text: str) -> None:
    assert plain(typed) == text


def clock(text: str, day: int | None = None) -> Stamp:
    parts = [int(part) for part in text.split(":")]
    return Stamp(day, parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0), len(parts) > 2)


@pytest.mark.parametrize(
    ("times", "minutes"),
    [
        (["10:00", "10:05", "10:05"], [0, 5, 5]),
        (["23:59", "00:01"], [0, 2]),
        (["22:00", "09:00", "08:00"], [0, 11 * 60, 34 * 60]),
        (["10:00:30", "10:00:29", "10:01"], [0, 0, 0.5]),
        (["12:59", "01:00"], [0, 1]),
        (["11:58", "12:10", "12:59", "01:00", "11:59", "12:01"], [0, 12, 61, 62, 721, 723]),
        (["13:00", "12:59", "01:00"], [0, 0, 12 * 60]),
        (["00:30", "12:59", "01:00"], [0, 749, 1470]),
    ],
)
def test_times_without_dates(times: list[str], minutes: list[float]) -> None:
    line = Timeline()
    found = [line.at(clock(time)) for time in times]
    assert [(at - found[0]) / 60 for at in found] == minutes
    assert not line.dated


def test_dates_rule_over_guesses() -> None:
    line = Timeline()
    assert line.at(clock("23:59", 10)) == 10 * DAY + 86_340
    assert line.at(None) == 10 * DAY + 86_340
    assert line.at(Stamp(12, None)) == 12 * DAY
    assert line.at(clock("00:01")) == 12 * DAY + 60
    assert line.at(clock("08:00", 3)) == 3 * DAY + 8 * 3600
    assert line.dated


def test_hexchat_counts_its_own_years(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    said = [f"{day} 10:00:00 <{nick}>\tx" for day in ("Dec 31", "Jan 01", "Mar 02") for nick in "ab"]
    path.write_text("\n".join(["**** BEGIN LOGGING AT Fri Dec 30 09:58:00 2011", *said]))
    (found,) = conversations(path, SplitRules(silence=1e6, shortest=2), account(path, "hexchat", None))
    days = list(dict.fromkeys(turn.at // DAY for turn in found.turns))
    assert days == [calendar.iso(day) for day in ("2011-12-31", "2012-01-01", "2012-03-02")]


@pytest.mark.parametrize(
    ("name", "day"),
    [("#x_20120303.log", "2012-03-03"), ("2012-03-03.train.txt", "2012-03-03"), ("x.log", None), ("20121399", None)],
)
def test_dates_in_names_of_files(name: str, day: str | None) -> None:
    assert calendar.in_name(name) == (calendar.iso(day) if day else None)


@pytest.mark.parametrize(
    "name", ["jo", "Jo Smith", "3vil", "-x", "Jürgen", "日本", "🍜", "a" * 60, "", "<x>", "a|b`c^", "x.y@z", "\u200b"]
)
def test_any_name_becomes_a_nick(name: str) -> None:
    class Held(StrictModel):
        nick: Nick

    assert Held(nick=legal(name)).nick == legal(name) == legal(name)


def test_nicks_are_the_same_in_any_case() -> None:
    assert fold("Foo[x]\\") == fold("fOO{X}|") and fold("a~") == fold("A^") and fold("a-") != fold("a_")


@pytest.mark.parametrize(
    ("steps", "persons"),
    [
        (["jo", "JO"], ["jo", "jo"]),
        (["jo", ("jo", "jo|away"), "jo|away", "jo"], ["jo", "jo", "jo"]),
        (["jo", ("jo", "al"), ("al", "jo"), "jo", ("Jo", "JO"), "jO"], ["jo", "jo", "jo"]),
        (["jo", ("jo", "a"), ("a", "b"), ("b", "c"), "c"], ["jo", "jo"]),
        (["guest12", ("guest12", "jo"), "jo", "guest12"], ["guest12", "jo", "guest12"]),
        (["jo", ("jo", "guest"), "guest"], ["jo", "jo"]),
        (["jo", "jo_", ("jo_", "jo"), "jo"], ["jo", "jo_", "jo"]),
    ],
)
def test_nick_changes(steps: list[str | tuple[str, str]], persons: list[str]) -> None:
    people, found = NickHistory(), []
    for step in steps:
        if isinstance(step, tuple):
            people.rename(*step)
        else:
            found.append(people.person(step))
    assert found == persons


def test_only_some_are_followed_for_ever() -> None:
    people = NickHistory(frozenset(["pim"]))
    people.rename("pim", "pim_")
    people.rename("jo", "jo_")
    people.forget()
    assert (people.person("PIM_"), people.person("jo_")) == ("pim", "jo_")
