"""A recorded session plays again as it was: every line, in its order, with its silences, and backwards too."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.events import Said
from simulator.journal.journal import Journal
from simulator.runs.notes import Answered, Began, Happened, Settled
from simulator.tui import recording
from simulator.tui.fold import fold
from simulator.tui.recording import LONGEST, Picture, Player, draw_svg, pause_between
from simulator.tui.state import Over, opened
from tests import builders
from tests.cli.em import EM
from tests.cli.inside import em
from tests.cli.pseudo import Pseudo
from tests.worlds import shipped


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to stand in, with a run `trial` in it: two kept sessions, two rejected, one open."""
    folder = tmp_path_factory.mktemp("replay")
    builders.filled(folder / "data" / "runs" / "trial", 2).close()
    return folder


def test_the_notes_are_the_session(run: Path) -> None:
    with Journal.read(run / "data" / "runs" / "trial") as journal:
        first, notes = recording.recorded_notes(journal, shipped(), "s00000", speed=5)
        events = journal.events("s00000")
        rejected = recording.recorded_notes(journal, shipped(), "s00002")[1]
        cut = recording.recorded_notes(journal, shipped(), "s00004")[1]
        with pytest.raises(UsageError, match="no session"):
            recording.recorded_notes(journal, shipped(), "s99999")
    assert isinstance(notes[0], Began) and isinstance(notes[-1], Over) and first.speed == 5
    assert [note.event for note in notes if isinstance(note, Happened)] == events
    assert sum(isinstance(note, Answered) for note in notes) == 3
    state = fold(opened(first), notes)
    assert state.shown.verdict.keep and state.costs["lead"].calls == 1 and state.costs["retries"].calls == 1
    verdict = next(note.verdict for note in rejected if isinstance(note, Settled))
    assert not verdict.keep and {reason.rule for reason in verdict.reasons} == {"walls", "leak"}
    assert not any(isinstance(note, Settled) for note in cut), "an open session has no verdict"
    for messages in (0, 1, 7, 20):
        state = fold(opened(first), recording.notes_until(notes, messages))
        assert state.shown.messages == max(messages, 0) or messages == 0


def test_silences_follow_the_clock_of_the_session() -> None:
    plan = builders.plan()

    def at(seconds: float) -> Happened:
        return Happened(plan, Said(index=0, at=seconds, nick="ash", text="x"))

    assert pause_between(at(100), at(120), 10) == 2
    assert pause_between(at(100), at(10**6), 10) == LONGEST
    assert pause_between(at(100), at(120), math.inf) == 0
    assert pause_between(None, at(5), 1) == pause_between(at(5), Over(), 1) == 0


def test_stepping_back_and_on_shows_the_same(run: Path) -> None:
    with Journal.read(run / "data" / "runs" / "trial") as journal:
        first, notes = recording.recorded_notes(journal, shipped(), "s00000")
    player = Player(first, notes, reasons=False)
    events = sum(isinstance(note, Happened) for note in notes)
    for _ in range(events + 3):
        assert player.key("right")
    assert player._at == len(notes)
    seen = []
    for _ in range(events + 3):
        player.key("left")
        seen.append(sum(isinstance(note, Happened) for note in notes[: player._at]))
    assert seen[:events] == list(range(events - 1, -1, -1)) and seen[-1] == 0
    assert not player.key("space") and not player.key("q"), "these are for the view"


def test_at_once_it_prints_the_session_and_its_verdict(run: Path) -> None:
    done = em("replay", "trial", "s00002", "--speed", "inf", cwd=run)
    assert done.returncode == 0
    with Journal.read(run / "data" / "runs" / "trial") as journal:
        for event in journal.events("s00002"):
            if isinstance(event, Said):
                assert event.text in done.stdout
    assert "rejected: s00002" in done.stdout and "walls at message 3" in done.stdout


def test_on_a_terminal_it_stops_steps_and_leaves(run: Path) -> None:
    with Pseudo([EM, "replay", "trial", "s00000", "--speed", "0.001"], run) as terminal:
        terminal.until("q quit")
        terminal.press(" ")
        terminal.until("paused")
        terminal.press("\x1b[C" * 40)
        terminal.until("q leaves")
        terminal.press("q")
        assert terminal.ended() == 0
        assert terminal.restored()
        assert "Traceback" not in terminal.written and "interrupted" not in terminal.written


@pytest.mark.parametrize(
    "arguments", [("nothing", "s00000"), ("trial", "nothing"), ("trial", "s00000", "--speed", "0")]
)
def test_what_is_not_there_is_one_line(run: Path, arguments: tuple[str, ...]) -> None:
    done = em("replay", *arguments, cwd=run)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_picture_of_a_moment(run: Path) -> None:
    with Journal.read(run / "data" / "runs" / "trial") as journal:
        whole = draw_svg(journal, shipped(), "s00000", Picture(title="a < title"))
        early = draw_svg(journal, shipped(), "s00000", Picture(4, reasons=True))
    assert whole.startswith("<svg") and "a &lt; title" in whole.replace("&#160;", " ")
    assert "kept:&#160;s00000" in whole and "kept" not in early
    assert "number&#160;3," in early and "number&#160;4," not in early
