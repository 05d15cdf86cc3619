"""kill -9 at any instant: gone on with, the run is the one that nobody killed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.killing import Uncut

INSTANTS = 20


@pytest.fixture(scope="module")
def uncut(tmp_path_factory: pytest.TempPathFactory) -> Uncut:
    return Uncut(tmp_path_factory.mktemp("uncut"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_random_instants(tmp_path: Path, uncut: Uncut) -> None:
    found = [uncut.killed(tmp_path / str(instant), instant, INSTANTS) for instant in range(INSTANTS)]
    assert [one for one in found if not one.same or one.twice] == []
    assert sum(one.alive for one in found) >= INSTANTS * 3 // 4
    assert len({one.events for one in found}) > 3, "the instants lie all over the run"
