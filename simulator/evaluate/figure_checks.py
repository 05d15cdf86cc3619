"""One line of the scorecard: a figure, what it has to be, and whether it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from simulator.evaluate.labels import LabelledLine
from simulator.intervals import Figure, mcnemar, share
from simulator.world.strict import StrictModel

EXCUSED = "the base does not do it at all"
"""Note of a comparison that cannot be made and is no shortcoming."""

Key = tuple[str, int, bool]
"""Probe, sample and half of an answer: the same for every subject of an evaluation."""


class FigureCheck(StrictModel):
    """A figure of one subject."""

    name: str
    wanted: str
    """In words, such as `at most 1.0 %`; empty: only reported."""
    value: float | None
    """None: it was not measured, for the reason in `note`."""
    low: float | None = None
    high: float | None = None
    n: int = 0
    """Observations; of what is resampled by sessions, documents or pairs, as many of these."""
    met: bool | None = None
    """None: not measured, or only reported."""
    unit: Literal["share", "number"] = "share"
    base: float | None = None
    """The same figure of the base, where both were asked the same."""
    p: float | None = None
    """Of McNemar's test that the base and this subject differ only by chance; None: not paired."""
    note: str = ""
    least: float | None = None
    """What the figure, or its interval, may not lie below; None: no such limit."""
    most: float | None = None
    """What it may not lie above."""

    @property
    def figure(self) -> str:
        """The value as people read it: of 100, or a plain number."""
        return "not measured" if self.value is None else f"{self.format_value(self.value)}{self.suffix}"

    @property
    def interval(self) -> str:
        """`3.2 to 9.1`, without the unit; empty where there is none."""
        if self.low is None or self.high is None:
            return ""
        return f"{self.format_value(self.low)} to {self.format_value(self.high)}"

    def format_value(self, value: float) -> str:
        """Any value of this check, without the unit."""
        return f"{100 * value:.1f}" if self.unit == "share" else f"{value:.3f}"

    @property
    def suffix(self) -> str:
        """What follows a value: ` %`, or nothing after a plain number."""
        return " %" if self.unit == "share" else ""


def at_most(name: str, figure: Figure | None, limit: float, note: str = "") -> FigureCheck:
    """Met if the figure itself is not above the limit."""
    return _check(name, f"at most {_percent(limit)}", figure, note, most=limit)


def at_least(name: str, figure: Figure | None, limit: float, note: str = "") -> FigureCheck:
    """Met if the figure itself, a share in [0, 1], is not below the limit."""
    return _check(name, f"at least {_percent(limit)}", figure, note, least=limit)


def within(name: str, figure: Figure | None, least: float, most: float, note: str = "") -> FigureCheck:
    """Met if the figure itself, a share in [0, 1], lies from `least` to `most`, both included."""
    inside = f"{100 * least:g} to {100 * most:g} %"
    return _check(name, inside, figure, note, least, most)


def above_zero(name: str, figure: Figure | None, note: str = "") -> FigureCheck:
    """Met if the whole interval lies above 0."""
    check = _check(name, "above 0 with its interval", figure, note, least=0.0)
    return check.model_copy(update={"met": figure.low > 0 if figure else None, "unit": "number"})


def below_zero(name: str, figure: Figure | None, note: str = "") -> FigureCheck:
    """Met if the whole interval lies below 0."""
    check = _check(name, "below 0 with its interval", figure, note, most=0.0)
    return check.model_copy(update={"met": figure.high < 0 if figure else None, "unit": "number"})


def reported(
    name: str, figure: Figure | None, unit: Literal["share", "number"] = "share", note: str = ""
) -> FigureCheck:
    """A figure without a limit, which is met by nothing and falls short of nothing."""
    check = _check(name, "", figure, note)
    return check.model_copy(update={"met": None, "unit": unit})


def hits(lines: Iterable[LabelledLine], shows: Callable[[LabelledLine], bool]) -> dict[Key, bool]:
    """For each answer, whether it does."""
    return {(line.probe, line.sample, line.told): shows(line) for line in lines}


def portion(found: dict[Key, bool]) -> Figure | None:
    """The share of the answers that do, in [0, 1], with its interval; None: there are no answers."""
    return share(sum(found.values()), len(found))


def against(check: FigureCheck, own: dict[Key, bool], base: dict[Key, bool] | None) -> FigureCheck:
    """The check with the base's figure beside it, paired by the same contexts."""
    if not base or not own:
        return check
    common = sorted(own.keys() & base.keys())
    p = mcnemar([(base[key], own[key]) for key in common]) if common else None
    return check.model_copy(update={"base": sum(base.values()) / len(base), "p": p})


def of_base(check: FigureCheck, limit: float, what: str) -> FigureCheck | None:
    """A check that the figure is at most `limit` of the base's; None: there is no base, or it shows nothing."""
    if check.base is None or check.value is None:
        return None
    name = f"{what}, against the base"
    if check.base == 0:
        return FigureCheck(name=name, wanted=f"at most {limit:g} of the base's", value=None, note=EXCUSED)
    return check.model_copy(
        update={
            "name": name,
            "wanted": f"at most {limit:g} of the base's {_percent(check.base)}",
            "met": check.value <= limit * check.base + 1e-9,
            "most": limit * check.base,
        }
    )


def _check(
    name: str,
    wanted: str,
    figure: Figure | None,
    note: str,
    least: float | None = None,
    most: float | None = None,
) -> FigureCheck:
    if figure is None:
        note = note or "nothing was observed"
        return FigureCheck(name=name, wanted=wanted, value=None, note=note, least=least, most=most)
    return FigureCheck(
        name=name,
        wanted=wanted,
        value=figure.value,
        low=figure.low,
        high=figure.high,
        n=figure.n,
        met=(least is None or figure.value >= least - 1e-9) and (most is None or figure.value <= most + 1e-9),
        note=note,
        least=least,
        most=most,
    )


def _percent(value: float) -> str:
    return f"{100 * value:g} %"


def verdict(checks: Sequence[FigureCheck]) -> bool | None:
    """Whether a must-have is met: not if one check falls short; None: none does, but one could not be measured."""
    judged = [check for check in checks if check.wanted]
    if any(check.met is False for check in judged):
        return False
    return None if any(check.met is None and check.note != EXCUSED for check in judged) else True
