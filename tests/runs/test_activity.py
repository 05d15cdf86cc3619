"""What a run is doing, in one line: for a pipe, for `em status`, and until when it waits."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from simulator.events import Said
from simulator.journal.journal import Journal
from simulator.llm.model import CallId, Prompt, Purpose
from simulator.llm.progress import CallProgress, Phase
from simulator.runs.activity import Activity, recorded_activity
from simulator.runs.notes import Asking, Began, CallEnded, Happened, NotNeeded, RunNote
from tests import builders

PLANS = [builders.plan(number) for number in range(4)]
UNTIL = 1_800_000_000.0


def asked(number: int) -> Prompt:
    return Prompt(
        Purpose.PEOPLE, CallId(3), seed=1, max_tokens=9, temperature=1.0, text="log", session=PLANS[number].id
    )


def progress(number: int, phase: Phase, **more: object) -> CallProgress:
    return CallProgress("m", PLANS[number].id, str(CallId(3)), phase, **more)  # type: ignore[arg-type]


BEGUN: list[RunNote] = [note for number in range(4) for note in (Began(PLANS[number]), Asking(asked(number)))]
CLOCK = f"{datetime.fromtimestamp(UNTIL):%H:%M:%S}"
LINES: dict[str, tuple[list[RunNote], str]] = {
    "nothing yet": ([], "0 sessions open, 0 messages; no call is under way"),
    "calls of which nothing is known": (BEGUN, "4 sessions open, 0 messages; waiting for an answer (4 calls)"),
    "each in another phase": (
        [
            *BEGUN,
            progress(0, Phase.WRITING, tokens=7),
            progress(1, Phase.LIMITED, until=UNTIL),
            progress(2, Phase.READING, tokens=1762, share=0.38),
            progress(3, Phase.RETRYING, until=UNTIL, cause="server failed"),
        ],
        f"4 sessions open, 0 messages; waiting for a rate limit until {CLOCK},"
        f" retrying until {CLOCK}: server failed, reading 1,762 tokens, 38 %, writing 7 tokens",
    ),
    "a phase follows another": (
        [*BEGUN[:2], progress(0, Phase.LIMITED, until=UNTIL), progress(0, Phase.WRITING, tokens=1)],
        "1 session open, 0 messages; writing 1 tokens",
    ),
    "what comes after the answer is not waited for": (
        [*BEGUN[:2], CallEnded(asked(0)), progress(0, Phase.WRITING, tokens=9)],
        "1 session open, 0 messages; no call is under way",
    ),
    "a note about a server is no wait": (
        [*BEGUN[:2], progress(0, Phase.NOTICE, cause="the server cuts prompts")],
        "1 session open, 0 messages; waiting for an answer",
    ),
    "messages are counted, and a session that is over is not open": (
        [
            *BEGUN[:4],
            Happened(PLANS[0], Said(index=0, at=1, nick="ash", text="a")),
            CallEnded(asked(0)),
            CallEnded(asked(1)),
            NotNeeded(PLANS[1]),
        ],
        "1 session open, 1 message; no call is under way",
    ),
    "a call on a worker of a cluster": (
        [Began(PLANS[0]), progress(0, Phase.READING, tokens=1762, share=0.38, elsewhere=True)],
        "1 session open, 0 messages; reading 1,762 tokens, 38 %",
    ),
    "a call on a worker, answered": (
        [Began(PLANS[0]), progress(0, Phase.WRITING, tokens=7, elsewhere=True), CallEnded(asked(0))],
        "1 session open, 0 messages; no call is under way",
    ),
}


@pytest.mark.parametrize("case", LINES)
def test_the_line_says_what_is_waited_for(case: str) -> None:
    notes, line = LINES[case]
    activity = Activity()
    for note in notes:
        activity.note(note)
    assert activity.line() == line


def test_the_journal_holds_the_line_while_the_run_is_played_and_none_when_it_is_over(tmp_path: Path) -> None:
    """A reader, such as `em status`, sees it from another connection."""
    activity, beats = Activity(), asyncio.Queue[None]()

    async def sleep(seconds: float) -> None:
        await beats.get()

    async def go() -> None:
        with Journal.create(tmp_path / "run", builders.run_card()) as journal, Journal.read(tmp_path / "run") as seen:
            assert seen.activity() is None
            async with recorded_activity(journal, activity, sleep):
                for notes in ([], BEGUN[:2]):
                    for note in notes:
                        activity.note(note)
                    beats.put_nowait(None)
                    await asyncio.sleep(0)
                    await asyncio.sleep(0)
                    recorded = seen.activity()
                    assert recorded is not None and recorded.line == activity.line()
            assert seen.activity() is None

    asyncio.run(go())


def test_a_journal_of_an_older_version_has_no_activity(tmp_path: Path) -> None:
    import sqlite3

    with Journal.create(tmp_path / "run", builders.run_card()) as journal:
        path = journal.path
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE activity")
    db.close()
    with Journal.read(tmp_path / "run") as journal:
        assert journal.activity() is None
