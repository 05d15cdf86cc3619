"""The second must-have: how much the lead takes part, and whether the lead knows whose turn it is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

from simulator import intervals
from simulator.document import parse_document
from simulator.evaluate.figure_checks import FigureCheck, above_zero, at_least, at_most, within
from simulator.evaluate.judged_subject import JudgedSubject
from simulator.evaluate.observations import Expected
from simulator.world.policy import Band
from simulator.world.strict import Engagement

LEVELS = tuple(Engagement)


def checks(case: JudgedSubject) -> list[FigureCheck]:
    """The checks of `participation`: shares in [0, 1] at each level, their order, and who is expected next."""
    limits, seed = case.musts.participation, case.seed
    made, shares = [], []
    for level in LEVELS:
        units = []
        for session, own in zip(case.seen.written, case.own, strict=True):
            if session.engagement is level:
                units.append((float(len(own)), float(len(parse_document(session.text).messages) - session.opening)))
        figure = intervals.ratio(units, seed, "share", level)
        band = case.bands[level]
        made.append(within(f"share of the messages at {level.value}", figure, band.least, band.most))
        shares.append(figure)
    rising = [figure for figure in shares if figure]
    apart = intervals.apart(rising) if len(rising) == len(LEVELS) else None
    gap = min(after.low - before.high for before, after in pairwise(rising)) if apart is not None else None
    made.append(
        FigureCheck(
            name="shares rise with the level",
            wanted="intervals that do not touch",
            value=gap,
            n=sum(figure.n for figure in rising),
            met=apart,
            unit="number",
            least=0.0,
            note="the smallest gap between two intervals" if apart is not None else "nothing was observed",
        )
    )
    if not case.seen.reference:
        made += _who_is_next(case, limits.balanced_accuracy, limits.addressed, limits.others)
    return made


def _who_is_next(case: JudgedSubject, accuracy: float, addressed: float, others: float) -> list[FigureCheck]:
    """What needs P(the lead speaks next)."""
    seed, rows = case.seed, case.seen.expected or ()
    held = [row for row in rows if row.source == "held-out"]
    made = []
    for level in LEVELS if held else ():
        units = [(sum(row.p), float(len(row.p))) for row in held if row.own and row.engagement is level]
        band = case.bands[level]
        figure = intervals.ratio(units, seed, "calibration", level)
        made.append(within(f"P(speaks) on held-out text at {level.value}", figure, band.least, band.most))
    texts = swapped([row for row in rows if row.source != "feedback"])
    for low, high in pairwise(LEVELS):
        pairs = [(found[low], found[high]) for found in texts]
        name = f"same text, {low.value} to {high.value}: P(speaks) rises by"
        made.append(above_zero(name, intervals.difference(pairs, seed, "swap", low), case.silent if not rows else ""))
    if held or not rows:
        spoken = [(row.p, row.spoke, case.bands[row.engagement]) for row in held if row.own]
        figure = intervals.resampled(spoken, _balanced, seed, "balanced accuracy")
        made.append(
            at_least("speak or stay silent, balanced accuracy", figure, accuracy, case.silent if not rows else "")
        )
    for wanted, name in (
        ("speaks", "P(speaks) when spoken to by name"),
        ("silent", "P(speaks) when it is somebody else's"),
    ):
        values = [row.p[0] for row in rows if row.source == "probe" and row.own and row.expect == wanted]
        figure = intervals.mean(values, seed, wanted)
        note = case.silent if not rows else ""
        made.append(
            at_least(name, figure, addressed, note) if wanted == "speaks" else at_most(name, figure, others, note)
        )
    return made


def swapped(rows: Sequence[Expected]) -> list[dict[Engagement, float]]:
    """For each text, the mean P under each header."""
    found: dict[tuple[str, str, int], dict[Engagement, float]] = {}
    for row in rows:
        if row.p:
            found.setdefault((row.source, row.name, row.sample), {})[row.engagement] = fmean(row.p)
    return [each for each in found.values() if len(each) == len(LEVELS)]


def _balanced(documents: Sequence[tuple[Sequence[float], Sequence[bool], Band]]) -> float | None:
    """Mean of the shares of the lead's turns and of the others' that are told right; P is cut in the band's middle."""
    right = {True: [0, 0], False: [0, 0]}
    for ps, spoke, band in documents:
        for p, did in zip(ps, spoke, strict=True):
            right[did][0] += (p > (band.least + band.most) / 2) is did
            right[did][1] += 1
    if not right[True][1] or not right[False][1]:
        return None
    return sum(told / of for told, of in right.values()) / 2
