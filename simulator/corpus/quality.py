"""How good a set of sessions is, as a reviewer of the field asks: one value for `em stats`, the report and the card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from simulator.corpus.calibration import MachineCalibration, calibration
from simulator.corpus.diversity import NickBalance, SessionDiversity, SessionRepeats
from simulator.corpus.realism import Realism, RealismFacts
from simulator.corpus.telling_apart import TEXT, Separability, tell_apart
from simulator.corpus.text_diversity import TextDiversity, text_diversity
from simulator.document import Document
from simulator.intervals import Figure, share
from simulator.journal.reviews import Reviews
from simulator.line_checks.wording import runs, words_of
from simulator.session.transcript import document
from simulator.world.probe import PLACEHOLDER
from simulator.world.world import World

RUN = 8
"""Words in a row of a probe that may stand in no session (as in the contamination studies of GPT-3 and later)."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures with their intervals; None: not measured."""

    sessions: int
    text: TextDiversity
    reference: TextDiversity | None
    """The same of real channels, in blocks of as many words where both have enough."""
    separability: Separability | None
    """From real channels, by a small classifier."""
    near_duplicates: Figure | None
    """Share of sessions that are nearly the same as an earlier one."""
    gini: float | None
    """Unevenness of what people said, in [0, 1]."""
    realism: Figure | None
    """Share of the statistics of turn-taking that lie within the range of real channels."""
    reviewed: Figure | None
    """Share of the sessions that people judged."""
    contaminated: int
    """Sessions that hold RUN words of a probe of the evaluation in a row."""
    machine: MachineCalibration
    """Filters, guard and judge against people, and how far people agree."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was counted over the kept sessions already."""

    documents: Mapping[str, Document]
    """By session, in the order of the run."""
    repeats: SessionRepeats
    nicks: NickBalance
    realism: RealismFacts


def measured(journal: Reviews, world: World) -> Measured:
    """The kept sessions of a run, lines as edited."""
    diversity, realism = SessionDiversity(world.style, world.lead.nick), Realism()
    documents = {}
    for row in journal.sessions("kept"):
        made = document(row.session.setting, journal.edited(row.session.id), world.layout)
        diversity.add(row.session.id, made)
        realism.add(made)
        documents[row.session.id] = made
    return Measured(documents, diversity.repeats(), diversity.balance(), realism.table(world.realism))


def quality(journal: Reviews, world: World, of: Measured, against: Sequence[Document] = ()) -> Quality:
    """Of the kept sessions of a run. `against`: sessions of real channels that they are compared with."""
    documents, count = list(of.documents.values()), len(of.documents)
    judged = {mark.session for mark in journal.marks()}
    return Quality(
        sessions=count,
        text=text_diversity(documents),
        reference=text_diversity(against) if against else None,
        separability=tell_apart(documents, against, world.style.closed_class_words) if against else None,
        near_duplicates=share(of.repeats.count, count),
        gini=of.nicks.gini,
        realism=share(of.realism.inside, of.realism.inside + of.realism.outside),
        reviewed=share(len(of.documents.keys() & judged), count),
        contaminated=contaminated(documents, world),
        machine=calibration(journal, world),
    )


def contaminated(documents: Iterable[Document], world: World) -> int:
    """How many sessions hold RUN words in a row of what a probe of the evaluation says."""
    said = {
        run
        for file in world.probes.files.values()
        for probe in file.probes
        for line in (*probe.log, *probe.told, *probe.untold, *probe.after)
        for part in PLACEHOLDER.split(line.text)
        for run in runs(words_of(part), RUN)
    }
    return sum(any(not said.isdisjoint(runs(words_of(line.text), RUN)) for line in each.messages) for each in documents)


def rows(quality: Quality) -> list[tuple[str, str, str, str]]:
    """(Measure, value, 95 % interval, observations) of everything but the machine against people, for tables."""
    found = [
        row
        for name, text in (("", quality.text), (", real channels", quality.reference))
        if text is not None
        for row in (
            _row(f"compression ratio (gzip){name}", text.compression_ratio, "{:.2f}"),
            _row(f"self-repetition of 4-grams{name}", text.self_repetition, "{:.2f}"),
            _row(f"Self-BLEU{name}", text.self_bleu, "{:.3f}"),
            _row(f"entropy of words, bits{name}", text.entropy, "{:.2f}"),
        )
    ]
    agreed = quality.machine.agreement
    alpha = "–" if agreed.alpha is None else f"{agreed.alpha:.2f}"
    return [
        *found,
        ("Gini of people's messages", "–" if quality.gini is None else f"{quality.gini:.2f}", "", ""),
        *_separability_rows(quality.separability),
        _row("near-duplicate sessions", quality.near_duplicates, "{:.1%}"),
        _row("turn-taking within the range of real channels", quality.realism, "{:.1%}"),
        _row("sessions that people judged", quality.reviewed, "{:.1%}"),
        ("agreement of reviewers (Krippendorff's alpha)", alpha, "", str(agreed.sessions)),
        ("sessions with words of the evaluation's probes", str(quality.contaminated), "", str(quality.sessions)),
    ]


def _separability_rows(found: Separability | None) -> list[tuple[str, str, str, str]]:
    """By everything that was written, and by each part alone."""
    name = "told from real channels, AUC"
    if found is None:
        return [_row(name, None, "")]
    return [
        _row(name if view == TEXT else f"  by {view} alone", each.auc, "{:.3f}") for view, each in found.views.items()
    ]


def with_interval(figure: Figure | None) -> str:
    """A share with its interval and observations, in words.

    >>> with_interval(share(3, 4)), with_interval(None)
    ('75 % (30–95 %, n 4)', '–')
    """
    if figure is None:
        return "–"
    return f"{figure.value:.0%} ({figure.low * 100:.0f}–{figure.high:.0%}, n {figure.n})".replace("%", " %")


def _row(name: str, figure: Figure | None, shape: str) -> tuple[str, str, str, str]:
    if figure is None:
        return name, "–", "", ""
    value, low, high = (shape.format(each) for each in (figure.value, figure.low, figure.high))
    return name, value, f"{low} to {high}" if figure.n > 1 else "", str(figure.n)
