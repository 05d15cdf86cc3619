"""Content that is kept is the content that is there: byte for byte, in the same second, and only if it is whole."""

from __future__ import annotations

import dataclasses
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.world import compiled, load, reading
from simulator.world.compiled import KeptWorld
from simulator.world.world import World
from simulator.world.yaml_file import WorldFaults


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped world, kept in a folder of its own."""
    monkeypatch.setenv("EM_CACHE", str(tmp_path / "kept"))
    load.copy(tmp_path / "world")
    return tmp_path / "world"


def _parts(world: World) -> dict[str, object]:
    return {field.name: getattr(world, field.name) for field in dataclasses.fields(World) if field.name != "prompts"}


def _kept(root: Path) -> KeptWorld:
    load.load(root)
    world = load.load(root)
    assert isinstance(world, KeptWorld)
    return world


def test_a_kept_world_is_the_world_that_was_read(root: Path) -> None:
    read, _ = reading.read(root)
    for kept in (_kept(root), pickle.loads(pickle.dumps(_kept(root)))):
        assert _parts(kept) == _parts(read)
        assert kept.prompts.digest() == read.prompts.digest()
        for part in ("personas", "scenarios", "topics", "other_trainings"):
            assert list(getattr(kept, part)) == list(getattr(read, part)), "the order decides what is drawn"
        assert kept.lead is kept.personas[kept.lead.nick] and kept.lead not in kept.people


def test_a_part_is_checked_when_it_is_changed_and_not_again(root: Path) -> None:
    world = _kept(root)
    assert "scenarios" not in vars(world), "nobody asked for them"
    changed = dataclasses.replace(world, personas={**world.personas})
    assert changed == dataclasses.replace(world, personas={**world.personas})
    with pytest.raises(WorldFaults):
        dataclasses.replace(world, personas={person.nick: person for person in world.people})


def _edit(root: Path) -> None:
    path = root / "personas" / "em.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("about: ", "about: Well, ", 1), encoding="utf-8")


def _template(root: Path) -> None:
    path = root / "policies" / "prompts" / "evaluation_system.j2"
    path.write_text(path.read_text(encoding="utf-8") + "More.\n", encoding="utf-8")


def _swap(root: Path) -> None:
    one, other, *_ = sorted((root / "scenarios" / "topics").iterdir())
    text = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(text)


def _break(root: Path) -> None:
    (root / "policies" / "style.yaml").write_text("numbers: {}\n", encoding="utf-8")


def _add(root: Path) -> None:
    shutil.copy(root / "personas" / "em.yaml", root / "personas" / "twin.yaml")


def _remove(root: Path) -> None:
    (root / "policies" / "training-proof.yaml").unlink()


@pytest.mark.parametrize("change", [_edit, _template, _swap, _break, _add, _remove])
def test_a_change_within_the_same_second_is_seen(root: Path, change: Callable[[Path], None]) -> None:
    """No time of a file is looked at: all of them are set back to what they were."""
    before = _kept(root)
    times = {path: path.stat() for path in root.rglob("*")}
    change(root)
    for path, was in times.items():
        if path.exists():
            os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    try:
        after: World | None = load.load(root)
    except WorldFaults:
        after = None
    try:
        wanted, _ = reading.read(root)
    except WorldFaults:
        assert after is None
    else:
        assert after is not None and not isinstance(after, KeptWorld)
        assert after.digest == wanted.digest != before.digest
        assert _parts(after) == _parts(wanted)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"about", b"above", 1),
        lambda data: data.split(b"\n", 1)[0],
        lambda data: b"{}\n" + data,
        lambda data: b"somebody's notes",
        lambda data: data.replace(b'"code": "', b'"code": "0', 1),
    ],
)
def test_what_is_not_whole_is_not_believed(root: Path, tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    digest = _kept(root).digest
    (file,) = (tmp_path / "kept").iterdir()
    spoilt = spoil(file.read_bytes())
    file.write_bytes(spoilt)
    world = load.load(root)
    assert not isinstance(world, KeptWorld) and world.digest == digest
    ours = spoilt.startswith(b'{"what"')
    assert (file.read_bytes() == spoilt) != ours, "what somebody else put there stays"


def test_nothing_is_kept_where_that_is_not_wanted_or_not_possible(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EM_CACHE", "")
    assert not isinstance(load.load(root), KeptWorld)
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("EM_CACHE", str(tmp_path / "file"))
    assert load.load(root).digest == load.load(root).digest
    assert not (tmp_path / "kept").exists()


def test_a_world_with_links_is_read_the_long_way(root: Path, tmp_path: Path) -> None:
    _kept(root)
    shutil.move(root / "personas", tmp_path / "people")
    (root / "personas").symlink_to(tmp_path / "people")
    assert compiled.key(root) is None
    with pytest.raises(WorldFaults):
        load.load(root)


def test_faulty_worlds_are_not_kept(root: Path, tmp_path: Path) -> None:
    _break(root)
    for _ in range(2):
        with pytest.raises(WorldFaults):
            load.load(root)
    assert not (tmp_path / "kept").exists()
