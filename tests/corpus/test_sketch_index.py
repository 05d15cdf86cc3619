"""Sketches on disk: the answers of those in memory, in memory that does not grow."""

from __future__ import annotations

import random
import sqlite3
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

from simulator.corpus import near_duplicates
from simulator.corpus.near_duplicates import SketchIndex, sketch
from simulator.errors import StorageError

PLACES = 256


def some(draw: random.Random, size: int) -> list[str]:
    return [str(draw.random()) for _ in range(size)]


def family(seed: int, sets: int) -> list[list[str]]:
    """Sets of which half share a drawn part, from little to nearly all, with an earlier one."""
    draw = random.Random(seed)
    made: list[list[str]] = []
    for _ in range(sets):
        if made and draw.random() < 0.5:
            share = draw.uniform(0.6, 1)
            kept = [part for part in draw.choice(made) if draw.random() < share]
            made.append(kept + some(draw, draw.randint(0, 20)))
        else:
            made.append(some(draw, draw.randint(40, 200)))
    return made


@pytest.mark.parametrize("similarity", [0.3, 0.5, 0.8])
def test_it_answers_as_the_index_in_memory(similarity: float) -> None:
    sets = family(3, 500)
    memory, disk, found = SketchIndex(PLACES, similarity, last=len(sets)), SketchIndex(PLACES, similarity), 0
    for number, parts in enumerate(sets):
        own = sketch(parts, PLACES)
        assert own is not None
        near = memory.nearest(own)
        assert disk.nearest(own) == near
        found += near is not None
        memory.add(str(number), own)
        disk.add(str(number), own)
    assert 20 < found < 300


def test_the_first_of_two_that_are_equally_alike_is_told() -> None:
    own = sketch(["a", "b", "c"], PLACES)
    kept = SketchIndex(PLACES, 0.5)
    kept.add("one", own)
    kept.add("two", own)
    assert kept.nearest(own) == ("one", 1.0)
    assert kept.nearest(sketch(["x", "y"], PLACES)) is None


def test_memory_does_not_grow() -> None:
    """What Python holds; the pages of the database are bounded by their cache."""
    draw, kept = random.Random(1), SketchIndex(PLACES, 0.5)
    for number in range(50):
        kept.add(str(number), sketch(some(draw, 20), PLACES))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(300):
            own = sketch(some(draw, 20), PLACES)
            kept.nearest(own)
            kept.add(str(number), own)
        own = None
        assert tracemalloc.get_traced_memory()[0] - before < 300 * 20
    finally:
        tracemalloc.stop()


def test_more_than_the_cache_holds_goes_to_a_file_and_is_found_again(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(near_duplicates, "CACHE_KB", 100)
    draw, kept = random.Random(1), SketchIndex(PLACES, 0.5)
    own = [sketch(some(draw, 20), PLACES) for _ in range(400)]
    for number, each in enumerate(own):
        kept.add(str(number), each)
    assert [kept.nearest(each) for each in own] == [(str(number), 1.0) for number in range(400)]


def test_a_full_disk_is_told_in_one_line(monkeypatch) -> None:
    kept = SketchIndex(PLACES, 0.5)
    kept._store._db.execute("PRAGMA max_page_count = 12")
    draw = random.Random(1)
    with pytest.raises(StorageError, match=r"temporary folder.*full.*SQLITE_TMPDIR"):
        for number in range(100):
            kept.add(str(number), sketch(some(draw, 20), PLACES))


def test_closed_with_the_index() -> None:
    kept = SketchIndex(PLACES, 0.5)
    db = kept._store._db
    del kept
    with pytest.raises(sqlite3.ProgrammingError):
        db.execute("SELECT 1")


def test_it_may_be_let_go_in_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    failed: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", failed.append)
    indexes = [SketchIndex(64, 0.5)]
    with ThreadPoolExecutor(1) as other:
        other.submit(indexes.clear).result()
    assert not failed


def test_only_the_last_ones_are_kept_where_that_is_wanted() -> None:
    index, sketches = SketchIndex(64, 0.5, last=2), [sketch([word], 64) for word in "abc"]
    for name, own in zip("abc", sketches, strict=True):
        index.add(name, own)
    assert [index.nearest(own) for own in sketches] == [None, ("b", 1.0), ("c", 1.0)]
