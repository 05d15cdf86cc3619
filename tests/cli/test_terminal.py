"""In real terminals: the live view takes one over, obeys its keys, and gives it back however it ends."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.em import EM, ROOT, em
from tests.cli.pseudo import ENTER, PATIENCE, Pseudo

LONG = ("generate", "--run", "a", "--sessions", "20000", "--model", "scripted", "--live")


@pytest.mark.parametrize("ending", ["\x03", signal.SIGTERM], ids=["ctrl-c", "TERM"])
def test_a_run_that_is_ended_saves_and_gives_the_terminal_back(tmp_path: Path, ending: str | signal.Signals) -> None:
    with Pseudo([EM, *LONG], tmp_path) as terminal:
        terminal.until("accepted")
        terminal.press(ending) if isinstance(ending, str) else terminal.signal(ending)
        assert terminal.ended() == 130
        assert terminal.restored()
        assert "what a run has played is saved" in terminal.written
        assert "Traceback" not in terminal.written
    assert json.loads(em("status", "a", "--json", cwd=tmp_path).stdout)["open"] > 0


CRASH = """
import asyncio
from simulator.tui import lines
from simulator.tui.state import opened
from simulator.tui.state import Opened
from simulator.tui.terminal import Terminal
async def crash():
    async with Terminal(lines.console(), opened(Opened("x", {}))):
        raise ZeroDivisionError("a fault of ours")
asyncio.run(crash())
"""


def test_a_crash_gives_the_terminal_back_and_stays_loud(tmp_path: Path) -> None:
    with Pseudo([sys.executable, "-c", CRASH], tmp_path, PYTHONPATH=str(ROOT)) as terminal:
        assert terminal.ended() == 1
        assert terminal.restored()
        assert "ZeroDivisionError: a fault of ours" in terminal.written


def test_a_session_stays_until_somebody_leaves_and_follows_the_size(tmp_path: Path) -> None:
    with Pseudo([EM, "simulate", "--model", "scripted", "--seed", "4", "--live"], tmp_path) as terminal:
        terminal.until("q leaves")
        assert "\x1b[2J" not in terminal.written, "clearing the screen makes it flicker"
        terminal.resize(120, 30)
        terminal.press("?")
        terminal.until("how likely this speaker was; factors multiply, 1 changes nothing")
        terminal.press("q")
        assert terminal.ended() == 0
        assert terminal.restored()
        assert "kept: single" in terminal.written[terminal.written.rfind("\x1b[?1049l") :]


def test_a_terminal_that_cannot_gets_lines(tmp_path: Path) -> None:
    with Pseudo([EM, "simulate", "--model", "scripted", "--live"], tmp_path, TERM="dumb") as terminal:
        assert terminal.ended() == 0
        assert ENTER not in terminal.written
        assert "<Em>" in terminal.written


def test_no_colour_is_drawn_where_none_is_wanted(tmp_path: Path) -> None:
    with Pseudo([EM, "simulate", "--model", "scripted", "--live"], tmp_path, NO_COLOR="1") as terminal:
        terminal.until("q leaves")
        assert "\x1b[1m▌" in terminal.written
        assert "\x1b[32m" not in terminal.written and "38;5" not in terminal.written
        terminal.press("q")
        assert terminal.ended() == 0


def test_in_a_pipe_it_is_lines_whether_asked_for_live_or_not(tmp_path: Path) -> None:
    arguments = ("simulate", "--model", "scripted", "--seed", "4")
    plain, live = em(*arguments, cwd=tmp_path), em(*arguments, "--live", cwd=tmp_path)
    assert plain.stdout == live.stdout
    assert "\x1b" not in live.stdout


class Tmux:
    """A server of our own with one window of 80 columns and 24 rows."""

    def __init__(self, folder: Path) -> None:
        self._name = f"emsim-{uuid.uuid4().hex[:12]}"
        self("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "-c", str(folder), "env", "PS1=$ ", "sh")

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(["tmux", "-L", self._name, *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    def screen(self) -> str:
        return self("capture-pane", "-p")

    def until(self, text: str) -> str:
        end = time.monotonic() + PATIENCE
        while text not in (shown := self.screen()):
            assert time.monotonic() < end, f"{text!r} is never seen:\n{shown}"
            time.sleep(0.05)  # between two looks at another program's screen
        return shown

    def close(self) -> None:
        self("kill-server")


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed: the live view was not seen in a real terminal")
    server = Tmux(tmp_path)
    yield server
    server.close()


def test_a_run_in_tmux(tmux: Tmux) -> None:
    """Start, look around, pause, leave: as somebody would at a keyboard."""
    tmux("send-keys", f"{EM} {' '.join(LONG)}; echo code $?", "Enter")
    shown = tmux.until("open sessions")
    assert "quotas" in shown and "of 20,000 sessions" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}").split() == ["1", "0"]
    tmux("send-keys", "d")
    shown = tmux.until("budget")
    assert "cast ─" in shown and "calls ─" in shown
    tmux("send-keys", "p")
    tmux.until(" paused ")
    tmux("send-keys", "?")
    assert "no model is asked anything new" in tmux.until("no model is asked")
    tmux("resize-window", "-x", "120", "-y", "40")
    tmux.until("changes nothing")
    tmux("send-keys", "q")
    shown = tmux.until("code 130")
    assert "saved" in shown
    assert tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}").split() == ["0", "1"]
    tmux("send-keys", "echo typed  again", "Enter")
    tmux.until("typed again")
