"""Is this data set right, and what sets two of them apart? Each question has the answer yes, no, or nothing yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulator.corpus import stats
from simulator.corpus.phrase_budget import ENOUGH
from simulator.corpus.realism import FEW_WINDOWS
from simulator.journal.model_choice import DEFAULT
from simulator.plan.quota import Standing
from simulator.report.gather import Figures
from simulator.report.words import dollars, number, percent, statistic

WHO = ("lead", "people")
NAMED_DIFFERENCE = 0.02
"""Difference of two shares from which a rule's part in the rejections is named."""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One question to a run, and its answer."""

    section: str
    """Id of the part of the page that has the details."""
    name: str
    met: bool | None
    """None: nothing to measure yet."""
    figure: str
    """The figure in a few words."""
    fault: str
    """What is wrong if it is not met, for the verdict."""


def checks(figures: Figures) -> tuple[HealthCheck, ...]:
    """In the order of the page."""
    kept = figures.tally.kept
    quotas = Counter(row.standing for values in figures.marginals.values() for row in values.values())
    in_band = sum(row.in_band for row in figures.lead.values())
    lead = stats.in_band(in_band, kept)
    realism, repeats = figures.realism, figures.diversity.near_duplicates.sessions.count
    measured = realism.inside + realism.outside
    habits = overused_phrases(figures)
    return (
        HealthCheck(
            "quotas",
            "quotas",
            _all_met(quotas) if kept else None,
            _quotas(quotas),
            f"{_counted(quotas[Standing.MISSED], 'quota')} missed",
        ),
        HealthCheck(
            "lead",
            "lead's share",
            None if lead is Standing.FEW else lead is Standing.MET,
            f"{in_band:,} of {kept:,} in band" + (f", {lead}" if lead is Standing.FEW else ""),
            f"{_counted(kept - in_band, 'session')} out of band",
        ),
        HealthCheck(
            "realism",
            "turn-taking",
            realism.outside <= realism.allowed if realism.windows[15] >= FEW_WINDOWS else None,
            f"{realism.inside} of {measured} as on IRC",
            f"{_counted(realism.outside, 'statistic')} of turn-taking unlike IRC, {realism.allowed} allowed",
        ),
        HealthCheck(
            "diversity",
            "duplicates",
            repeats == 0 if kept > 1 else None,
            f"{repeats:,} of {kept:,} sessions" + ("" if kept > 1 else f", {Standing.FEW}"),
            f"{_counted(repeats, 'near-duplicate session')}",
        ),
        HealthCheck(
            "diversity",
            "wording",
            not habits if any(_enough(figures, who) for who in WHO) else None,
            f"{_counted(len(habits), 'phrase')} overused",
            f"{_counted(len(habits), 'phrase')} overused",
        ),
    )


def verdict(figures: Figures) -> tuple[bool | None, str]:
    """One line, and whether it is good news; None: too early to tell."""
    answers = checks(figures)
    faults = [check.fault for check in answers if check.met is False]
    if DEFAULT in (figures.card.models.people, figures.card.models.lead):
        faults.insert(0, "a very small model wrote it, and it was kept for want of a better one")
    finished = figures.done >= 1
    if not figures.tally.kept:
        played = figures.tally.rejected
        return (False, f"No session was kept of {played} that were judged.") if played else (None, "Nothing yet.")
    if faults:
        return False, f"Not right{'' if finished else ' so far'}: {'; '.join(faults)}."
    unknown = [check.name for check in answers if check.met is None]
    but = f", but too little to measure {' and '.join(unknown)}" if unknown else ""
    if figures.marked_bad:
        but += f"; people marked {_counted(figures.marked_bad, 'session')} bad, which no export takes"
    but += _not_looked_at(figures)
    if not finished:
        return None, f"Right so far, {percent(figures.done, 0)} of the goal{but}."
    if unknown or not (figures.card.models.judge or figures.marked):
        return None, f"No rule was broken{but}."
    return True, f"Right: every check is met{but}."


def _not_looked_at(figures: Figures) -> str:
    """What nobody can vouch for, since the checks count and read nothing; empty if judge, guard and person did."""
    models = figures.card.models
    missing = [
        what
        for what, there in (
            ("no judge read the sessions", models.judge),
            ("no guard read the lead's lines", models.guard),
            ("no person marked a session", figures.marked),
        )
        if not there
    ]
    return f"; {', '.join(missing)}" if missing else ""


def _all_met(quotas: Counter[Standing]) -> bool | None:
    """None: no quota is missed, and not all of them can be called met."""
    if quotas[Standing.MISSED]:
        return False
    return True if quotas[Standing.MET] == quotas.total() else None


def _quotas(quotas: Counter[Standing]) -> str:
    """How many quotas are met of all, and what is to be said of the others: `15 of 20 met, 5 too few to say`."""
    others = (Standing.ON_COURSE, Standing.MISSED, Standing.FEW)
    parts = [f"{quotas[kind]} {kind}" for kind in others if quotas[kind]]
    return ", ".join([f"{quotas[Standing.MET]} of {quotas.total()} met", *parts])


def overused_phrases(figures: Figures) -> list[tuple[str, str]]:
    """(Who, words) of everything that is said more often than the world's habits allow; of few messages nothing."""
    found = []
    for who in filter(lambda who: _enough(figures, who), WHO):
        for openings in figures.diversity.openings[who].values():
            found += [(who, row.opening) for row in openings if row.over]
        found += [(who, row.phrase) for row in figures.diversity.phrases[who] if row.over]
    return found


def _enough(figures: Figures, who: str) -> bool:
    """True if so much was said that a phrase can be called overused."""
    by_lead = sum(row.lead_messages for row in figures.lead.values())
    return (by_lead if who == "lead" else figures.diversity.messages - by_lead) >= ENOUGH


def _counted(number: int, what: str) -> str:
    plural = what.replace(" of ", "s of ", 1) if " of " in what else what + "s"
    return f"{number:,} {what if number == 1 else plural}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One row of the table of two runs."""

    what: str
    values: tuple[str, str]
    same: bool


def differences(one: Figures, other: Figures) -> list[Difference]:
    """What the runs are made of and how they came out, in one table; then every statistic and rule that sets them
    apart."""
    rows = [_compared(what, describe(one), describe(other)) for what, describe in _ROWS]
    rows += [
        _compared(check.name, check.figure, second.figure)
        for check, second in zip(checks(one), checks(other), strict=True)
    ]
    return [*rows, *_statistics(one, other), *_rules(one, other)]


def _compared(what: str, value: str, second: str) -> Difference:
    return Difference(what, (value, second), value == second)


def accepted(figures: Figures) -> float | None:
    """Share of the judged sessions that passed."""
    settled = sum(block.settled for block in figures.acceptance)
    return sum(block.accepted for block in figures.acceptance) / settled if settled else None


_ROWS: tuple[tuple[str, Callable[[Figures], str]], ...] = (
    ("people's model", lambda f: f.card.models.people),
    ("lead's model", lambda f: f.card.models.lead),
    ("judge", lambda f: f.card.models.judge or "none"),
    ("seed", lambda f: str(f.card.seed)),
    ("world", lambda f: f.card.world),
    ("version", lambda f: f.card.version),
    ("goal", lambda f: f.goal),
    ("kept", lambda f: number(f.tally.kept)),
    ("rejected", lambda f: number(f.tally.rejected)),
    ("accepted", lambda f: percent(accepted(f))),
    ("megabytes", lambda f: number(f.tally.bytes / 1e6)),
    ("words a message, lead", lambda f: number(f.lengths["lead"]["words"].mean)),
    ("words a message, people", lambda f: number(f.lengths["people"]["words"].mean)),
    ("prompt tokens from the cache", lambda f: percent(f.cost["total"].cached_share)),
    ("cost", lambda f: dollars(f.cost["total"])),
)


def _statistics(one: Figures, other: Figures) -> Iterator[Difference]:
    for row, second in zip(one.realism.turn_taking, other.realism.turn_taking, strict=True):
        if row.inside is not second.inside:
            values = [f"{number(r.value)} {_verdict(r.inside)}" for r in (row, second)]
            window = row.statistic.partition(".")[0].replace("w", "in ").replace("all", "over all")
            yield Difference(f"{statistic(row.statistic)} ({window})", (values[0], values[1]), False)


def _verdict(inside: bool | None) -> str:
    return {True: "inside", False: "outside", None: "not measured"}[inside]


def _rules(one: Figures, other: Figures) -> Iterator[Difference]:
    parts = [{rule.name: rule.rejected / _settled(figures) for rule in figures.rules} for figures in (one, other)]
    for name in sorted({*parts[0], *parts[1]}):
        shares = [part.get(name, 0.0) for part in parts]
        if abs(shares[0] - shares[1]) >= NAMED_DIFFERENCE:
            yield Difference(f"rejected by {name}", (percent(shares[0]), percent(shares[1])), False)


def _settled(figures: Figures) -> int:
    return max(1, sum(block.settled for block in figures.acceptance))
