"""A pipe gets a line at least every half minute, and every wait has its reason in the live view."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from simulator.journal.journal import Journal
from simulator.llm.model import CallId, Prompt, Purpose
from simulator.llm.progress import CallProgress, Phase
from simulator.runs.notes import Asking, Began, CallEnded
from simulator.tui.fold import fold
from simulator.tui.layout import page
from simulator.tui.run_views import BEAT, BarView
from simulator.tui.session_views import JsonView
from simulator.tui.state import Opened, Pressed, opened
from tests import builders
from tests.worlds import shipped

PLAN = builders.plan()
PROMPT = Prompt(Purpose.PEOPLE, CallId(0), seed=1, max_tokens=9, temperature=1.0, text="log", session=PLAN.id)
READING = CallProgress("m", PLAN.id, str(CallId(0)), Phase.READING, speaker="ash", tokens=1762, share=0.38)
NOTICE = CallProgress("m", "", "", Phase.NOTICE, cause="the server cuts prompts")


class Beats:
    """Time that goes on when it is told to."""

    def __init__(self) -> None:
        self._beats, self.asked = asyncio.Queue[None](), []

    async def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        await self._beats.get()

    async def one(self) -> None:
        self._beats.put_nowait(None)
        for _ in range(3):
            await asyncio.sleep(0)


@pytest.mark.parametrize("kind", ["run", "session"])
def test_a_pipe_is_told_what_is_waited_for_at_least_every_half_minute(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def go() -> None:
        beats = Beats()
        if kind == "run":
            with builders_journal(tmp_path) as journal:
                run = BarView(beats.sleep)
                async with run.open(journal, shipped()):
                    await told(run, beats)
        else:
            session = JsonView(beats.sleep)
            async with session.open(shipped()):
                await told(session, beats)
        assert beats.asked == [BEAT] * 3 and BEAT <= 30

    async def told(view: BarView | JsonView, beats: Beats) -> None:
        for note in (Began(PLAN), Asking(PROMPT), READING, NOTICE):
            view.note(note)
        await asyncio.sleep(0)
        await beats.one()
        view.note(CallEnded(PROMPT))
        await beats.one()

    asyncio.run(go())
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "m: the server cuts prompts"
    prefix = "sessions: 0 of 1000 kept, 0 rejected; " if kind == "run" else ""
    assert lines[1] == f"{prefix}1 session open, 0 messages; reading 1,762 tokens, 38 %"
    assert lines[2] == f"{prefix}1 session open, 0 messages; no call is under way"


def builders_journal(folder: Path) -> Journal:
    return Journal.create(folder / "run", builders.run_card())


@pytest.mark.parametrize("dashboard", [False, True])
def test_the_live_view_shows_what_a_session_waits_for(dashboard: bool) -> None:
    bands = shipped().engagement.bands
    start = Opened("run", bands, builders.run_card().goal) if dashboard else Opened("one", bands)
    waiting = fold(opened(start), [Began(PLAN), Asking(PROMPT), READING])
    assert waiting.view.dashboard is dashboard
    shown = "\n".join(row.plain for row in page(waiting, 140, 50))
    assert "reading 1,762 tokens, 38 %" in shown
    after = fold(waiting, [CallEnded(PROMPT)])
    assert "reading" not in "\n".join(row.plain for row in page(after, 140, 50))
    assert fold(after, [READING, Pressed("r")]).open[PLAN.id].waits == READING
