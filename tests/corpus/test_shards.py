"""Parquet files of a bounded size, numbered as the Hub numbers them."""

from __future__ import annotations

import tracemalloc

import pytest

from simulator.corpus import staging
from simulator.corpus.formats import owned
from simulator.corpus.staging import Shards
from tests.layout import NAMES

pytest.importorskip("pyarrow")


def row(number: int) -> dict[str, object]:
    return {"text": f"{number} " + "word " * 50, "messages": number, "share": number / 7, "scripted": number % 2 == 0}


def test_no_row_no_file(tmp_path) -> None:
    Shards(tmp_path, "train").close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("rows", "most", "files"), [(25, 10**9, 1), (25, 1, 3), (30, 1, 3), (1, 1, 1)])
def test_files_are_numbered_and_hold_the_rows_in_order(tmp_path, monkeypatch, rows, most, files) -> None:
    from pyarrow import parquet

    monkeypatch.setattr(staging, "ROWS", 10)
    table = Shards(tmp_path, "train", most)
    for number in range(rows):
        table.add(row(number))
    table.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"train-{number:05d}-of-{files:05d}.parquet" for number in range(files)]
    assert [r for name in names for r in parquet.read_table(tmp_path / name).to_pylist()] == list(map(row, range(rows)))
    groups = [parquet.ParquetFile(tmp_path / name).metadata for name in names]
    assert all(g.row_group(i).num_rows <= 10 for g in groups for i in range(g.num_row_groups))


def test_memory_does_not_grow_with_the_rows(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(staging, "ROWS", 50)
    table = Shards(tmp_path, "train")

    def held(rows: int) -> int:
        for number in range(rows):
            table.add(row(number))
        return tracemalloc.get_traced_memory()[0]

    held(100)
    tracemalloc.start()
    try:
        assert held(2_000) - held(50) < 2_000 * 20
    finally:
        tracemalloc.stop()
        table.close()


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("em_character_training-00000-of-00003.parquet", True),
        ("validation-00012-of-00013.parquet", True),
        ("em_character_training.parquet", True),  # of a version that wrote one file
        ("em_character_training-00000-of-00003.jsonl", False),
        ("em_character_training-notes.parquet", False),
        ("other-00000-of-00003.parquet", False),
    ],
)
def test_an_export_knows_its_own_shards(name: str, own: bool) -> None:
    assert owned(name, ["parquet"], NAMES) is own
