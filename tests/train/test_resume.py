"""Killed at any point, a training goes on to the same losses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.errors import EmError
from simulator.train import adapter, checkpoints
from simulator.train.adapter_registry import AdapterRegistry
from simulator.train.checkpoints import RECORD, find_unfinished
from tests.train.jobs import job, run

CHANGES = {"lora_dropout": 0.2, "evaluations": 5, "checkpoints_kept": 3}
DOCUMENTS = 20
KILLED_AT = 7

CHILD = f"""
import os, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from simulator.train.callbacks import Stepped
from tests.train.jobs import job, run

def tell(told):
    if isinstance(told, Stepped) and told.step == {KILLED_AT}:
        os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1])
run(job(folder, Path(sys.argv[2]), documents={DOCUMENTS}, **{CHANGES!r}), folder / "out", tell=tell)
"""


@pytest.fixture(scope="module")
def whole(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], float]:
    """Losses of a training that nobody disturbed, by kind and step."""
    folder = tmp_path_factory.mktemp("whole")
    run(job(folder, tiny, documents=DOCUMENTS, **CHANGES), folder / "out")
    return losses(folder / "out")


@pytest.fixture(scope="module")
def killed(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the same training, killed after its seventh step of ten."""
    folder = tmp_path_factory.mktemp("killed")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), str(tiny)],
        cwd=root,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return folder


def losses(out: Path) -> dict[tuple[str, int], float]:
    found = map(json.loads, (out / "metrics.jsonl").read_text().splitlines())
    return {(row["kind"], row["step"]): row["loss"] for row in found}


def cut(checkpoint: Path, name: str) -> None:
    path = checkpoint / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda newest: None, []),
        (lambda newest: (newest / checkpoints.SEAL).unlink(), ["cut while it was written"]),
        (lambda newest: cut(newest, adapter.WEIGHTS), [f"{adapter.WEIGHTS} has "]),
        (lambda newest: shutil.rmtree(newest.parent), ["training begins anew"]),
    ],
    ids=["killed", "killed while saving", "cut in half", "nothing left"],
)
def test_it_goes_on_to_the_same_losses(
    killed: Path, whole: dict[tuple[str, int], float], tiny: Path, tmp_path: Path, damage, said: list[str]
) -> None:
    shutil.copytree(killed, tmp_path, dirs_exist_ok=True)
    newest = tmp_path / "out" / "checkpoints" / "checkpoint-6"
    assert newest.is_dir()
    damage(newest)
    lines: list[str] = []
    made = job(tmp_path, tiny, documents=DOCUMENTS, **CHANGES)
    done = run(made, tmp_path / "out", resume=True, say=lines.append)
    assert done.steps == made.plan.steps == 10
    assert losses(tmp_path / "out") == pytest.approx(whole, abs=1e-6)
    assert len(lines) == len(said)
    assert all(wanted in line for wanted, line in zip(said, lines, strict=True))
    assert adapter.read(tmp_path / "out").validation_loss == pytest.approx(
        min(loss for (kind, step), loss in whole.items() if kind == "validation" and step), abs=1e-6
    )


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda out: None, "step 6 of 10"),
        (lambda out: (out / "checkpoints" / "checkpoint-6" / checkpoints.SEAL).unlink(), "step 4 of 10"),
        (lambda out: cut(out / "checkpoints" / "checkpoint-6", adapter.WEIGHTS), "step 4 of 10"),
        (lambda out: shutil.rmtree(out / "checkpoints"), "step 0 of 10"),
        (lambda out: (out / RECORD).unlink(), None),
        (lambda out: (out / RECORD).write_text("{"), None),
        (lambda out: (out / adapter.CARD).write_text("{}"), None),
    ],
    ids=["killed", "killed while saving", "cut in half", "no checkpoint", "of nothing", "of no reading", "ended"],
)
def test_what_was_killed_says_how_far_it_is(killed: Path, tmp_path: Path, damage, told: str | None) -> None:
    shutil.copytree(killed / "out", tmp_path / "out")
    damage(tmp_path / "out")
    found = find_unfinished(tmp_path / "out")
    assert (found and found.progress) == told
    (entry,) = AdapterRegistry(tmp_path).entries()
    assert entry.card is None and (entry.unfinished is None) is bool(entry.fault), "unfinished, or damaged"


APART = CHANGES | {"packing": False}
"""Two sequences a step."""
STOPPED = f"""
import os, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from simulator.train import validation
from simulator.train.callbacks import Watch
from tests.train.jobs import job, run

place, at = sys.argv[3], int(sys.argv[4])
def ask(done):
    if done == at:
        os.kill(os.getpid(), signal.SIGINT)

if place == "sequence":
    before = Watch.on_substep_end
    def substep(self, args, state, control, **more):
        ask(state.global_step)
        return before(self, args, state, control, **more)
    Watch.on_substep_end = substep
else:
    before, calls = validation.Validation.__call__, []
    def call(self, *given):
        calls.append(0)
        ask(len(calls))
        return before(self, *given)
    validation.Validation.__call__ = call
folder = Path(sys.argv[1])
done = run(job(folder, Path(sys.argv[2]), documents={DOCUMENTS}, **{APART!r}), folder / "out")
print(done.steps, done.interrupted)
"""


@pytest.fixture(scope="module")
def apart(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], float]:
    """Losses of a training with two sequences a step that nobody disturbed."""
    folder = tmp_path_factory.mktemp("apart")
    run(job(folder, tiny, documents=DOCUMENTS, **APART), folder / "out")
    return losses(folder / "out")


@pytest.mark.parametrize(
    ("place", "at", "steps"),
    [("sequence", 7, 7), ("sequence", 6, 6), ("sequence", 0, 0), ("validation", 1, 0), ("validation", 3, 4)],
)
def test_stopped_in_the_middle_of_a_step_or_an_evaluation_it_goes_on_to_the_same_losses(
    apart: dict[tuple[str, int], float], tiny: Path, tmp_path: Path, place: str, at: int, steps: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, str(tmp_path), str(tiny), place, str(at)],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.stdout == f"{steps} True\n", done.stderr
    newest, faults = checkpoints.newest_checkpoint(tmp_path / "out" / "checkpoints")
    assert not faults and (checkpoints.step_of(newest) if newest else 0) == steps, "a whole one of the last whole step"
    made = job(tmp_path, tiny, documents=DOCUMENTS, **APART)
    assert run(made, tmp_path / "out", resume=True).steps == 10
    assert losses(tmp_path / "out") == pytest.approx(apart, abs=1e-6)


@pytest.mark.parametrize("change", [{"learning_rate": 0.05}, {"seed": 2}, {"objective": "all"}])
def test_another_training_is_not_gone_on_with(killed: Path, tiny: Path, tmp_path: Path, change: dict) -> None:
    made = job(tmp_path, tiny, documents=DOCUMENTS, **CHANGES | change)
    with pytest.raises(EmError, match=f"another {next(iter(change))}") as caught:
        run(made, killed / "out", resume=True)
    assert caught.value.exit_code == 2


def test_another_corpus_is_not_gone_on_with(killed: Path, tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(EmError, match="another corpus"):
        run(job(tmp_path, tiny, documents=DOCUMENTS - 1, **CHANGES), killed / "out", resume=True)


def test_without_resume_nothing_is_written_over(killed: Path, tiny: Path, tmp_path: Path) -> None:
    made = job(tmp_path, tiny, documents=DOCUMENTS, **CHANGES)
    with pytest.raises(EmError, match="continue with --resume"):
        run(made, killed / "out")
    with pytest.raises(EmError, match="holds no training"):
        run(made, tmp_path / "none", resume=True)
