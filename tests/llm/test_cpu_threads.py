from __future__ import annotations

import os
from pathlib import Path

import pytest

from simulator.llm import cpu_threads


def test_some_core_is_always_to_be_had() -> None:
    assert 1 <= cpu_threads.idle() <= min(cpu_threads.MOST, os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("text", "most"), [("max 100000", cpu_threads.MOST), ("250000 100000", 2), ("50000 100000", 1)]
)
def test_a_container_is_held_to_its_share(
    text: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpu.max").write_text(text + "\n")
    monkeypatch.setattr(cpu_threads, "_QUOTA", tmp_path / "cpu.max")
    assert cpu_threads._quota() == most


def test_without_the_files_of_linux_the_load_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_threads, "_STAT", tmp_path / "nothing")
    monkeypatch.setattr(cpu_threads, "_QUOTA", tmp_path / "nothing")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    for load, free in ((0.1, 8), (1.6, 6), (40.0, 1)):
        monkeypatch.setattr(os, "getloadavg", lambda load=load: (load, 0.0, 0.0), raising=False)
        assert cpu_threads.idle() == free
