"""`em init --lead --channels`: the shipped world, told to speak of others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.world import load
from simulator.world.world import World
from tests.cli.em import em
from tests.worlds import shipped


def fork(folder: Path, *arguments: str) -> World:
    done = em("init", "w", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    return load.load(folder / "w")


@pytest.mark.parametrize("nick", ["Vex", "[x]", "no", "true", "a^b"])
def test_another_lead(tmp_path: Path, nick: str) -> None:
    world = fork(tmp_path, "--lead", nick)
    assert world.lead.nick == nick and len(world.people) == len(shipped().people)
    assert world.names.output.endswith("_character") and world.names.output != shipped().names.output
    old = re.compile(rf"(?<![\w-]){shipped().lead.nick}(?![\w-])")
    for path in (tmp_path / "w" / "personas").iterdir():
        assert not old.search(path.read_text()), path.name
    assert nick in (tmp_path / "w" / "README.md").read_text()


@pytest.mark.parametrize("names", ["#bridge", "#bridge,#mess", "#bridge,#mess,#brig"])
def test_other_channels(tmp_path: Path, names: str) -> None:
    world = fork(tmp_path, "--lead", "Vex", "--channels", names)
    given = names.split(",")
    assert list(world.names.channels.values()) == given and list(world.quota.channels) == given
    assert sum(world.quota.topics.values()) == pytest.approx(1)
    used = {channel for script in world.scenarios.values() for channel in script.channels}
    assert used == set(given)
    whole = len(given) == len(shipped().names.channels)
    assert ("politics" in world.topics) is whole and len(world.scenarios) >= len(shipped().scenarios) - 10
    done = em("world", "--coverage", "--world", "w", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("--lead", "1st"), "is no nick"),
        (("--lead", shipped().people[0].nick), "somebody else"),
        (("--channels", "bridge"), "is no channel"),
        (("--channels", "#a,#A"), "2 channels"),
        (("--channels", "#a,#b,#c,#d"), "4 channels"),
        (("--example", "nowhere"), "bridge, stammtisch"),
        (("--example", "bridge", "--lead", "Vex"), "leave out"),
    ],
)
def test_what_no_fork_can_be(tmp_path: Path, arguments: tuple[str, ...], cause: str) -> None:
    done = em("init", "w", *arguments, cwd=tmp_path)
    assert done.returncode == 2 and cause in done.stderr and done.stderr.count("\n") <= 4, done.stderr
    assert not (tmp_path / "w").exists()


def test_a_readme_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "README.md").write_text("mine\n")
    fork(tmp_path)
    assert (tmp_path / "w" / "README.md").read_text() == "mine\n"
