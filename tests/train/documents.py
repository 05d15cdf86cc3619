"""Documents for the tests of training: short ones by hand, and a corpus with everything that makes a boundary hard."""

from __future__ import annotations

from functools import cache

from simulator.document import TranscriptLine, render_document
from simulator.session import transcript
from tests import builders
from tests.layout import LAYOUT

CAST = ("Emma", "Em_", "Em-away", "E", "em", "`_^")
"""People whose nicks begin like the lead's."""


@cache
def corpus() -> tuple[str, ...]:
    """Sixty documents with actions, other scripts and signs at every edge of a line."""
    texts = []
    for slot in range(60):
        plan = builders.plan(slot, cast=CAST, length="long" if slot % 20 == 0 else "short")
        texts.append(_odd(transcript.text(plan.setting, builders.events(plan), layout=LAYOUT), slot))
    return tuple(texts)


def short(level: str = "LOW", lines: int = 6) -> str:
    row = [("Emma", "is it so?"), ("Em", "it is..."), ("Em_", "(no)"), ("kai", "x > y <Em> z"), ("Em", "ok!")]
    said = [TranscriptLine(*row[place % len(row)]) for place in range(lines)]
    return render_document(LAYOUT.header(level, "#general"), said)


def _odd(text: str, slot: int) -> str:
    """Other ends and beginnings for some lines, each a thing that tokenizers merge with its neighbours."""
    head, *rows = text.removesuffix("\n").partition("\n")[::2]
    rows = rows[0].split("\n")
    ends = ("?!", "...", " :)", "</s>", "é", "日本", " 42", "<Em>", ">", "”", " \u00a0x", "\u2028y")
    for place in range(1, len(rows)):
        rows[place] += ends[(slot + place) % len(ends)]
    return "\n".join([head, *rows]) + "\n"
