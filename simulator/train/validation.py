"""How a model in training does on the documents held out: its loss, whole and by class, and who it expects to speak.

Does the model know when the lead speaks, and does it obey the header? Measured without letting it write a word.

At the beginning of every message of a document the model is asked who speaks next (`next_speakers`, one pass):

    raw         P(`<lead>`): what the model would do, in [0, 1]
    coverage    the sum of P over everybody who speaks in the document, in [0, 1]
    normalised  raw / coverage. Higher than what the model would do: it cannot know nicks that have not come up yet

Lines that are actions are context, not messages, and are not asked about.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from simulator import intervals
from simulator.document import messages_of, parse_document, render_document
from simulator.errors import UsageError
from simulator.intervals import Figure
from simulator.train import loss
from simulator.train.encoding import Encoder, TokenClass
from simulator.train.next_speaker import next_speakers
from simulator.train.packing import batch, pack
from simulator.train.training import TrainingJob
from simulator.world.policy import Band
from simulator.world.strict import Level

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class CalibrationRequest:
    """What a model is calibrated on."""

    texts: Sequence[str]
    """Whole documents."""
    bands: Mapping[Level, Band]
    """Of the lead's share of the messages, at each level."""
    swap: bool = True
    """Read each document under the other headers, too."""
    seed: int = 0
    """Of the bootstrap alone."""


@dataclass(frozen=True, slots=True)
class SpeakerTurn:
    """One message of a document, before it was said."""

    level: Level
    spoke: bool
    """The message is the lead's."""
    raw: float
    coverage: float

    @property
    def normalised(self) -> float:
        """P(the lead) among those who speak in the document, in [0, 1]; 0 where nobody of them is expected at all."""
        return self.raw / self.coverage if self.coverage else 0.0


@dataclass(frozen=True, slots=True)
class LevelShare:
    """How much the lead takes part at one level."""

    documents: int
    messages: int
    spoke: float
    """Share of the messages that are the lead's."""
    raw: float
    """Mean of the raw P over the messages: the share that the model expects."""
    normalised: float
    coverage: float
    """Means over the messages."""
    least: float
    most: float
    """The level's band."""
    inside: bool
    """`raw` lies in the band."""


@dataclass(frozen=True, slots=True)
class Skill:
    """Speak or stay silent, against what happened, over all messages. None: the lead spoke always, or never."""

    auc: float | None
    """Probability that a message of the lead's had a higher P than one of somebody else's, ties counting half; 0.5
    knows nothing (area under the ROC curve, as Mann and Whitney's U)."""
    balanced_accuracy: float | None
    """Mean of the share of the lead's messages and of the others' that are told right, if the lead is taken to speak
    where P is above the middle of the level's band; 0.5 knows nothing."""


@dataclass(frozen=True, slots=True)
class Swap:
    """The same texts under each header, so that only the header differs. All of raw P, averaged in each document."""

    documents: int
    means: Mapping[str, Figure]
    """By level, over the documents."""
    ordered: Figure
    """Share of the documents in which P rises from each level to the next."""
    rise: Figure
    """Mean of the highest level less the lowest. Above 0 with all of its interval: the header works."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was found on some documents."""

    documents: int
    messages: int
    shares: Mapping[str, LevelShare]
    """By the level of the document's own header; a level without documents is not there."""
    raw: Skill
    normalised: Skill
    swap: Swap | None
    """None: not asked for."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def calibrate(
    model: PreTrainedModel,
    encoder: Encoder,
    request: CalibrationRequest,
    between: Callable[[], None] = lambda: None,
) -> Calibration:
    """Reads each document once, and with `swap` once more under each of the other headers.

    The model is in eval mode meanwhile. `between` is called before each document and may raise. Raises UsageError
    without documents or messages, and for a text that is no document.
    """
    texts, bands, swap = request.texts, request.bands, request.swap
    if not any(messages_of(text) for text in texts):
        raise UsageError("there is no document to calibrate on", place="calibration", remedy="give at least one")
    read: list[tuple[SpeakerTurn, ...]] = []
    swapped: list[tuple[float, ...]] = []
    training = model.training
    model.eval()  # type: ignore[no-untyped-call]  # the library has no types here
    try:
        for text in texts:
            between()
            read.append(turns(model, encoder, text))
            if swap and read[-1]:
                own = read[-1][0].level
                means = (
                    read[-1] if level == own else turns(model, encoder, text, level) for level in encoder.layout.levels
                )
                swapped.append(tuple(fmean(turn.raw for turn in each) for each in means))
    finally:
        model.train(training)
    every = [turn for document in read for turn in document]
    return Calibration(
        documents=len(texts),
        messages=len(every),
        shares={level: found for level in encoder.layout.levels if (found := _share(read, level, bands[level]))},
        raw=_skill(every, [turn.raw for turn in every], bands),
        normalised=_skill(every, [turn.normalised for turn in every], bands),
        swap=_swap(swapped, encoder.layout.levels, request.seed) if swap else None,
    )


def turns(model: PreTrainedModel, encoder: Encoder, text: str, under: Level | None = None) -> tuple[SpeakerTurn, ...]:
    """Each message of a document, as the model expects it. The model should be in eval mode.

    `under`: the level to put into the header instead of the document's own; then only the lead is asked about, and
    `coverage` is the raw P.
    """
    document = parse_document(text, encoder.layout)
    header = document.header
    if header is None:
        raise UsageError("does not begin with the header lines", place="calibration", remedy="run `em check`")
    if under is not None:
        text = render_document(header.under(under), document.lines)
    encoded = encoder.encode(text)
    cast = [encoder.lead, *({} if under is not None else dict.fromkeys(line.nick for line in document.lines))]
    cast = list(dict.fromkeys(cast))
    level = under or header.engagement
    found = next_speakers(model, encoded, [encoder.speaker(nick) for nick in cast]).tolist()
    return tuple(
        SpeakerTurn(level, line.nick == encoder.lead, row[0], sum(row))
        for line, row in zip(document.lines, found, strict=True)
        if not line.action
    )


def _share(read: Iterable[Sequence[SpeakerTurn]], level: Level, band: Band) -> LevelShare | None:
    documents = [document for document in read if document and document[0].level == level]
    every = [turn for document in documents for turn in document]
    if not every:
        return None
    raw = fmean(turn.raw for turn in every)
    return LevelShare(
        documents=len(documents),
        messages=len(every),
        spoke=fmean(turn.spoke for turn in every),
        raw=raw,
        normalised=fmean(turn.normalised for turn in every),
        coverage=fmean(turn.coverage for turn in every),
        least=band.least,
        most=band.most,
        inside=band.least <= raw <= band.most,
    )


def _skill(every: Sequence[SpeakerTurn], p: Sequence[float], bands: Mapping[Level, Band]) -> Skill:
    predicted = [
        each > (bands[turn.level].least + bands[turn.level].most) / 2 for turn, each in zip(every, p, strict=True)
    ]
    own = [place for place, turn in enumerate(every) if turn.spoke]
    others = [place for place, turn in enumerate(every) if not turn.spoke]
    if not own or not others:
        return Skill(None, None)
    row = sorted(p[place] for place in others)
    below = sum(bisect_left(row, p[place]) + bisect_right(row, p[place]) for place in own) / 2
    right = fmean(predicted[place] for place in own) + fmean(not predicted[place] for place in others)
    return Skill(auc=below / (len(own) * len(others)), balanced_accuracy=right / 2)


def _swap(documents: Sequence[tuple[float, ...]], levels: Sequence[Level], seed: int) -> Swap | None:
    """None: no document has a message."""
    rises = [each[-1] - each[0] for each in documents]
    ordered = intervals.mean(
        [float(all(low < high for low, high in pairwise(each))) for each in documents], seed, "ordered"
    )
    rise = intervals.mean(rises, seed, "rise")
    if ordered is None or rise is None:
        return None
    means = {}
    for place, level in enumerate(levels):
        figure = intervals.mean([each[place] for each in documents], seed, level)
        assert figure is not None
        means[level] = figure
    return Swap(documents=len(documents), means=means, ordered=ordered, rise=rise)


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
    `swap_rise`: the highest level less the lowest; `swap_ordered`: share of the documents in which P rises with the
    level; `auc` and `balanced_accuracy` against what happened; `coverage`: mass on the people who are there.
    """
    named: dict[str, float | None] = {f"own_{level}": share.raw for level, share in found.shares.items()}
    if found.swap is not None:
        named |= {f"swap_{level}": figure.value for level, figure in found.swap.means.items()}
        named |= {"swap_rise": found.swap.rise.value, "swap_ordered": found.swap.ordered.value}
    named |= {"auc": found.raw.auc, "balanced_accuracy": found.raw.balanced_accuracy}
    messages = sum(share.messages for share in found.shares.values())
    named["coverage"] = sum(share.coverage * share.messages for share in found.shares.values()) / messages
    return {name: value for name, value in named.items() if value is not None}
