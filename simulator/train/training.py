"""From a corpus to an adapter: START HERE.

    prepare_training   the corpus is read, filtered, encoded and laid into steps; what it will take is worked out
    run.train_adapter  the base is loaded and the adapter trained; checkpoints, the best of them, and the adapter's card

`prepare_training` loads a tokenizer and no weights, so that whatever is wrong with the corpus is said at once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from simulator.errors import NotMet, UsageError
from simulator.train import base_model, training_estimate
from simulator.train.dataset import Corpus, CorpusRequest, Source, read_corpus
from simulator.train.encoding import Encoded, Encoder
from simulator.train.objective import PRESETS, Objective
from simulator.train.packing import Schedule, cut, make_row_schedule, make_schedule
from simulator.train.preference_data import Method, PreferenceData, read_preferences
from simulator.train.settings import change_settings
from simulator.train.training_estimate import Devices, EncodedDocuments, TrainingEstimate
from simulator.world.policies.training import Settings
from simulator.world.world import World

ADAPTERS = "adapters"
Speeds = Mapping[Literal["bf16", "fp32"], float]
FAR_SLOWER = 4
"""Times that bf16 has to be slower before fp32, with twice the memory, is taken in its place."""


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """A training that could begin."""

    settings: Settings
    corpus: Corpus
    world: World
    base: Path
    """Folder of the base model; that of the embedded one is made when the training begins."""
    config: dict[str, Any]
    """The base's."""
    encoder: Encoder
    objective: Objective
    training: tuple[Encoded, ...]
    """Documents, or pieces of them."""
    validation: tuple[Encoded, ...]
    calibration: tuple[str, ...]
    """Texts of held-out documents, each shorter than a sequence."""
    skipped: int
    """Documents longer than a sequence that were left out, of both splits."""
    plan: Schedule
    processes: int
    estimate: TrainingEstimate
    preference: PreferenceData | None = None
    """What it learns from in place of the documents; these are then read for the evaluations alone."""
    start: Path | None = None
    """Folder of the adapter that it goes on from; None: a fresh one."""
    notes: tuple[str, ...] = ()
    """What was decided otherwise than the settings say, a sentence each."""


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What a training is asked for."""

    corpus: Path
    settings: Settings
    data: Path
    """Folder in which the embedded base is kept."""
    allow_scripted: bool = False
    skip_rejected: bool = False
    method: Method | None = None
    """Of preferences; None: documents are learnt."""
    start: Path | None = None
    """Folder of the adapter to go on from; None: a fresh one."""

    @property
    def documents(self) -> CorpusRequest:
        """Which documents of the corpus are meant."""
        settings = self.settings
        return CorpusRequest(
            self.corpus, settings.validation_share, settings.seed, self.allow_scripted, self.skip_rejected
        )

    @property
    def name(self) -> str:
        """What the adapter is called if nobody says: by corpus and objective."""
        plain = f"{self.corpus.resolve().stem}-{self.method or self.settings.objective}"
        return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).lstrip("._-")[:63]


def prepare_training(request: TrainingRequest, world: World) -> TrainingJob:
    """Reads, checks and lays out a corpus; loads no weights.

    Raises what `dataset.read_corpus` raises for the corpus, UsageError for a base or tokenizer that will not do, an
    unknown objective, a document longer than a sequence, and KTO without an adapter to start from.
    """
    settings, data = request.settings, request.data
    if request.method == "kto" and request.start is None:
        raise UsageError(
            "KTO goes on from an adapter that was trained on documents", place="--method kto", remedy="name it: --from"
        )
    if request.start is not None and not request.start.is_dir():
        raise UsageError("is a GGUF adapter", place=str(request.start), remedy="name the adapter's folder with --from")
    if settings.objective not in PRESETS:
        raise UsageError(
            f"no preset `{settings.objective}`", place="objective", remedy=f"presets are {', '.join(PRESETS)}"
        )
    corpus = read_corpus(request.documents, world)
    base = base_model.located(settings.base_model, data)
    config = base_model.read_config(settings.base_model, base)
    if (most := config.get("max_position_embeddings", settings.sequence_len)) < settings.sequence_len:
        raise UsageError(
            f"sequences of {settings.sequence_len} tokens, and the base reads {most}",
            place="sequence_len",
            remedy=f"--set sequence_len={most}",
        )
    speeds = {
        precision: training_estimate.measure_speed(precision)
        for precision in dict.fromkeys((settings.precision, "fp32"))
    }
    settings, notes = _usable_precision(settings, speeds)
    encoder = Encoder(base_model.read_tokenizer(settings.base_model, base), corpus.lead, corpus.layout)
    objective = PRESETS[settings.objective]
    training, _, skipped = _encoded(encoder, corpus.training, settings)
    validation, whole, also = _encoded(encoder, corpus.validation, settings)
    if not training:
        raise NotMet(
            f"all {skipped} documents are longer than {settings.sequence_len} tokens",
            place=str(request.corpus),
            remedy="raise sequence_len, or --set too_long=cut",
        )
    if settings.validation_documents:
        validation = validation[: settings.validation_documents]
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    preference = None
    if request.method is not None:
        preference = read_preferences(request.corpus, request.method, encoder, settings.sequence_len, world)
    devices = Devices(processes, speeds[settings.precision])
    if preference is None:
        plan = make_schedule([len(document) for document in training], settings, processes)
        read = EncodedDocuments(training, validation)
        estimate = training_estimate.estimate_training(read, objective, config, settings, plan, devices)
    else:
        plan = make_row_schedule(len(preference.training), settings, processes)
        _refuse_single_rows(preference.method, plan.per_step // processes)
        estimate = training_estimate.estimate_preferences(preference, validation, config, settings, plan, devices)
    return TrainingJob(
        settings=settings,
        corpus=corpus,
        world=world,
        base=base,
        config=config,
        encoder=encoder,
        objective=objective,
        training=training,
        validation=validation,
        calibration=whole[: settings.calibration_documents],
        skipped=skipped + also,
        plan=plan,
        processes=processes,
        estimate=estimate,
        preference=preference,
        start=request.start,
        notes=notes,
    )


def _refuse_single_rows(method: Method, per_process: int) -> None:
    if method == "kto" and per_process < 2:
        raise UsageError(
            "KTO compares a row with others of its step, and there are none",
            place="gradient_accumulation_steps",
            remedy="--set gradient_accumulation_steps=2 or more for each process",
        )


def first_process() -> bool:
    """True in the process that writes and tells."""
    return os.environ.get("RANK", "0") == "0"


def _usable_precision(
    settings: Settings, speeds: Mapping[Literal["bf16", "fp32"], float]
) -> tuple[Settings, tuple[str, ...]]:
    """The settings with fp32 where bf16 is far slower on this device, and a sentence about it.

    Processors without instructions for bf16 multiply in it a hundred times slower, at 0 tokens a second. `speeds`: see
    `training_estimate.measure_speed`.
    """
    if settings.precision != "bf16" or settings.quantize != "none" or speeds["bf16"] * FAR_SLOWER > speeds["fp32"]:
        return settings, ()
    times = speeds["fp32"] / speeds["bf16"]
    note = f"precision: bf16 is {times:,.0f} times slower than fp32 on this processor (measured), so fp32 is used"
    return change_settings(settings, {"precision": "fp32"}), (note,)


def _encoded(
    encoder: Encoder, sources: Sequence[Source], settings: Settings
) -> tuple[tuple[Encoded, ...], tuple[str, ...], int]:
    """Documents or pieces, the texts that fit a sequence whole, and how many documents were left out."""
    made: list[Encoded] = []
    whole: list[str] = []
    skipped = 0
    for source in sources:
        document = encoder.encode(source.text)
        if len(document) <= settings.sequence_len:
            made.append(document)
            whole.append(source.text)
        elif settings.too_long == "cut":
            made += cut(document, settings.sequence_len)
        elif settings.too_long == "skip":
            skipped += 1
        else:
            raise UsageError(
                f"{len(document)} tokens do not fit a sequence of {settings.sequence_len}",
                place=source.id,
                remedy=f"--set sequence_len={len(document)}, or too_long=cut, or too_long=skip",
            )
    return tuple(made), tuple(whole), skipped
