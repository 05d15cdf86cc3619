"""The page: templates, plots, style, script and transcripts in one file that asks the network for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from markupsafe import Markup

from simulator.report import offline, packed_transcripts, plots
from simulator.report.gather import Figures, Session
from simulator.report.health_checks import accepted, checks, differences, verdict

BUDGET = 100_000_000
"""Bytes of the whole page, at most, as long as the figures alone leave room for transcripts: some 25,000 sessions. A
browser reads a page of that size in seconds, and opens of it only what somebody looks at."""
SPARE = 4_000
"""Bytes kept back for what is only known when the transcripts are chosen."""
AXES = ("engagement", "channels", "lengths", "patterns", "topics")
PARTS = {"w15": "15 messages in a row", "w100": "100 messages in a row", "all": "answers, over all messages"}


def write(path: Path, runs: Sequence[Figures], section: offline.Section | None = None) -> int:
    """Writes the page of one run, or of two side by side, and returns its bytes.

    `section`: what else it shows, before the transcripts.
    Raises StorageError where it cannot be written; a page that was there before then still is.
    """
    return offline.put(path, page(runs, section), "--out")


def page(runs: Sequence[Figures], section: offline.Section | None = None, budget: int = BUDGET) -> str:
    """The page as text; `budget` in bytes. The same runs give the same page."""
    levels = tuple(dict.fromkeys(level for figures in runs for level in figures.lead))
    style = offline.style() + (section.style if section else "")
    context = {
        "section": section,
        "runs": runs,
        "letters": plots.LETTERS,
        "verdicts": [verdict(figures) for figures in runs],
        "checks": [checks(figures) for figures in runs],
        "accepted": [accepted(figures) for figures in runs],
        "differences": differences(*runs) if len(runs) == 2 else [],
        "plots": _plots(runs, levels),
        "parts": PARTS,
        "levels": list(levels),
        **offline.sealed(style, (offline.TEMPLATES / "report.js").read_text()),
    }
    template = offline.template("page.html.j2")
    # Rendered twice: how many transcripts fit depends on everything else.
    everywhere = {(n, s.id): (9999, 99) for n, figures in enumerate(runs) for s in figures.sessions}
    shown = [_shown(figures, {}, 0) for figures in runs]
    bare = template.render(context, blocks=(), index=_index(runs, everywhere), said="", shown=shown)
    embedded, said = _transcripts(runs, budget - len(bare.encode()) - SPARE)
    shown = [_shown(figures, embedded.places, number) for number, figures in enumerate(runs)]
    index = _index(runs, embedded.places)
    return template.render(context, blocks=embedded.blocks, index=index, said=said, shown=shown)


def _transcripts(runs: Sequence[Figures], room: int) -> tuple[packed_transcripts.PackedTranscripts, str]:
    """The transcripts, and the text that is searched of them, in `room` bytes together."""
    sessions, left = [figures.sessions for figures in runs], room
    while True:
        embedded = packed_transcripts.embed(sessions, left)
        said = packed_transcripts.pack_said(sessions, embedded.places)
        over = len(said) + sum(len(block) + packed_transcripts.FRAME for block in embedded.blocks) - room
        if over <= 0 or not embedded.blocks:
            return embedded, said
        left -= over


def _plots(runs: Sequence[Figures], levels: Sequence[str]) -> dict[str, dict[str, Markup]]:
    """Every plot as SVG, empty where there is nothing to draw."""
    return {
        "quotas": {axis: plots.quota(runs, axis) for axis in AXES},
        "lead": {level: plots.lead(runs, level) for level in levels},
        "realism": {part: plots.ranges(runs, part, f"Turn-taking, {title}") for part, title in PARTS.items()},
        "form": {"form": plots.ranges(runs, "form", "What messages look like")},
        "rules": {"rejected": plots.rejected(runs), "refused": plots.refused(runs)},
        "run": {"acceptance": plots.acceptance(runs), "nicks": plots.nicks(runs)},
        "tokens": {str(number): plots.tokens(figures, number) for number, figures in enumerate(runs)},
    }


def _shown(figures: Figures, places: dict[tuple[int, str], tuple[int, int]], number: int) -> dict[str, int]:
    """How many transcripts are in the page, and how many there are, in all and of the rejected ones."""
    rejected = [session.id for session in figures.sessions if session.state == "rejected"]
    return {
        "here": sum((number, session.id) in places for session in figures.sessions),
        "all": len(figures.sessions),
        "rejected_here": sum((number, id) in places for id in rejected),
        "rejected": len(rejected),
    }


def _index(runs: Sequence[Figures], places: dict[tuple[int, str], tuple[int, int]]) -> str:
    """What the list of transcripts shows and filters by, packed."""
    return packed_transcripts.pack(
        {
            "runs": [figures.name for figures in runs],
            "nicks": sorted({nick for figures in runs for nick in figures.nicks}),
            "sessions": [
                {**_row(session), "run": number, "at": places.get((number, session.id))}
                for number, figures in enumerate(runs)
                for session in figures.sessions
            ],
        }
    )


def _row(session: Session) -> dict[str, Any]:
    fields = asdict(session)
    del fields["body"], fields["said"], fields["slot"], fields["in_band"]
    return fields
