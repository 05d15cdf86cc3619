"""One subject as it is judged: what was seen of it, what its lines show, and the base beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.evaluate import marks
from simulator.evaluate.language import Language
from simulator.evaluate.marks import Marked
from simulator.evaluate.observed import Seen
from simulator.world.card import Engagement
from simulator.world.policies.evaluation import Musts
from simulator.world.policy import Band
from simulator.world.probe import Measure, Suite


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged: one subject, and the base beside it."""

    seen: Seen
    answers: tuple[Marked, ...]
    own: tuple[tuple[Marked, ...], ...]
    """Her lines in each session that the subject wrote."""
    lead: str
    bands: Mapping[Engagement, Band]
    suite: Suite
    musts: Musts
    seed: int
    base: Case | None = None

    def of(self, measure: Measure) -> list[Marked]:
        return [line for line in self.answers if line.measure == measure]

    @property
    def silent(self) -> str:
        """Why something about P(speaks) is not measured."""
        return self.seen.note or "nothing was observed"


def make(
    seen: Seen,
    language: Language,
    suite: Suite,
    *,
    lead: str,
    bands: Mapping[Engagement, Band],
    musts: Musts,
    seed: int,
    base: Case | None = None,
) -> Case:
    own = tuple(map(tuple, marks.own_lines(seen, language, lead)))
    answers = tuple(marks.answers(seen, language, suite))
    return Case(seen, answers, own, lead, bands, suite, musts, seed, base)
