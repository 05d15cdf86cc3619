"""What the tests of a training share: one tiny base, and torch on one thread, since tiny matrices gain from no more."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.train import models

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is imported


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of 30 thousand parameters."""
    return models.save(tmp_path_factory.mktemp("tiny"))
