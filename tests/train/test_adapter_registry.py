"""Which adapter is current: promoted, rolled back, and never half of either."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from simulator.errors import EmError
from simulator.train import adapter
from simulator.train.adapter_registry import POINTER, AdapterRegistry
from tests.train.adapters import bare


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("one", "two", "three"):
        bare(tmp_path / name, name)
    return tmp_path


def current(registry: AdapterRegistry) -> list[str]:
    return [entry.name for entry in registry.entries() if entry.current]


def test_one_is_current_and_the_way_back_is_kept(folder: Path) -> None:
    registry = AdapterRegistry(folder)
    assert current(registry) == []
    assert registry.promote("one")[1] is None
    for name, before in (("two", "one"), ("three", "two"), ("one", "three")):
        card, was = registry.promote(name)
        assert (card.name, was.name) == (name, before) and current(registry) == [name]
        assert registry.find("current") == folder / name
    for name, left in (("three", "one"), ("two", "three"), ("one", "two")):
        card, gone = registry.rollback()
        assert (card.name, gone) == (name, left) and current(registry) == [name]
    with pytest.raises(EmError, match="no adapter was current before"):
        registry.rollback()
    assert current(registry) == ["one"], "a refusal changes nothing"
    moves = [(move.what, move.name) for move in registry.pointer().moves]
    assert [name for what, name in moves if what == "promote"] == ["one", "two", "three", "one"]
    assert [name for what, name in moves if what == "rollback"] == ["three", "two", "one"]


def test_promoting_the_current_one_changes_nothing(folder: Path) -> None:
    registry = AdapterRegistry(folder)
    registry.promote("one")
    before = (folder / POINTER).read_bytes()
    registry.promote("current")
    assert (folder / POINTER).read_bytes() == before


@pytest.mark.parametrize("name", ["nobody", "", "..", "../one", "one/../two", "/", ".lock", "a" * 70])
def test_only_names_of_adapters_are_names(name: str, folder: Path) -> None:
    with pytest.raises(EmError, match="no adapter"):
        AdapterRegistry(folder).promote(name)


def test_a_damaged_one_is_neither_promoted_nor_gone_back_to(folder: Path) -> None:
    registry = AdapterRegistry(folder)
    registry.promote("one")
    registry.promote("two")
    (folder / "one" / adapter.CARD).write_text("{")
    (folder / "three" / adapter.WEIGHTS).write_bytes(b"")
    before = (folder / POINTER).read_bytes()
    with pytest.raises(EmError, match=r"one/card\.json: not"):
        registry.rollback()
    with pytest.raises(EmError, match=r"three/adapter_model\.safetensors: not a whole"):
        registry.promote("three")
    assert (folder / POINTER).read_bytes() == before
    assert [(e.name, e.card is None, bool(e.fault)) for e in registry.entries()][-1] == ("one", True, True)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"promoted": ["../x"]}', '{"promoted": ["one"], "more": 1}'])
def test_a_damaged_pointer_is_one_line(text: str, folder: Path) -> None:
    (folder / POINTER).write_text(text)
    with pytest.raises(EmError) as caught:
        AdapterRegistry(folder).entries()
    assert str(folder / POINTER) in str(caught.value) and caught.value.remedy


def test_promotions_at_once_are_all_kept(folder: Path) -> None:
    names = ["one", "two", "three"] * 4
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda name: AdapterRegistry(folder).promote(name), names))
    pointer = AdapterRegistry(folder).pointer()
    assert [move.name for move in pointer.moves] == list(pointer.promoted)
    assert all(a != b for a, b in zip(pointer.promoted, pointer.promoted[1:], strict=False))
    assert {"one", "two", "three"} == set(pointer.promoted)
    assert not [path for path in folder.iterdir() if path.name.startswith(f".{POINTER}")]
