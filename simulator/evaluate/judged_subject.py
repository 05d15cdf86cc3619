"""One subject as it is judged: what was seen of it, what its lines show, and the base beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.evaluate import labels
from simulator.evaluate.collect import Material
from simulator.evaluate.labels import LabelledLine
from simulator.evaluate.language import Language
from simulator.evaluate.subject import Observations
from simulator.world.policies.evaluation import Musts
from simulator.world.policy import Band
from simulator.world.probe import Measure, Suite
from simulator.world.strict import Engagement


@dataclass(frozen=True, slots=True)
class JudgedSubject:
    """What is judged: one subject, and the base beside it."""

    seen: Observations
    answers: tuple[LabelledLine, ...]
    own: tuple[tuple[LabelledLine, ...], ...]
    """The lead's lines in each session that the subject wrote."""
    lead: str
    bands: Mapping[Engagement, Band]
    suite: Suite
    musts: Musts
    seed: int
    base: JudgedSubject | None = None

    def of(self, measure: Measure) -> list[LabelledLine]:
        """The answers to the probes of one must-have, in the order in which they were asked."""
        return [line for line in self.answers if line.measure == measure]

    @property
    def silent(self) -> str:
        """Why something about P(speaks) is not measured."""
        return self.seen.note or "nothing was observed"


def label_subject(
    seen: Observations,
    language: Language,
    material: Material,
    bands: Mapping[Engagement, Band],
    base: JudgedSubject | None = None,
) -> JudgedSubject:
    """What was seen of a subject that was asked `material`, each of its lines with what it shows."""
    suite, lead = material.suite, material.lead
    own = tuple(map(tuple, labels.label_own_lines(seen, language, lead)))
    answers = tuple(labels.label_answers(seen, language, suite))
    return JudgedSubject(seen, answers, own, lead, bands, suite, material.policy.must, material.seed, base)
