"""A provider that goes wrong at three answers in ten: the run finishes, and every fault is on record by its kind."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from simulator.errors import ProviderError
from simulator.journal.database import FILE
from simulator.journal.journal import Journal
from simulator.llm import retry
from simulator.llm.retry import FailureKind
from tests.builders import prompt
from tests.faults.runs import Outcome, against
from tests.faults.servers import FAULTS
from tests.worlds import card, play_run

LINES = sorted(fault for fault, (_, kind) in FAULTS.items() if not isinstance(kind, FailureKind))
REQUESTS = sorted(set(FAULTS) - set(LINES))
TRANSLATED = ("429 with a pause", "half a body", "wrong JSON")
"""Also through litellm's own reading of answers, which is slow."""


def finished(out: Outcome) -> None:
    """What holds whatever went wrong."""
    status, total = out.status, out.status["cost"]["total"]
    assert out.served > 2
    assert (status["kept"], status["open"], status["done"]) == (1, 0, 1.0)
    assert status["rejected"] == 0 or status["rejections"]
    assert total["calls"] == out.answered, "every answer is on record, once"
    failed = sum(status["failures"].values())
    assert out.requests == total["calls"] + failed, "every request is an answer or a failure"
    assert failed == len(out.pauses) + out.asked - out.answered, "every failure was sent again or given up"
    assert total["failed_attempts"] == failed - retry.ATTEMPTS * (out.asked - out.answered)
    assert out.stops <= out.asked - out.answered


@pytest.mark.parametrize(("fault", "direct"), [*((f, True) for f in REQUESTS), *((f, False) for f in TRANSLATED)])
def test_requests_that_fail_are_counted_by_kind_and_sent_again(tmp_path: Path, fault: str, direct: bool) -> None:
    out = against(fault, tmp_path / "run", direct=direct)
    finished(out)
    assert out.status["failures"] == {FAULTS[fault][1]: out.served}
    assert out.status["retries"] == {}, "no line was refused"
    assert all(0 < pause <= retry.LONGEST_BACKOFF for pause in out.pauses)
    assert fault != "429 with a pause" or min(out.pauses) >= 7


@pytest.mark.parametrize("fault", LINES)
def test_lines_that_are_none_are_refused_by_rule(tmp_path: Path, fault: str) -> None:
    out = against(fault, tmp_path / "run")
    finished(out)
    assert out.status["retries"][FAULTS[fault][1]] == out.served
    assert (out.status["failures"], out.pauses) == ({}, ()), "a bad line is no failed request"
    size = sum(path.stat().st_size for path in (tmp_path / "run").iterdir())
    assert size < 4_000_000, "an endless answer does not fill the disk"


def test_a_dead_provider_is_on_record_too(tmp_path: Path) -> None:
    """Where every answer goes wrong the run cannot finish; what was tried until it gave up is counted all the same."""
    with pytest.raises(ProviderError, match="5 attempts"):
        against("500", tmp_path / "run", share=1.0, most_resumes=1)
    with Journal.read(tmp_path / "run") as journal:
        failures, tally = journal.failures(), journal.tally()
    assert failures[FailureKind.FAILED] % retry.ATTEMPTS == 0 and failures[FailureKind.FAILED] >= 2 * retry.ATTEMPTS
    assert (tally.kept, tally.rejected) == (0, 0) and tally.open > 0


def test_a_run_from_before_failures_were_counted_by_kind(tmp_path: Path) -> None:
    """It can be looked at, and gone on with."""
    play_run(tmp_path / "run", card(sessions=1, length="short"))
    with closing(sqlite3.connect(tmp_path / "run" / FILE)) as db, db:
        db.execute("DROP TABLE failure")
    with Journal.read(tmp_path / "run") as journal:
        assert journal.failures() == {}
    with Journal.open(tmp_path / "run") as journal:
        (row,) = journal.sessions("kept")
        for _ in range(2):
            journal.failed(row.plan.id, prompt("99.0"), (FailureKind.BUSY, FailureKind.LATE, FailureKind.BUSY))
        assert journal.failures() == {"too many requests": 4, "no answer in time": 2}
