"""The machine's clock is set back and forth while the program runs: nothing is decided by it."""

from __future__ import annotations

import ast
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simulator import clock
from simulator.corpus import stats
from simulator.errors import EmError
from simulator.irc.timing import WallClock
from simulator.journal.journal import Journal
from tests.faults.killing import Uncut, play, rows
from tests.faults.runs import against
from tests.worlds import exported, shipped

WALL = {
    "time.time",
    "time.time_ns",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.localtime",
}


@pytest.fixture
def jumping(monkeypatch: pytest.MonkeyPatch) -> None:
    """At every look the clock is an hour later or an hour earlier than it should be."""
    hours = itertools.cycle((0, 1, -1, 5, -5))
    jump = lambda: (datetime.now(UTC) + timedelta(hours=next(hours))).replace(microsecond=0).isoformat()  # noqa: E731
    monkeypatch.setattr(clock, "now", jump)


def test_only_the_clock_looks_at_the_wall() -> None:
    """Pauses, timeouts and measures take `clock.tick`, which never goes back."""
    package = Path(clock.__file__).parent
    for path in package.rglob("*.py"):
        if path == Path(clock.__file__) or "_content" in path.parts:
            continue
        called = {
            ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
        }
        assert not called & WALL, f"{path.relative_to(package)} asks {called & WALL}"


def test_a_run_is_the_same_under_a_jumping_clock(tmp_path: Path, jumping: None) -> None:
    uncut = Uncut(tmp_path / "uncut")
    play(tmp_path / "run")
    assert rows(tmp_path / "run") == uncut.rows
    assert exported(tmp_path / "run", tmp_path / "out") == uncut.files
    with Journal.read(tmp_path / "run") as journal:
        status = stats.status(journal, shipped().quota).to_json()
    assert (status["done"], status["open"]) == (1.0, 0)
    assert datetime.fromisoformat(status["time"]) and datetime.fromisoformat(status["begun"])


def test_requests_and_pauses_take_no_notice(tmp_path: Path, jumping: None) -> None:
    out = against("429 with a pause", tmp_path / "run")
    assert out.status["kept"] == 1 and out.pauses and all(7 <= pause <= 8 for pause in out.pauses)
    with Journal.read(tmp_path / "run") as journal:
        assert all(0 <= call.reply.seconds < 60 for call in journal.calls())


def test_the_time_of_a_channel_never_goes_back(jumping: None) -> None:
    """The lead's hours, floods and budgets count on from the clock's first word."""
    hours = WallClock(tempo=50.0)
    seen = [hours.now() for _ in range(1000)]
    assert seen == sorted(seen) and seen[-1] - seen[0] < 3600


def test_a_lock_that_another_clock_left_is_no_lock(tmp_path: Path) -> None:
    """A lock lives as long as its process, whatever date its file has."""
    import os

    play(tmp_path / "run")
    for hours in (-1000, 1000):
        at = datetime.now(UTC).timestamp() + hours * 3600
        os.utime(tmp_path / "run" / "lock", (at, at))
        with Journal.open(tmp_path / "run") as journal:
            assert journal.tally().kept
            with pytest.raises(EmError, match="another process"):
                Journal.open(tmp_path / "run")
