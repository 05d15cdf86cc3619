"""Trainings of a few seconds: a tiny base, documents of 370 tokens, settings without dropout unless it is wanted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from simulator.train import settings, training
from simulator.train.run import Trained
from simulator.train.run import train_adapter as run_training
from simulator.train.training import TrainingJob
from simulator.world.load import shipped as root
from tests.train import models
from tests.worlds import shipped

PROOF = root() / "policies" / "training-proof.yaml"
QUICK = {
    "precision": "fp32",
    "lora_r": 4,
    "lora_alpha": 8,
    "lora_dropout": 0.0,
    "learning_rate": 0.01,
    "gradient_accumulation_steps": 2,
    "sequence_len": 2048,
    "evaluations": 3,
    "calibration_documents": 0,
}


def job(folder: Path, base: Path, documents: int = 8, held_out: int = 2, **changes: object) -> TrainingJob:
    """A training on so many documents; the corpus is written into `folder`."""
    texts = models.texts(documents + held_out)
    corpus = models.export(folder / "corpus", texts[:documents], texts[documents:])
    plain = settings.read_settings(PROOF, base_model=str(base))
    request = training.TrainingRequest(corpus, settings.change_settings(plain, QUICK | changes), folder)
    return training.prepare_training(request, shipped())


def run(
    made: TrainingJob,
    out: Path,
    *,
    resume: bool = False,
    tell: Callable[[object], None] = lambda told: None,
    say: Callable[[str], None] = lambda line: None,
) -> Trained:
    return run_training(made, out, resume=resume, tell=tell, say=say)
