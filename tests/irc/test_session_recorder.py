"""Sessions of a real channel in a run's journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.events import Joined, Said
from simulator.irc import session_recorder
from simulator.irc.session_recorder import SessionRecorder
from simulator.irc.timing import DAY
from simulator.journal.journal import Journal
from simulator.journal.model_choice import ModelChoice
from simulator.plan.session_plan import Origin
from tests import builders
from tests.irc.channel import BEGAN, LEAD
from tests.worlds import card, shipped

MIDNIGHT = BEGAN // DAY * DAY + DAY


def opened(folder: Path) -> tuple[Journal, SessionRecorder]:
    journal = session_recorder.opened(folder, shipped(), ModelChoice(lead="scripted"), seed=1)
    return journal, SessionRecorder(journal, shipped(), "#general", "LOW", Origin.JOINED)


def test_a_session_is_on_disk_before_it_is_over_and_says_then_what_it_was(tmp_path: Path) -> None:
    journal, made = opened(tmp_path / "run")
    with journal:
        plan = made.begin(MIDNIGHT - 30, "rain")
        for number in range(25):
            made.write(Said, (LEAD, "ann", "bert")[number % 3], MIDNIGHT - 30 + 10 * number, text=f"line {number}")
        with Journal.read(tmp_path / "run") as reader:
            (row,) = reader.sessions()
            assert row.state == "open" and len(reader.events(plan.id)) == 25
        made.close()
        made.close()
        (row,) = journal.sessions()
        events = journal.events(plan.id)
        assert (row.state, row.session.messages, row.session.lead_messages, row.session.cell.length) == (
            "kept",
            25,
            9,
            "long",
        )
        assert (
            row.session.setting.cast == ("ann", "bert")
            and row.session.topic == "rain"
            and row.bytes > 25 * len("<ann> line 1\n")
        )
        assert [event.at for event in events] == sorted(event.at for event in events)
        assert events[0].at == DAY - 30 and events[-1].at == DAY + 210  # midnight does not turn it back
        with pytest.raises(ValueError, match="no session that is open"):
            journal.complete(plan, 0)


def test_a_clock_that_goes_back_is_not_followed(tmp_path: Path) -> None:
    journal, made = opened(tmp_path / "run")
    with journal:
        made.begin(BEGAN, "rain")
        times = [made.write(Said, "ann", BEGAN + at, text="a line").at for at in (10, -3600, 20)]
    assert times == sorted(times)


def test_one_message_is_no_session(tmp_path: Path) -> None:
    journal, made = opened(tmp_path / "run")
    with journal:
        made.begin(BEGAN, "rain")
        made.write(Said, "ann", BEGAN, text="anybody here?")
        made.write(Joined, "bert", BEGAN + 5)
        made.close()
        (row,) = journal.sessions()
        assert row.state == "rejected" and journal.reasons(row.session.id) == [("short", None, "1 messages")]


@pytest.mark.parametrize(
    ("run", "cause"),
    [
        (card("other", sessions=1), "is no run of a real channel"),
        (builders.run_card("other", models={"people": "imported", "lead": None}), "was begun with the content"),
    ],
)
def test_another_run_is_left_alone(tmp_path: Path, run: object, cause: str) -> None:
    Journal.create(tmp_path / "run", run).close()
    with pytest.raises(UsageError, match=cause):
        opened(tmp_path / "run")
    Journal.open(tmp_path / "run").close()  # it is not locked
