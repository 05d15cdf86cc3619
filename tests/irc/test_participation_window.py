"""Her share over a sliding window, whoever drives it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import rng
from simulator.irc.participation_window import LATE, ParticipationWindow
from tests.layout import LEVELS
from tests.worlds import shipped

SIZE = 100
BANDS = shipped().engagement.bands


def drive(level: str, wish: float, late: int, seed: int, messages: int = 600, fails: int = 0) -> list[bool]:
    """Somebody who wants to speak with chance `wish` wherever she may, whose lines come up to `late` messages late;
    every third one comes to nothing, as late, up to `fails` in a row."""
    band, share, draw = BANDS[level], ParticipationWindow(SIZE), rng.stream(seed, "drive")
    said: list[bool] = [False]
    share.add(False)
    failed = 0

    def add(hers: bool) -> None:
        share.add(hers)
        said.append(hers)

    while len(said) < messages:
        wanted = share.must_speak(band) or (share.may_speak(band) and draw.random() < wish)
        if said[-1] or not wanted:
            add(False)
            continue
        share.begin_line()
        for _ in range(draw.randint(0, late)):
            add(False)
        if failed < fails and draw.random() < 1 / 3:
            failed += 1
            share.gave_up(band)
            add(False)
        else:
            failed = 0
            add(True)
    return said


def held(said: list[bool], level: str) -> None:
    band = BANDS[level]
    for at in range(len(said) - SIZE + 1):
        assert band.least <= sum(said[at : at + SIZE]) / SIZE <= band.most, (at, sum(said[at : at + SIZE]))


LATEST = {"LOW": 6, "MEDIUM": LATE, "HIGH": 1}
"""Who has to say a quarter of all lines cannot come three late each time."""
levels, wishes, seeds = st.sampled_from(LEVELS), st.sampled_from([0.0, 0.05, 0.3, 1.0]), st.integers(0, 10**6)


@given(levels, wishes, st.integers(0, max(LATEST.values())), seeds)
@settings(max_examples=60, deadline=None)
def test_every_full_window_is_in_the_band(level: str, wish: float, late: int, seed: int) -> None:
    held(drive(level, wish, min(late, LATEST[level]), seed), level)


def test_several_lines_in_a_row_may_be_late() -> None:
    """The delays of three lines add up: this is the draw in which they did."""
    held(drive("MEDIUM", 0.3, 3, 425415), "MEDIUM")


@pytest.mark.parametrize(("level", "fails"), [("LOW", 2), ("MEDIUM", 1)])
@pytest.mark.parametrize("wish", [0.0, 0.05, 0.3, 1.0])
def test_also_when_lines_come_to_nothing(level: str, fails: int, wish: float) -> None:
    for seed in range(12):
        held(drive(level, wish, 1, seed, fails=fails), level)


@pytest.mark.parametrize("level", LEVELS)
def test_pressure_alone_keeps_the_middle(level: str) -> None:
    band, share, draw = BANDS[level], ParticipationWindow(SIZE), rng.stream(1, "pressure")
    said = []
    for _ in range(4000):
        said.append(draw.random() < share.pressure(band))
        share.add(said[-1])
    assert band.least < sum(said) / len(said) < band.most


def test_a_line_that_is_written_is_counted_until_it_is_out() -> None:
    band, share = BANDS["LOW"], ParticipationWindow(SIZE)
    assert share.late == LATE
    for others in (7, 2):
        share.begin_line()
        for number in range(others):
            share.add(False)
            if number == 1:
                share.begin_line()  # tried again: the same line
        share.add(True)
    assert share.late == 8
    share.begin_line()
    share.gave_up(band)  # she need not speak now, so the line is let go
    for _ in range(20):
        share.add(False)
    share.add(True)
    assert share.late == 8


def test_a_line_is_due_before_the_window_is_below() -> None:
    band, share = BANDS["LOW"], ParticipationWindow(SIZE, [True] * 5 + [False] * 93)
    assert share.is_due(band) is False
    share.add(False)
    share.add(False)
    assert share.messages == SIZE and share.own == 5 and share.is_due(band)


def test_another_level_begins_anew() -> None:
    share = ParticipationWindow(SIZE, [True, False] * 40)
    assert not share.may_speak(BANDS["HIGH"])
    share.forget()
    assert share.messages == share.own == 0 and share.may_speak(BANDS["HIGH"])
    assert not share.must_speak(BANDS["HIGH"])
