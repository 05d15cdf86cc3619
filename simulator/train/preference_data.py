"""Preference data for a training: read from an export, as token ids.

A prompt and a completion are a piece of a document together, and are encoded as one: without the end-of-text token,
since the channel goes on after the line. The completion's tokens are those of the lead's last line, after its nick.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from simulator.corpus.file_names import Names
from simulator.corpus.formats import PREFERENCES
from simulator.errors import ContentError, NotMet, UsageError
from simulator.train import adapter
from simulator.train.encoding import Encoder, TokenClass
from simulator.world.policies.preferences import PreferenceTraining
from simulator.world.world import World

Method = Literal["dpo", "kto"]
KL_BATCH = 4
"""Rows of a batch for KTO, whose estimate of the distance needs more than one."""
FIELDS: dict[Method, dict[str, type]] = {
    "dpo": {"prompt": str, "chosen": str, "rejected": str},
    "kto": {"prompt": str, "completion": str, "label": bool},
}


@dataclass(frozen=True, slots=True)
class EncodedRow:
    """A pair, or a single line with its label."""

    prompt: tuple[int, ...]
    """Token ids."""
    wanted: tuple[int, ...] = ()
    """Token ids of the chosen line, or of a single line that is wanted."""
    unwanted: tuple[int, ...] = ()
    """Token ids of the rejected line, or of a single line that is not wanted."""

    def __len__(self) -> int:
        return len(self.prompt) + max(len(self.wanted), len(self.unwanted))

    @property
    def tokens(self) -> int:
        """That the model reads to learn from the row: the prompt stands before each side."""
        sides = bool(self.wanted) + bool(self.unwanted)
        return sides * len(self.prompt) + len(self.wanted) + len(self.unwanted)

    @property
    def columns(self) -> dict[str, Any]:
        """As TRL's collators take it."""
        prompt, wanted, unwanted = map(list, (self.prompt, self.wanted, self.unwanted))
        if wanted and unwanted:
            return {"prompt_ids": prompt, "chosen_ids": wanted, "rejected_ids": unwanted}
        return {"prompt_ids": prompt, "completion_ids": wanted or unwanted, "label": bool(wanted)}


@dataclass(frozen=True, slots=True)
class PreferenceData:
    """What a preference training is made of."""

    method: Method
    training: tuple[EncodedRow, ...]
    validation: tuple[EncodedRow, ...]
    skipped: int
    """Rows longer than a sequence, which were left out."""
    digest: str
    """Of the training file."""
    numbers: PreferenceTraining

    @property
    def record(self) -> dict[str, Any]:
        """What a training that goes on must have been begun with."""
        return {"method": self.method, "rows": self.digest, **self.numbers.model_dump(mode="json")}


def batch_rows(method: Method, per_process: int) -> int:
    """Rows that a process reads at once, of those that it has of a step: they divide these evenly.

    A pair stands alone. KTO compares a row with others: up to KL_BATCH rows, more only where nothing else divides.
    """
    if method == "dpo":
        return 1
    return max((size for size in range(2, KL_BATCH + 1) if per_process % size == 0), default=per_process)


def read_preferences(corpus: Path, method: Method, encoder: Encoder, longest: int, world: World) -> PreferenceData:
    """The rows in a folder of `em export --format jsonl,dpo,kto`. `longest`: tokens of a sequence.

    Raises UsageError for a folder without them, ContentError for a row that is none, NotMet where all are too long.
    """
    names, numbers = Names.of(world.names.output), world.preferences.training
    path = corpus / names.split(False, PREFERENCES[method])
    if not path.is_file():
        remedy = f"write it with `em export NAME --out {corpus} --format jsonl,{method}`"
        raise UsageError("there is no such file", place=str(path), remedy=remedy)
    training = list(_rows(path, method, encoder))
    held = corpus / names.split(True, PREFERENCES[method])
    validation = list(_rows(held, method, encoder)) if held.is_file() else []
    fitting = tuple(row for row in training if len(row) <= longest)
    if not fitting:
        raise NotMet(f"all {len(training)} rows are longer than {longest} tokens", place=str(path),
                     remedy="raise sequence_len")  # fmt: skip
    also = tuple(row for row in validation if len(row) <= longest)
    skipped = len(training) + len(validation) - len(fitting) - len(also)
    return PreferenceData(method, fitting, also, skipped, adapter.file_digest(path), numbers)


def _rows(path: Path, method: Method, encoder: Encoder) -> Iterator[EncodedRow]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        row = _checked(line, method, f"{path}:{number}")
        if method == "dpo":
            prompt, wanted = _split(encoder, row["prompt"], row["chosen"])
            _, unwanted = _split(encoder, row["prompt"], row["rejected"])
            yield EncodedRow(prompt, wanted, unwanted)
        else:
            prompt, words = _split(encoder, row["prompt"], row["completion"])
            yield EncodedRow(prompt, words) if row["label"] else EncodedRow(prompt, unwanted=words)


def _checked(line: str, method: Method, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    wrong = not isinstance(row, dict) or [
        name for name, kind in FIELDS[method].items() if not isinstance(row.get(name), kind)
    ]
    if wrong:
        raise ContentError("no row of preference data", place=place, remedy="export it again")
    return dict(row)


def _split(encoder: Encoder, prompt: str, completion: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Token ids of a prompt, and of the line that follows it."""
    made = encoder.encode(prompt + completion)
    ids, classes = made.ids[:-1], made.classes[:-1]
    at = len(ids)
    while at and classes[at - 1] is TokenClass.LEAD:
        at -= 1
    return ids[:at], ids[at:]
