"""What got worse from one evaluation to another, example by example."""

from __future__ import annotations

from statistics import fmean

from simulator.errors import UsageError
from simulator.evaluate.scorecard import Result, Scorecard
from simulator.evaluate.subject import Expected
from simulator.world.strict import StrictModel

MOVED = 0.2
"""A change of P(the lead speaks next) by so much is worth a line."""


class Worse(StrictModel):
    """One thing that was right before and is not now."""

    must: str
    """The must-have that it belongs to."""
    where: str
    """Check, or probe with level and channel."""
    before: str
    after: str
    """Figures, or the lead's lines."""
    why: str = ""


def found(old: Scorecard, new: Scorecard) -> list[Worse]:
    """What the decisive subject of `new` does worse than that of `old`.

    Checks first, then the lead's lines on the same probes, then turns.

    Raises UsageError for two that cannot be compared.
    """
    if (old.suite, old.probes, old.seed) != (new.suite, new.probes, new.seed):
        raise UsageError(
            "other probes, another suite or another seed", place="--regressions", remedy="evaluate both in the same way"
        )
    before, after = old.decides()[-1], new.decides()[-1]
    return [*_checks(before, after), *_lines(before, after), *_turns(before, after)]


def _checks(before: Result, after: Result) -> list[Worse]:
    worse = []
    for old, new in zip(before.musts, after.musts, strict=True):
        had = {check.name: check for check in old.checks}
        for check in new.checks:
            earlier = had.get(check.name)
            if earlier is not None and earlier.met and check.met is False:
                worse.append(
                    Worse(
                        must=new.measure,
                        where=check.name,
                        before=earlier.figure,
                        after=check.figure,
                        why=f"wanted: {check.wanted}",
                    )
                )
    return worse


def _lines(before: Result, after: Result) -> list[Worse]:
    had = {(line.measure, line.probe, line.sample, line.told): line for line in before.examples if line.measure}
    worse = []
    for line in after.examples:
        earlier = had.get((line.measure, line.probe, line.sample, line.told)) if line.measure else None
        new = sorted(set(line.faults) - set(earlier.faults)) if earlier else []
        if new and earlier:
            where = f"{line.probe} ({line.engagement}, {line.channel})"
            evidence = "; ".join(f"{name}: {line.shown[name]}" if name in line.shown else name for name in new)
            worse.append(
                Worse(must=line.measure or "", where=where, before=earlier.text, after=line.text, why=evidence)
            )
    return worse


def _turns(before: Result, after: Result) -> list[Worse]:
    """Probes at which the lead is less likely to answer when spoken to, or likelier to break in."""
    had = {_key(each): fmean(each.p) for each in before.expected if each.source == "probe" and each.own and each.p}
    worse = []
    for each in after.expected:
        if each.source != "probe" or not each.own or not each.p or _key(each) not in had:
            continue
        earlier, p = had[_key(each)], fmean(each.p)
        if (earlier - p if each.expect == "speaks" else p - earlier) >= MOVED:
            worse.append(
                Worse(
                    must="participation",
                    where=f"{each.name} ({each.engagement})",
                    before=f"P(speaks) {earlier:.2f}",
                    after=f"P(speaks) {p:.2f}",
                    why=f"wanted: {each.expect}",
                )
            )
    return worse


def _key(each: Expected) -> tuple[str, int, str]:
    return each.name, each.sample, each.engagement
