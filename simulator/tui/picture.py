"""A recorded session in the live view, as a picture."""

from __future__ import annotations

import re
from io import StringIO

from rich.console import Console

from simulator.journal.journal import Journal
from simulator.tui import replay_notes
from simulator.tui.fold import fold
from simulator.tui.layout import Page
from simulator.tui.notes import Pressed
from simulator.tui.state import opened
from simulator.world.world import World

FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""rich would have it fetched from elsewhere; a picture must open offline."""


def svg(
    journal: Journal,
    world: World,
    session: str,
    *,
    messages: int | None = None,
    width: int = 120,
    height: int = 36,
    reasons: bool = False,
    title: str = "em replay",
) -> str:
    """The live view of a recorded session when so many messages had been said, as an SVG image.

    `messages`: None for the whole session with its verdict. `width` and `height` are columns and rows of the terminal.
    Raises UsageError if there is no such session.
    """
    first, notes = replay_notes.notes(journal, world, session)
    keys = [Pressed("r")] if reasons else []
    state = fold(opened(first), [*keys, *replay_notes.until(notes, messages)])
    console = Console(
        record=True, width=width, height=height, file=StringIO(), force_terminal=True, color_system="truecolor",
        markup=False, highlight=False, emoji=False,
    )  # fmt: skip
    console.print(Page(state))
    drawn = FONT.sub("", console.export_svg(title=title))
    return drawn.replace("font-family: Fira Code,", "font-family: DejaVu Sans Mono, Menlo, Consolas,")
