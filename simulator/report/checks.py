"""Is this data set right? The questions that the first screen answers, each with yes, no, or nothing to tell yet."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.corpus.realism import FEW_WINDOWS
from simulator.corpus.speech import ENOUGH
from simulator.report.gather import Figures, Plain
from simulator.report.words import percent

WHO = ("lead", "people")
WITHIN = 1 + 1e-6
"""Sessions by which a share may miss its target: the plan is never further off."""


@dataclass(frozen=True, slots=True)
class Check:
    section: str
    """Id of the part of the page that has the details."""
    name: str
    met: bool | None
    """None: nothing to measure yet."""
    told: str
    """The figure in a few words."""
    fault: str
    """What is wrong if it is not met, for the verdict."""


def checks(figures: Figures) -> tuple[Check, ...]:
    """In the order of the page."""
    kept = figures.tally.kept
    quotas = [row for values in figures.marginals.values() for row in values.values()]
    met = sum(off(row, kept) <= WITHIN for row in quotas)
    in_band = sum(row["in_band"] for row in figures.lead.values())
    realism, twins = figures.realism, figures.diversity["near_duplicates"]["sessions"]["count"]
    measured = realism["inside"] + realism["outside"]
    habits = worn(figures)
    return (
        Check(
            "quotas",
            "quotas",
            met == len(quotas) if kept else None,
            f"{met} of {len(quotas)} met",
            f"{_counted(len(quotas) - met, 'quota')} missed",
        ),
        Check(
            "lead",
            "lead's share",
            in_band == kept if kept else None,
            f"{in_band:,} of {kept:,} in band",
            f"{_counted(kept - in_band, 'session')} out of band",
        ),
        Check(
            "realism",
            "turn-taking",
            realism["outside"] <= realism["allowed"] if realism["windows"]["15"] >= FEW_WINDOWS else None,
            f"{realism['inside']} of {measured} as on IRC",
            f"{_counted(realism['outside'], 'statistic')} of turn-taking unlike IRC, {realism['allowed']} allowed",
        ),
        Check(
            "diversity",
            "duplicates",
            twins == 0 if kept else None,
            f"{twins:,} of {kept:,} sessions",
            f"{_counted(twins, 'near-duplicate session')}",
        ),
        Check(
            "diversity",
            "wording",
            not habits if any(_enough(figures, who) for who in WHO) else None,
            f"{_counted(len(habits), 'phrase')} worn out",
            f"{_counted(len(habits), 'phrase')} worn out",
        ),
    )


def verdict(figures: Figures) -> tuple[bool | None, str]:
    """One line, and whether it is good news; None: too early to tell."""
    answers = checks(figures)
    faults = [check.fault for check in answers if check.met is False]
    finished = figures.done >= 1
    if not figures.tally.kept:
        played = figures.tally.rejected
        return (False, f"No session was kept of {played} that were judged.") if played else (None, "Nothing yet.")
    if faults:
        return False, f"Not right{'' if finished else ' so far'}: {'; '.join(faults)}."
    unknown = [check.name for check in answers if check.met is None]
    but = f", but too little to measure {' and '.join(unknown)}" if unknown else ""
    if not finished:
        return None, f"Right so far, {percent(figures.done, 0)} of the goal{but}."
    return (None, f"No fault found{but}.") if unknown else (True, "Right: every check is met.")


def off(row: Plain, kept: int) -> float:
    """Sessions by which a value of a quota misses its target."""
    return abs(row["count"] - row["target"] * kept)


def worn(figures: Figures) -> list[tuple[str, str]]:
    """(Who, words) of everything that is said more often than the world's habits allow; of few messages nothing."""
    found = []
    for who in filter(lambda who: _enough(figures, who), WHO):
        for rows in figures.diversity["openings"][who].values():
            found += [(who, row["opening"]) for row in rows if row["over"]]
        found += [(who, row["phrase"]) for row in figures.diversity["phrases"][who] if row["over"]]
    return found


def _enough(figures: Figures, who: str) -> bool:
    """True if so much was said that a phrase can be called worn out."""
    by_lead = sum(row["lead_messages"] for row in figures.lead.values())
    return (by_lead if who == "lead" else figures.diversity["messages"] - by_lead) >= ENOUGH


def _counted(number: int, what: str) -> str:
    plural = what.replace(" of ", "s of ", 1) if " of " in what else what + "s"
    return f"{number:,} {what if number == 1 else plural}"
