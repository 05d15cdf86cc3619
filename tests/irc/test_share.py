"""Her share over a sliding window, whoever drives it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import chance
from simulator.irc.share import LATE, Share
from simulator.world.card import Engagement
from tests.worlds import shipped

SIZE = 100
BANDS = shipped().engagement.bands


def drive(level: Engagement, wish: float, late: int, seed: int, messages: int = 600) -> list[bool]:
    """Somebody who wants to speak with chance `wish` wherever she may, and whose lines come `late` messages late."""
    band, share, draw = BANDS[level], Share(SIZE), chance.stream(seed, "drive")
    said: list[bool] = [False]
    share.add(False)
    while len(said) < messages:
        if not said[-1] and (share.must_speak(band) or (share.may_speak(band) and draw.random() < wish)):
            turns = [False] * draw.randint(0, late) + [True]
        else:
            turns = [False]
        for hers in turns:
            share.add(hers)
            said.append(hers)
    return said


@given(
    st.sampled_from(list(Engagement)),
    st.sampled_from([0.0, 0.05, 0.3, 1.0]),
    st.integers(0, LATE),
    st.integers(0, 10**6),
)
@settings(max_examples=40, deadline=None)
def test_every_full_window_is_in_the_band(level: Engagement, wish: float, late: int, seed: int) -> None:
    if level is Engagement.HIGH:
        late = min(late, 1)  # who has to say a quarter of all lines cannot come later each time
    said, band = drive(level, wish, late, seed), BANDS[level]
    for at in range(len(said) - SIZE + 1):
        assert band.least <= sum(said[at : at + SIZE]) / SIZE <= band.most


@pytest.mark.parametrize("level", list(Engagement))
def test_pressure_alone_keeps_the_middle(level: Engagement) -> None:
    band, share, draw = BANDS[level], Share(SIZE), chance.stream(1, "pressure")
    said = []
    for _ in range(4000):
        said.append(draw.random() < share.pressure(band))
        share.add(said[-1])
    assert band.least < sum(said) / len(said) < band.most


def test_another_level_begins_anew() -> None:
    share = Share(SIZE, [True, False] * 40)
    assert not share.may_speak(BANDS[Engagement.HIGH])
    share.forget()
    assert share.messages == share.hers == 0 and share.may_speak(BANDS[Engagement.HIGH])
    assert not share.must_speak(BANDS[Engagement.HIGH])
