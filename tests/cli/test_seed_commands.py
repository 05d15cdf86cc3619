"""The brief's own command line: what its progress file says while a run is going on, and after it was killed."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from simulator.journal.journal import Journal
from tests.cli.em import ROOT, em

DOOR = "em_data_generator.py"
FOLDER = "em_character_data"
PROGRESS = Path(FOLDER) / "generation_progress.json"
SCRIPTED = ("--model", "scripted", "--allow-scripted")
SESSIONS = 60


def told(place: Path) -> dict[str, Any] | None:
    """The file's content; None: there is none. A file that is half written is no JSON."""
    try:
        return json.loads((place / PROGRESS).read_text())
    except FileNotFoundError:
        return None


def killed(place: Path, kept: int) -> list[dict[str, Any]]:
    """Begins a run and kills it when its file says that so many sessions are kept; all that the file ever said."""
    command = [sys.executable, str(ROOT / DOOR), "--batch", str(SESSIONS), *SCRIPTED]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("EM_")}
    seen: list[dict[str, Any]] = []
    with subprocess.Popen(command, cwd=place, env=clean, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as run:
        while not seen or seen[-1]["kept"] < kept:
            assert run.poll() is None, "it ended before"
            if (now := told(place)) is not None and now not in seen[-1:]:
                seen.append(now)
        run.kill()
    assert run.returncode == -signal.SIGKILL
    return seen


def test_the_progress_is_there_while_a_run_is_going_on_and_after_it_was_killed(tmp_path: Path) -> None:
    seen = killed(tmp_path, 5)
    assert seen[0]["kept"] < 5, "it stands there from the beginning"
    for before, after in pairwise(seen):
        assert before["kept"] <= after["kept"] and before["bytes"] <= after["bytes"]
    now = told(tmp_path)
    assert now is not None
    with Journal.read(tmp_path / FOLDER) as journal:
        tally, rejections = journal.tally(), journal.rejections()
    behind = tally.kept + tally.rejected - now["kept"] - now["rejected"]
    assert behind in (0, 1), "at most the session that was settled in the instant of the kill is missing"
    if not behind:
        assert (now["kept"], now["rejected"], now["rejections"]) == (tally.kept, tally.rejected, rejections)
        assert now["bytes"] == tally.bytes
    assert now["goal"]["sessions"] == SESSIONS and now["percent"] == round(100 * now["kept"] / SESSIONS, 2)
    assert now["next"] == f"python {DOOR} --resume --allow-scripted"
    done = em(*shlex.split(now["next"])[1:], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    whole = told(tmp_path)
    assert whole is not None and (whole["kept"], whole["open"], whole["percent"]) == (SESSIONS, 0, 100)
    assert "--resume" not in whole["next"]
    assert len(list((tmp_path / FOLDER).glob("conversation_*.txt"))) == SESSIONS


def test_a_run_that_could_not_begin_leaves_no_progress(tmp_path: Path) -> None:
    done = em(DOOR, "--batch", "1", "--model", "openai/gpt-4o-mini", cwd=tmp_path)
    assert done.returncode == 3 and "key" in done.stderr
    assert told(tmp_path) is None


@pytest.mark.parametrize("text", ["", "notes of mine", "[]", '{"kept": 3}'])
def test_a_file_of_somebody_else_s_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / PROGRESS).write_text(text)
    done = em(DOOR, "--batch", "1", *SCRIPTED, cwd=tmp_path)
    assert done.returncode == 2 and str(PROGRESS) in done.stderr and "Traceback" not in done.stderr
    assert (tmp_path / PROGRESS).read_text() == text


@pytest.mark.parametrize("wanted", [("--batch", "2"), ("--resume",)])
def test_status_and_files_are_of_what_was_asked_for(tmp_path: Path, wanted: tuple[str, ...]) -> None:
    assert em(DOOR, "--batch", "3", *SCRIPTED, cwd=tmp_path).returncode == 0
    assert em(DOOR, *wanted, "--allow-scripted", cwd=tmp_path).returncode == 0
    goal = 5 if wanted[0] == "--batch" else 3
    status = em(DOOR, "--status", cwd=tmp_path)
    assert f"goal {goal} sessions, 100% done" in status.stdout and "too few to say" in status.stdout
    facts = json.loads((tmp_path / FOLDER / "generation_stats.json").read_text())
    assert facts["run"]["goal"]["sessions"] == goal
    assert facts["marginals"]["topics"]["politics"]["standing"] == "too few to say"
