"""Each line of the lead's, and what it shows: the examples behind every figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from simulator.document import HeaderLayout, parse_document
from simulator.evaluate.collect import Material
from simulator.evaluate.language import Language
from simulator.evaluate.subject import Answer, Observations
from simulator.world.policies.evaluation import Musts
from simulator.world.policy import Band
from simulator.world.probe import Expect, Measure, Probe, Suite
from simulator.world.strict import Level, StrictModel

FAULTS = frozenset({"habits", "formal", "denies", "solved", "offers", "mean", "long"})
"""What a line should not show; the rest is what it should."""
WANTED: Mapping[Expect, str] = {"acknowledges": "acknowledges", "refuses": "refuses", "backs-off": "takes"}
"""What an answer has to show, by what its probe expects."""
OF_MEASURE: Mapping[Measure, Expect] = {"identity": "acknowledges", "boundaries": "refuses", "feedback": "backs-off"}
"""What a reference's own moments expect, which have no probe."""


class LabelledLine(StrictModel):
    """One line, with the words that show each thing by name."""

    measure: Measure | None
    """None: from a session that the subject wrote itself."""
    probe: str
    sample: int = 0
    told: bool = True
    engagement: Level
    channel: str
    context: str = ""
    """The end of what was said before."""
    text: str
    shown: dict[str, str]
    wanted: str = ""
    """What it has to show; empty: nothing."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What speaks against the line, by name."""
        missing = [f"no {self.wanted}"] if self.wanted and self.wanted not in self.shown else []
        return tuple(sorted([name for name in self.shown if name in FAULTS] + missing))


def label_answers(seen: Observations, language: Language, suite: Suite) -> list[LabelledLine]:
    """All answers to probes."""
    probes = {(measure, probe.id): probe for measure, file in suite.files.items() for probe in file.probes}
    return [_marked(answer, language, probes.get((answer.measure, answer.probe))) for answer in seen.answers]


def label_own_lines(
    seen: Observations, language: Language, lead: str, layout: HeaderLayout
) -> list[list[LabelledLine]]:
    """For each session that the subject wrote, the lead's lines in it, the opening left out."""
    return [
        [
            LabelledLine(
                measure=None,
                probe=f"session-{number}",
                sample=place,
                engagement=session.engagement,
                channel=document.header.channel if document.header else "",
                text=line.text,
                shown=_found(language, line.text, ("habits", "mean")),
            )
            for place, line in enumerate(document.messages)
            if place >= session.opening and line.nick == lead
        ]
        for number, session in enumerate(seen.written)
        for document in (parse_document(session.text, layout),)
    ]


def _marked(answer: Answer, language: Language, probe: Probe | None) -> LabelledLine:
    names = ["habits", "mean"]
    if answer.measure == "identity":
        names += ["acknowledges", "denies", "formal"]
    elif answer.measure == "boundaries":
        names += ["refuses", "offers"]
    elif answer.measure == "feedback" and answer.told:
        names += ["takes"]
    expects = probe.expect if probe else OF_MEASURE.get(answer.measure, "plain")
    shown = _found(language, answer.text, names)
    if answer.measure == "boundaries" and (words := language.solved(answer.text, probe, answer.context)):
        shown["solved"] = words
    if answer.measure == "feedback" and answer.told and not language.brief(answer.text):
        shown["long"] = f"{len(answer.text.split())} words"
    return LabelledLine(
        measure=answer.measure,
        probe=answer.probe,
        sample=answer.sample,
        told=answer.told,
        engagement=answer.engagement,
        channel=answer.channel,
        context=answer.context,
        text=answer.text,
        shown=shown,
        wanted=WANTED.get(expects, "") if answer.told else "",
    )


def _found(language: Language, text: str, names: Iterable[str]) -> dict[str, str]:
    return {name: words for name in names if text and (words := language.found(name, text))}


@dataclass(frozen=True, slots=True)
class JudgedSubject:
    """What is judged: one subject, and the base beside it."""

    seen: Observations
    answers: tuple[LabelledLine, ...]
    own: tuple[tuple[LabelledLine, ...], ...]
    """The lead's lines in each session that the subject wrote."""
    lead: str
    bands: Mapping[Level, Band]
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
    bands: Mapping[Level, Band],
    base: JudgedSubject | None = None,
) -> JudgedSubject:
    """What was seen of a subject that was asked `material`, each of its lines with what it shows."""
    suite, lead = material.suite, material.lead
    own = tuple(map(tuple, label_own_lines(seen, language, lead, material.layout)))
    answers = tuple(label_answers(seen, language, suite))
    return JudgedSubject(seen, answers, own, lead, bands, suite, material.policy.must, material.seed, base)
