"""What was seen, kept under data/evaluations/: asked once, judged as often as the thresholds change."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel, ValidationError

from simulator import files
from simulator.evaluate.collect import Material
from simulator.evaluate.scorecard import Result
from simulator.evaluate.subject import Observations

FOLDER = "evaluations"
ASKING = 2
"""Goes up when the same subject would be asked something else."""


LARGE = {"examples", "expected"}
"""What a verdict goes without."""


class ResultsCache:
    """A folder with one file for each subject, suite, size and seed."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def find(self, digest: str, material: Material) -> Observations | None:
        """What was seen before; None: nothing, or a file that was cut, which is then written again.

        Raises UsageError for a file of that name that is none of ours, before anything is asked.
        """
        path = self._path(digest, material)
        try:
            return Observations.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            files.check(path, _begins(Observations), "--data")
            return None

    def put(self, seen: Observations, digest: str, material: Material) -> None:
        """Raises StorageError."""
        path = self._path(digest, material)
        files.folder(path.parent)
        files.write(path, seen.model_dump_json().encode(), _begins(Observations), option="--data")

    def conclude(self, result: Result) -> None:
        """Remembers how a subject did last, for whoever is about to put it into service. Raises StorageError."""
        data = result.model_dump_json(exclude=LARGE).encode()
        files.write(self._verdict(result.digest), data, _begins(Result), option="--data")

    def concluded(self, digest: str) -> Result | None:
        """How a subject did when it was last evaluated, without examples; None: it never was.

        The digest of an adapter on its base is `BASE-ADAPTER`, of which only the second counts (`lead.digest`): its
        weights fit one base, whether that was loaded from safetensors or from a GGUF file of it.
        """
        try:
            return Result.model_validate_json(self._verdict(digest).read_bytes())
        except (OSError, ValidationError):
            return None

    def _verdict(self, digest: str) -> Path:
        return self._folder / f"verdict-{digest.rpartition('-')[2]}.json"

    def _path(self, digest: str, material: Material) -> Path:
        """Thresholds and word lists are no part of the name: they judge, they do not ask."""
        policy = material.policy
        asked = {
            "asking": ASKING,
            "subject": digest,
            "lead": material.lead,
            "suite": material.suite.digest,
            "size": material.size.model_dump(),
            "seed": material.seed,
            "sampling": [policy.temperature, policy.top_p, policy.line_tokens],
            "nicks": policy.nicks,
            "prompts": material.prompts.digest("evaluation_"),
            "documents": [_digest(text) for _, text in material.documents],
            "chat": [_digest(text) for _, text in material.chat],
        }
        name = hashlib.blake2b(json.dumps(asked, sort_keys=True).encode(), digest_size=8).hexdigest()
        return self._folder / f"{name}.json"


def _begins(model: type[BaseModel]) -> files.Ours:
    """Whether a file begins as the JSON of such a value does; it may be of another version, or cut."""
    begin = f'{{"{next(iter(model.model_fields))}":'.encode()
    return lambda path: path.read_bytes().startswith(begin)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
