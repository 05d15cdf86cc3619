"""The README tour, every command of it, in order, as a newcomer would type them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.irc.local_server import find_program
from tests.cli.em import ROOT, em
from tests.drafts.test_cards import talk
from tests.logs.samples import TEXTS
from tests.worlds import shipped

TOUR = [
    line.removeprefix("$ ")
    for block in re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    for line in block.splitlines()
    if line.startswith("$ ")
]


def _irc_server() -> bool:
    try:
        return bool(find_program())
    except UsageError:
        return False


@pytest.mark.model
def test_the_tour(tmp_path: Path) -> None:
    assert len(TOUR) > 15
    (tmp_path / "channel.log").write_text(TEXTS["irssi"])
    (tmp_path / "ours.log").write_text("\n".join(talk()) + "\n")
    for line in TOUR:
        words = shlex.split(line)
        if words[1] == "stage" and not _irc_server():
            continue
        assert words[0] in ("em", "python"), line
        done = em(*words[1:], cwd=tmp_path, timeout=300)
        # A small model's session may be rejected, and a small corpus may fall short.
        allowed = (0, 1) if words[1] in ("simulate", "evaluate", "stage") or "--single" in words else (0,)
        assert done.returncode in allowed, f"{line}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr


def test_a_budget_in_an_example_is_enough_for_its_goal() -> None:
    """By the README's own figures: what a model costs, and how much of it a run with that model may spend."""
    text = (ROOT / "README.md").read_text()
    whole = shipped().quota.target_mb
    dollars = {model: float(cost) for model, cost in re.findall(r"^\| `([^`]+)` \| \$(\d+) \|", text, re.MULTILINE)}
    assert len(dollars) >= 3 and f"| {whole:g} MB |" in text
    examples = [line for line in text.splitlines() if line.lstrip("$ ").startswith("em ") and "--budget-usd" in line]
    assert examples
    for line in examples:
        words = shlex.split(line)
        given = {words[n]: words[n + 1] for n in range(len(words) - 1) if words[n].startswith("--")}
        share = float(given["--target-mb"]) / whole
        assert dollars[given["--model"]] * share <= float(given["--budget-usd"]), line


def test_every_command_of_the_table_is_in_the_tour() -> None:
    from simulator.cli import COMMANDS

    assert set(COMMANDS) - {shlex.split(line)[1] for line in TOUR} == {"demo", "join", "review"}, (
        "those that wait for somebody"
    )
