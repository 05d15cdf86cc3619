"""The bar shows what is waited for, whatever a server says: text stays text."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from simulator.journal.journal import Journal
from simulator.llm.model import CallId, Prompt, Purpose
from simulator.llm.progress import CallProgress, Phase
from simulator.runs.activity import Activity
from simulator.runs.notes import Asking, Began, RunNote
from simulator.tui import lines
from simulator.tui.run_views import ProgressBar
from tests import builders

PLAN = builders.plan()
PROMPT = Prompt(Purpose.PEOPLE, CallId(0), seed=1, max_tokens=9, temperature=1.0, text="log", session=PLAN.id)


@pytest.mark.parametrize("said", ["[/v1] is down", "[red]x[/red]", "\x1b[2Jgone\x07", "\u202etxet"])
def test_what_a_server_says_is_text(said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = StringIO()
    console = Console(file=out, force_terminal=True, width=250, color_system=None)
    monkeypatch.setattr(lines, "console", lambda *, err=False: console)
    waits = CallProgress("m", PLAN.id, str(CallId(0)), Phase.RETRYING, cause=said)
    notes: list[RunNote] = [Began(PLAN), Asking(PROMPT), waits]
    activity = Activity()
    with Journal.create(tmp_path / "run", builders.run_card()) as journal, ProgressBar(journal, silent=False) as bar:
        for note in notes:
            activity.note(note)
            bar.note(note, activity)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue().replace("\x1b[2K", ""))
    assert "retrying: " in shown
    assert "\x07" not in shown and "\u202e" not in shown and "\x1b[2J" not in out.getvalue()
    if said.startswith("["):
        assert said in shown
