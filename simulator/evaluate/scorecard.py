"""The whole of an evaluation, for people, for programs and for the report's page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from simulator import __version__
from simulator.errors import ContentError, EmError, UsageError
from simulator.evaluate import criteria, labels
from simulator.evaluate.collect import Material
from simulator.evaluate.figure_checks import FigureCheck, verdict
from simulator.evaluate.labels import JudgedSubject, LabelledLine
from simulator.evaluate.language import Language
from simulator.evaluate.subject import Expected, Observations
from simulator.world.policies.evaluation import SuiteName
from simulator.world.probe import Measure
from simulator.world.strict import StrictModel
from simulator.world.world import World
from simulator.world.yaml_file import explain

TITLES: dict[Measure, str] = {
    "assistant": "Doesn't offer help or act like an assistant",
    "participation": "Participates by engagement level",
    "identity": "Acknowledges being an AI casually when relevant",
    "feedback": "Responds to social feedback",
    "boundaries": "Keeps boundaries without meanness",
}

Kind = Literal["base", "adapter", "reference"]


class Criterion(StrictModel):
    """One must-have of one subject."""

    measure: Measure
    title: str
    met: bool | None
    """None: nothing falls short, but something could not be measured."""
    checks: tuple[FigureCheck, ...]


class Result(StrictModel):
    """One subject."""

    subject: str
    kind: Kind
    digest: str
    note: str
    """What it could not be asked; empty: nothing."""
    musts: tuple[Criterion, ...]
    nice: tuple[FigureCheck, ...]
    examples: tuple[LabelledLine, ...] = ()
    """Every answer to a probe, and of its own sessions the lines that something speaks against."""
    expected: tuple[Expected, ...] = ()
    """P(the lead speaks next), by probe and document."""

    @property
    def met(self) -> bool:
        """Every must-have was measured and met."""
        return all(must.met for must in self.musts)


class Scorecard(StrictModel):
    """What `em evaluate --json` prints."""

    version: str
    suite: SuiteName
    probes: str
    """Digest of the probes."""
    seed: int
    results: tuple[Result, ...]
    """The base first if there is one, then the adapters, then the reference."""

    def decides(self) -> tuple[Result, ...]:
        """Those that have to meet the must-haves: the adapters, or the base if there are none, or the reference."""
        for kind in ("adapter", "base", "reference"):
            if found := tuple(result for result in self.results if result.kind == kind):
                return found
        return ()


def read(path: Path) -> Scorecard:
    """A file that `em evaluate --out` wrote, or its --json. Raises UsageError, ContentError."""
    try:
        card = Scorecard.model_validate_json(path.read_bytes())
    except OSError as error:
        remedy = "name a file that `em evaluate --out` wrote"
        raise UsageError(error.strerror or str(error), place=str(path), remedy=remedy) from None
    except ValidationError as error:
        raise ContentError(explain(error), place=str(path), remedy="write it again with `em evaluate --out`") from None
    if not card.results:
        raise ContentError("holds no subject", place=str(path), remedy="write it again with `em evaluate --out`")
    return card


def is_card(path: Path) -> bool:
    """Whether a file holds a scorecard."""
    try:
        read(path)
    except EmError:
        return False
    return True


def compiled(
    seen: Sequence[tuple[Kind, Observations]], material: Material, world: World, suite: SuiteName
) -> Scorecard:
    """Judges what was seen of each subject, the base's first."""
    language = Language(material.policy, world.style)
    base: JudgedSubject | None = None
    results = []
    for kind, each in seen:
        beside = base if kind == "adapter" else None
        judging = labels.label_subject(each, language, material, world.engagement.bands, beside)
        if kind == "base":
            base = judging
        judged = tuple(
            Criterion(measure=measure, title=TITLES[measure], met=verdict(checks), checks=tuple(checks))
            for measure, checks in criteria.check_criteria(judging).items()
        )
        own = tuple(line for lines in judging.own for line in lines if line.faults)
        results.append(
            Result(
                subject=each.subject,
                kind=kind,
                digest=each.digest,
                note=each.note,
                musts=judged,
                nice=tuple(criteria.check_extras(judging, world.style)),
                examples=(*judging.answers, *own),
                expected=each.expected or (),
            )
        )
    return Scorecard(
        version=__version__, suite=suite, probes=material.suite.digest, seed=material.seed, results=tuple(results)
    )
