"""A log's clock that is put forward and back, and names of zones that are none."""

from __future__ import annotations

import pytest

from simulator.errors import UsageError
from simulator.logs import calendar
from simulator.logs.entry import Stamp
from simulator.logs.formats.json_exports import DISCORD
from simulator.logs.formats.terminal_clients import WEECHAT
from simulator.logs.timeline import DAY, Timeline, Zone
from tests.logs import samples

SPRING, AUTUMN = calendar.iso("2012-03-25"), calendar.iso("2012-10-28")
"""When summer time began and ended in Berlin, at two and at three in the morning."""

NIGHTS = {
    "back": (AUTUMN, ["02:30", "02:59", "02:00", "02:59", "03:00"], [0, 29, 30, 89, 90]),
    "back by a part of the hour": (AUTUMN, ["02:40", "02:10", "02:40"], [0, 30, 60]),
    "back while nobody spoke": (AUTUMN, ["01:50", "03:10"], [0, 140]),
    "a little back, as clocks do": (AUTUMN, ["02:30", "02:28", "02:31"], [0, 0, 1]),
    "forward": (SPRING, ["01:59", "03:00"], [0, 1]),
    "an hour that never came": (SPRING, ["01:59", "02:01", "02:59"], [0, 2, 60]),
    "another night": (AUTUMN + 1, ["02:59", "02:00"], [0, 23 * 60 + 1]),
}


def stamp(text: str, day: int | None = None) -> Stamp:
    return Stamp(day, int(text[:2]) * 3600 + int(text[3:]) * 60, False)


@pytest.mark.parametrize("night", NIGHTS)
def test_times_without_dates_over_a_night(night: str) -> None:
    day, times, minutes = NIGHTS[night]
    line = Timeline(day, Zone("Europe/Berlin"))
    found = [line.at(stamp(time)) for time in times]
    assert [(at - found[0]) / 60 for at in found] == minutes


@pytest.mark.parametrize("night", ["back", "back while nobody spoke", "forward", "an hour that never came"])
def test_times_with_dates_over_a_night(night: str) -> None:
    day, times, minutes = NIGHTS[night]
    line = Timeline(None, Zone("Europe/Berlin"))
    found = [line.at(stamp(time, day)) for time in times]
    assert [(at - found[0]) / 60 for at in found] == minutes


@pytest.mark.parametrize(
    ("zone", "day", "ahead"),
    [("Europe/Berlin", "2012-01-10", 1), ("Europe/Berlin", "2012-07-10", 2), ("Asia/Kolkata", "2012-07-10", 5.5),
     ("America/New_York", "2012-07-10", -4),
     ("UTC", "2012-07-10", 0), ("Pacific/Kiritimati", "0001-01-02", -37760 / 3600)],
)  # fmt: skip
def test_what_the_clock_shows_becomes_utc(zone: str, day: str, ahead: float) -> None:
    number = calendar.iso(day)
    at = Timeline(None, Zone(zone)).at(stamp("10:00", number))
    assert at == pytest.approx(number * DAY + (10 - ahead) * 3600, abs=1)


def test_a_log_without_dates_keeps_its_clock() -> None:
    line = Timeline(None, Zone("Asia/Tokyo"))
    assert line.at(stamp("10:00")) % DAY == 10 * 3600
    assert not line.dated


def test_a_line_that_names_its_zone_is_believed() -> None:
    line = Timeline(None, Zone("Asia/Tokyo"))
    texts = ("2012-03-03 10:00:00+0200", "2012-03-03 05:30:00-03:00", "2012-03-03 09:00:00Z", "2012-03-03 19:00:00")
    found = [line.at(WEECHAT.parse(f"{when}\tpim\thello").stamp) % DAY / 3600 for when in texts]
    assert found == [8, 8.5, 9, 10]


def test_discord_names_its_zone(tmp_path) -> None:
    told = [
        samples.message(n, "Ann", "x", at=f"2012-03-03T10:00:00.000{zone}") for n, zone in enumerate(("+02:00", "Z"))
    ]
    path = samples.discord(tmp_path, told)
    line = Timeline(None, Zone("Asia/Tokyo"))
    assert [line.at(entry.stamp) % DAY / 3600 for _, entry in DISCORD.entries(path, "")] == [8, 10]


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "Europe", "UTC+25", "a\0b", "/etc/localtime"])
def test_a_name_that_is_no_zone(name: str) -> None:
    with pytest.raises(UsageError, match="--timezone: no time zone is called"):
        Zone(name)
