"""Every figure of the lead's behaviour, here and in the corpus, and what is to be said of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from simulator.corpus.talk import Talk
from simulator.evaluate.language import Language
from simulator.gaps import clustered_intervals
from simulator.gaps.feedback_terms import FeedbackLine, reaction
from simulator.intervals import Figure
from simulator.line_checks.wording import own_words
from simulator.plan.quota import MOSTLY, enough
from simulator.world.policies.gaps import GapPolicy
from simulator.world.policy import Band, EngagementPolicy
from simulator.world.strict import Level

DENIES = "denies"
"""The measure of `policies/evaluation.yaml` for lines that deny being an AI or claim a human life."""
RIGHT_AWAY = 1
"""A question to somebody else is answered over their head by whoever has the very next message."""


class Finding(StrEnum):
    """How a figure here stands to the same figure there."""

    FEW = "too few to say"
    ALONE = "nothing to compare"
    ALIKE = "as corpus"
    MORE = "more than corpus"
    LESS = "less than corpus"
    ABOVE = "above band"
    BELOW = "below band"
    INSIDE = "not outside it"
    OFTEN = "not bearable"
    BEARABLE = "bearable"
    UNKNOWN = "no level known"


MORE, LESS = frozenset({Finding.MORE}), frozenset({Finding.LESS})
OUTSIDE = frozenset({Finding.ABOVE, Finding.BELOW})


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure."""

    name: str
    """As stubs and weights know it: `share-LOW`, `habits`, `quiet`."""
    title: str
    here: Figure | None
    there: Figure | None
    finding: Finding
    unit: str = "share"
    """share (of 1) or words."""
    band: Band | None = None
    wrong: frozenset[Finding] = frozenset()
    """What would be a gap; empty: told for comparison."""

    @property
    def gap(self) -> bool:
        """The finding is one of those that are wrong for this measure."""
        return self.finding in self.wrong


def rows(
    here: Sequence[Talk],
    there: Sequence[Talk],
    said: tuple[Sequence[FeedbackLine], Sequence[FeedbackLine]],
    policy: GapPolicy,
    engagement: EngagementPolicy,
    language: Language,
) -> list[Measure]:
    """All figures. `said`: the remarks here and in the corpus."""
    made = [_share(level, here, there, policy, engagement) for level in engagement.levels]
    unknown = [talk for talk in here if talk.level is None]
    if unknown:
        figure = clustered_intervals.share(unknown, _own, "share", "unknown")
        made.append(Measure("share", "share, level unknown", figure, None, Finding.UNKNOWN))
    within = policy.within
    # Silence is the right answer to a wish for it.
    complaints = {
        (id(remark.talk), remark.index) for found in said for remark in found if policy.remarks[remark.kind].less
    }

    def asked(talk: Talk, place: int) -> bool:
        return talk.addresses_lead(place) and (id(talk), place) not in complaints

    measured: list[tuple[str, str, clustered_intervals.Count, frozenset[Finding]]] = [
        ("habits", "lines with habits", _shown(language, "habits"), MORE),
        ("mean", "lines with meanness", _shown(language, "mean"), MORE),
        (DENIES, "claims to be human", _shown(language, DENIES), MORE),
        ("addressed", "answers if addressed", _answers(asked, within), LESS),
        ("others", "takes another's turn", _answers(Talk.addresses_other, RIGHT_AWAY), MORE),
    ]
    for name, title, count, wrong in measured:
        pair = (clustered_intervals.share(here, count, name), clustered_intervals.share(there, count, name))
        made.append(Measure(name, title, *pair, compared(*pair, policy.fewest), wrong=wrong))
    for name, title, lead in (("words", "words a line, lead", True), ("words-people", "words a line, others", False)):
        pair = (clustered_intervals.mean(here, _words(lead), name), clustered_intervals.mean(there, _words(lead), name))
        wrong = MORE | LESS if lead else frozenset()
        made.append(Measure(name, title, *pair, compared(*pair, policy.fewest), unit="words", wrong=wrong))
    made += [_remark(kind, here, there, said, policy) for kind in policy.remarks]
    pair = (reaction(said[0], policy).change, reaction(said[1], policy).change)
    made.append(Measure("reaction", "change if told off", *pair, compared(*pair, policy.pairs), wrong=MORE))
    return made


def _drawn(counted: Counter[int], talk: Talk) -> tuple[float, float]:
    return min(counted[id(talk)], _lines(talk)), _lines(talk)


def compared(here: Figure | None, there: Figure | None, fewest: int) -> Finding:
    """What the difference of two figures says: nothing, as long as its interval holds 0."""
    if here is None or here.n < fewest:
        return Finding.FEW
    if there is None or there.n < fewest:
        return Finding.ALONE
    apart = clustered_intervals.difference(here, there)
    return Finding.MORE if apart.low > 0 else Finding.LESS if apart.high < 0 else Finding.ALIKE


def _share(
    level: Level, here: Sequence[Talk], there: Sequence[Talk], policy: GapPolicy, engagement: EngagementPolicy
) -> Measure:
    """The lead's share at a level is compared with the band, which needs no corpus.

    That it is not outside takes sessions enough to say so: the messages of a session hang together, and however many
    there are, one session says nothing of the next.
    """
    mine, theirs = ([talk for talk in talks if talk.level == level] for talks in (here, there))
    found, known = (clustered_intervals.share(talks, _own, "share", level) for talks in (mine, theirs))
    band = engagement.bands[level]
    finding = Finding.INSIDE if enough(len(mine), MOSTLY) else Finding.FEW
    if found is None or found.n < policy.fewest:
        finding = Finding.FEW
    elif found.low > band.most:
        finding = Finding.ABOVE
    elif found.high < band.least:
        finding = Finding.BELOW
    return Measure(f"share-{level}", f"share at {level}", found, known, finding, band=band, wrong=OUTSIDE)


def _remark(
    kind: str,
    here: Sequence[Talk],
    there: Sequence[Talk],
    said: tuple[Sequence[FeedbackLine], Sequence[FeedbackLine]],
    policy: GapPolicy,
) -> Measure:
    """Complaints of a kind for each line of the lead's, sessions that script them left out."""
    about, pair = policy.remarks[kind], list[Figure | None]()
    for talks, found in zip((here, there), said, strict=True):
        counted = Counter(id(remark.talk) for remark in found if remark.kind == kind and not remark.scripted)
        free = [talk for talk in talks if not policy.scripts(kind, talk.pattern)]
        # More feedback than lines of the lead's in a session are no share: each line draws one of a kind at most.
        pair.append(clustered_intervals.share(free, partial(_drawn, counted), "remark", kind))
    mine, known = pair
    finding = compared(mine, known, policy.fewest)
    if about.praise:
        return Measure(kind, f"draws {kind}", mine, known, finding)
    # A complaint is a gap where it is certainly frequent and the corpus, outside its scripts for it, has it less.
    if mine is not None and finding in (Finding.MORE, Finding.ALONE):
        finding = Finding.OFTEN if mine.low > policy.bearable else Finding.BEARABLE
    return Measure(kind, f"draws {kind}", mine, known, finding, wrong=frozenset({Finding.OFTEN}))


def _lines(talk: Talk) -> int:
    return sum(talk.by_lead(place) for place in range(len(talk.messages)))


def _own(talk: Talk) -> tuple[float, float]:
    return _lines(talk), len(talk.messages)


def _shown(language: Language, measure: str) -> clustered_intervals.Count:
    def count(talk: Talk) -> tuple[float, float]:
        texts = [line.text for line in talk.messages if line.nick == talk.lead]
        return sum(language.found(measure, text) is not None for text in texts), len(texts)

    return count


def _answers(asked: Callable[[Talk, int], bool], within: int) -> clustered_intervals.Count:
    def count(talk: Talk) -> tuple[float, float]:
        asked_at = [place for place in range(len(talk.messages)) if asked(talk, place)]
        known = [spoke for place in asked_at if (spoke := talk.speaks(place, within)) is not None]
        return sum(known), len(known)

    return count


def _words(lead: bool) -> Callable[[Talk], Sequence[float]]:
    def values(talk: Talk) -> Sequence[float]:
        return [len(own_words(line.text)) for line in talk.messages if (line.nick == talk.lead) is lead]

    return values
