"""`em train` as a user types it."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.em import EM, em
from tests.train import models
from tests.train.jobs import PROOF

ONE = {"OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny base and a corpus."""
    folder = tmp_path_factory.mktemp("place")
    models.save(folder / "base")
    texts = models.texts(8)
    models.export(folder / "corpus", texts[:6], texts[6:])
    return folder


def test_from_a_corpus_to_an_adapter(place: Path) -> None:
    quick = (
        "--objective",
        "mixture",
        "--set",
        "precision=fp32",
        "--set",
        "lora_r=2",
        "--set",
        "calibration_documents=1",
    )
    done = em(
        "train", "corpus", "--base", "base", "--config", PROOF, *quick, "--set", "evaluations=1", cwd=place, env=ONE
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("data/adapters/corpus-mixture: the adapter is checkpoint 2 of 2, validation loss ")
    for said in ("steps", "weighs 0.1", "optimizer steps", "validation at 2", "P(lead next) under LOW / MEDIUM / HIGH"):
        assert said in done.stderr
    assert "Warning" not in done.stderr
    out = place / "data" / "adapters" / "corpus-mixture"
    assert {"adapter_model.safetensors", "adapter_config.json", "card.json", "metrics.jsonl", "checkpoints"} <= {
        path.name for path in out.iterdir()
    }
    assert str(place) not in (out / "adapter_config.json").read_text() + (out / "card.json").read_text()


def test_one_that_was_killed_is_listed_as_unfinished_with_the_command_that_goes_on(place: Path) -> None:
    """The command is run as it is printed, in another process, and makes the adapter."""
    begun = ["train", "corpus", "--base", "base", "--config", str(PROOF), "--set", "precision=fp32"]
    begun += ["--set", "lora_r=2", "--set", "calibration_documents=0", "--out", "data/adapters/cut"]
    with subprocess.Popen(
        [EM, *begun], cwd=place, env={**os.environ, **ONE}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as training:
        assert any(line.startswith("step 1/2") for line in training.stderr or ()), "it ended before"
        training.kill()
    assert training.returncode == -signal.SIGKILL
    listed = em("adapters", "list", cwd=place)
    found = re.search(r"^cut: unfinished, step [01] of 2; continue with `(.+)`$", listed.stdout, re.MULTILINE)
    assert found and "damaged" not in listed.stdout, listed.stdout
    command = shlex.split(found[1])
    shown = em("adapters", "promote", "cut", cwd=place)
    assert shown.returncode == 2 and shlex.join(command) in shown.stderr and shown.stderr.count("\n") == 1
    (row,) = (row for row in json.loads(em("adapters", "list", "--json", cwd=place).stdout) if row["name"] == "cut")
    assert row["fault"] is None and row["unfinished"]["steps"] == 2 and row["unfinished"]["command"] == found[1]
    done = em(*command[1:], cwd=place, env=ONE)
    assert command[0] == "em" and done.returncode == 0, done.stderr
    assert "unfinished" not in em("adapters", "list", cwd=place).stdout


def test_the_plan_loads_no_weights(place: Path) -> None:
    (place / "bare").mkdir(exist_ok=True)
    for path in (place / "base").iterdir():
        content = b"no weights" if path.suffix == ".safetensors" else path.read_bytes()
        (place / "bare" / path.name).write_bytes(content)
    done = em("train", "corpus", "--base", "bare", "--config", PROOF, "--plan", cwd=place, env=ONE)
    assert done.returncode == 0, done.stderr
    assert "without packing 2" in done.stdout
    assert "only 2 optimizer steps" in done.stdout
    assert not (place / "data").exists() or not list((place / "data").rglob("bare*"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument 'CORPUS'"),
        (("corpus",), "outputs/irc-mistral-24b-production/merged"),
        (("corpus", "--set", "num_epochs=2"), "--allow-multiple-epochs"),
        (("none", "--base", "base"), "no such file or folder"),
    ],
)
def test_wrong_use_is_one_line(place: Path, arguments: tuple[str, ...], said: str) -> None:
    done = em("train", *arguments, cwd=place, env=ONE)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_memory_table(place: Path) -> None:
    done = em("train", "--memory", "--base", "base", cwd=place, env=ONE)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[2:]] == ["bf16"] * 3 + ["fp32"] * 3 + ["nf4"] * 3
