"""What `em world --watch` finds at each look: what came, what went, and nothing that stayed."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from simulator.world import load
from simulator.world.watching import WorldWatch
from tests.cli.em import EM


@pytest.fixture
def root(tmp_path: Path) -> Path:
    load.copy(tmp_path / "world")
    return tmp_path / "world"


def a_card(root: Path) -> Path:
    return sorted((root / "personas").glob("*.yaml"))[0]


def test_each_look_finds_what_changed(root: Path) -> None:
    watch, card, other = WorldWatch(root), a_card(root), sorted((root / "scenarios" / "topics").glob("*.yaml"))[0]
    whole, topics = card.read_text(), other.read_text()
    first = watch.look()
    assert first is not None and (first.new, first.mended, first.left) == ((), (), 0) and first.digest
    assert watch.look() is None
    card.write_text(whole + "chattines: 2\n")
    one = watch.look()
    assert one is not None and len(one.new) == 1 and "chattines" in one.new[0].cause and not one.digest
    card.write_text("# a line above\n\n" + whole + "chattines: 2\n")
    moved = watch.look()
    assert moved is not None and (moved.new, moved.mended, moved.left) == ((), (), 1), "it only moved"
    other.write_text(topics + "    colour: red\n")
    two = watch.look()
    assert two is not None and (len(two.new), two.mended, two.left) == (1, (), 2)
    card.write_text(whole)
    mended = watch.look()
    assert mended is not None and [fault.cause for fault in mended.mended] == [one.new[0].cause] and mended.left == 1
    other.write_text(topics)
    last = watch.look()
    assert last is not None and (last.new, last.left, last.digest) == ((), 0, first.digest)


@pytest.mark.parametrize("what", ["removed", "a new file", "a template", "a link to nothing"])
def test_files_that_come_and_go_are_seen(root: Path, what: str) -> None:
    watch = WorldWatch(root)
    watch.look()
    if what == "removed":
        (root / "policies" / "turns.yaml").unlink()
    elif what == "a new file":
        (root / "personas" / "nobody.yaml").write_text("nick: nobody\n")
    elif what == "a template":
        template = sorted((root / "policies" / "prompts").iterdir())[0]
        template.write_text(template.read_text() + "{{ nothing_of_the_kind }}")
    else:
        (root / "personas" / "nobody.yaml").symlink_to(root / "nowhere.yaml")
    seen = watch.look()
    assert seen is not None and seen.new and not seen.digest
    assert watch.look() is None


def test_the_command_prints_only_changes_and_ends_quietly(root: Path) -> None:
    card = a_card(root)
    whole = card.read_text()
    with subprocess.Popen(
        [EM, "world", "--watch", "--world", root], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stdout is not None and watching.stderr is not None
        assert watching.stdout.readline().startswith("valid, ")
        card.write_text(whole + "chattines: 2\n")
        assert "unknown field (did you mean chattiness" in watching.stdout.readline()
        assert watching.stdout.readline() == "1 fault\n"
        card.write_text(whole)
        assert watching.stdout.readline().startswith("mended: personas/")
        assert watching.stdout.readline().startswith("valid, ")
        watching.send_signal(signal.SIGINT)
        assert watching.wait(60) == 0
        assert "Traceback" not in watching.stderr.read()
