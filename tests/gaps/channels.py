"""Channels made by hand, of which it is known how the lead behaves in them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from simulator import rng
from simulator.corpus.talk import Talk
from simulator.document import TranscriptLine
from simulator.evaluate.language import Language
from simulator.gaps import gap_report
from simulator.gaps.gap_report import GapReport
from simulator.world.policies.gaps import GapPolicy
from tests.worlds import shipped

LEAD = shipped().lead.nick
PEOPLE = ("pim", "rolf", "tess", "quin")
THINGS = ("soup", "rain", "bus", "tea", "cat", "window", "train", "bread", "lamp", "shoe", "garden", "radio")


@cache
def rules() -> GapPolicy:
    return shipped().gaps


@cache
def language() -> Language:
    return Language(shipped().evaluation, shipped().style)


def talk(log: str, **fields: object) -> Talk:
    """`<nick> text` a line; `LEAD` is the lead, also in what is said."""
    rows = [row.split("> ", 1) for row in log.replace("LEAD", LEAD).strip().splitlines()]
    lines = tuple(TranscriptLine(nick.strip().removeprefix("<"), text) for nick, text in rows)
    return Talk(**{"source": "made", "id": "s0", "lead": LEAD, "messages": lines, **fields})


def channel(
    sessions: int = 8,
    *,
    every: int = 12,
    n: int = 96,
    level: str | None = "LOW",
    seed: int = 1,
    change: Callable[[int, TranscriptLine], TranscriptLine] = lambda place, line: line,
    **fields: object,
) -> list[Talk]:
    """Sessions in which one in `every` messages is the lead's."""
    made = []
    for number in range(sessions):
        draw, lines = rng.stream(seed, "channel", number), []
        for place in range(n):
            nick = LEAD if place % every == every // 2 else draw.choice(PEOPLE)
            first, other = draw.sample(THINGS, 2)
            lines.append(
                change(place, TranscriptLine(nick, f"so the {first} was next to the {other} again, number {place}"))
            )
        made.append(Talk("made", f"s{number}", LEAD, tuple(lines), level=level, **fields))
    return made


def gaps(here: list[Talk], there: list[Talk]) -> GapReport:
    return gap_report.gaps(here, there, shipped(), rules(), language())
