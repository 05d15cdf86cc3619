"""How a model in training does on the documents held out: its loss, whole and by class, and who it expects to speak."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from simulator.train import loss
from simulator.train.calibration import LEVELS, Calibration, CalibrationRequest, calibrate
from simulator.train.packing import batch, pack
from simulator.train.token_classes import TokenClass
from simulator.train.training import TrainingJob

CLASSES = tuple(TokenClass)


class Validation:
    """The documents of every evaluation of a training, always the same."""

    def __init__(
        self,
        job: TrainingJob,
        *,
        between: Callable[[], None] = lambda: None,
        process: int = 0,
        processes: int = 1,
    ) -> None:
        """`job`: with at least one document to validate on; with no texts to calibrate on, that is left out.

        `between` is called before each document and may raise. `process`: which of so many `processes` this is, from 0.
        """
        documents, settings = job.validation, job.settings
        self._encoder = job.encoder
        self._calibrated = CalibrationRequest(job.calibration, job.world.engagement.bands, seed=settings.seed)
        groups = pack([len(document) for document in documents], settings.sequence_len)
        groups += [[] for _ in range(-len(groups) % processes)]
        filler = documents[:1]  # a process without documents of its own takes part in the forward pass all the same
        self._sequences = [
            ([documents[place] for place in group] or filler, bool(group)) for group in groups[process::processes]
        ]
        self._objective, self._between = job.objective, between

    def __call__(self, model: Any, added: Callable[[Tensor], Tensor]) -> dict[str, float]:
        """Measures by name. All losses are nats a token.

        `loss`: by the objective's weights. `loss_CLASS`: of the tokens of one class; `loss_all`: of all tokens.
        Then the calibration, see `figures`.
        """
        # Sums of surprises and of tokens by class, then of weighted surprises and of weights.
        sums = torch.zeros(2, len(CLASSES) + 1, dtype=torch.float64)
        device = next(model.parameters()).device
        for documents, counts in self._sequences:
            self._between()
            made = {name: values.to(device) for name, values in batch(documents, self._objective).items()}
            wanted = made["position_ids"][0].nonzero()[:, 0]
            surprises = loss.surprises(model, made, wanted).double().cpu()
            kinds = [CLASSES.index(kind) for document in documents for kind in document.classes]
            kind = torch.tensor(kinds)[wanted.cpu()]
            weights = made["weights"][0, wanted].double().cpu()
            if counts:
                sums[0].index_add_(0, kind, surprises)
                sums[1].index_add_(0, kind, torch.ones_like(surprises))
                sums[0, -1] += (weights * surprises).sum()
                sums[1, -1] += weights.sum()
        total = added(sums.float()).double().cpu()
        measures = {"loss": float(total[0, -1] / total[1, -1])}
        for place, each in enumerate(CLASSES):
            if total[1, place]:
                measures[f"loss_{each.value}"] = float(total[0, place] / total[1, place])
        measures["loss_all"] = float(total[0, :-1].sum() / total[1, :-1].sum())
        if self._calibrated.texts:
            measures |= figures(calibrate(model, self._encoder, self._calibrated, self._between))
        return measures


def figures(found: Calibration) -> dict[str, float]:
    """The calibration's figures by name, all of raw P(the lead speaks next) unless they say otherwise.

    `own_LEVEL`: mean under the document's own header; `swap_LEVEL`: mean over all documents under that header;
    `swap_rise`: HIGH less LOW; `swap_ordered`: share of the documents in which LOW < MEDIUM < HIGH; `auc` and
    `balanced_accuracy` against what happened; `coverage`: mass on the people who are there.
    """
    named: dict[str, float | None] = {f"own_{level}": share.raw for level, share in found.shares.items()}
    if found.swap is not None:
        named |= {f"swap_{level.value}": found.swap.means[level.value].value for level in LEVELS}
        named |= {"swap_rise": found.swap.rise.value, "swap_ordered": found.swap.ordered.value}
    named |= {"auc": found.raw.auc, "balanced_accuracy": found.raw.balanced_accuracy}
    messages = sum(share.messages for share in found.shares.values())
    named["coverage"] = sum(share.coverage * share.messages for share in found.shares.values()) / messages
    return {name: value for name, value in named.items() if value is not None}
