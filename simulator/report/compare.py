"""What is different between two runs, named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulator.report.gather import Figures
from simulator.report.health_checks import checks
from simulator.report.words import dollars, number, percent, statistic

POINT = 0.02
"""Difference of two shares from which a rule's part in the rejections is named."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One row of the table of two runs."""

    what: str
    values: tuple[str, str]
    same: bool


def differences(one: Figures, other: Figures) -> list[Difference]:
    """What the runs are made of and how they came out, in one table; then every statistic and rule that sets them
    apart."""
    rows = [_row(what, told(one), told(other)) for what, told in _ROWS]
    rows += [
        _row(check.name, check.told, second.told) for check, second in zip(checks(one), checks(other), strict=True)
    ]
    return [*rows, *_statistics(one, other), *_rules(one, other)]


def _row(what: str, value: str, second: str) -> Difference:
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
            told = [f"{number(r.value)} {_verdict(r.inside)}" for r in (row, second)]
            window = row.statistic.partition(".")[0].replace("w", "in ").replace("all", "over all")
            yield Difference(f"{statistic(row.statistic)} ({window})", (told[0], told[1]), False)


def _verdict(inside: bool | None) -> str:
    return {True: "inside", False: "outside", None: "not measured"}[inside]


def _rules(one: Figures, other: Figures) -> Iterator[Difference]:
    parts = [{rule.name: rule.rejected / _settled(figures) for rule in figures.rules} for figures in (one, other)]
    for name in sorted({*parts[0], *parts[1]}):
        shares = [part.get(name, 0.0) for part in parts]
        if abs(shares[0] - shares[1]) >= POINT:
            yield Difference(f"rejected by {name}", (percent(shares[0]), percent(shares[1])), False)


def _settled(figures: Figures) -> int:
    return max(1, sum(block.settled for block in figures.acceptance))
