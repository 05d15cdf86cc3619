"""Rows and columns: what fits into how much room."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

EIGHTHS = " ▏▎▍▌▋▊▉█"
MARK = "▌"
"""Stands before every line of the lead, so that nobody needs colours to find them."""


def fitted(row: Text, width: int) -> Text:
    """The row in exactly so many columns."""
    row = row.copy()
    row.truncate(width, overflow="ellipsis")
    row.append(" " * (width - row.cell_len))
    return row


def cell(text: str, width: int, *, right: bool = False) -> str:
    """A string in exactly so many columns."""
    cut = text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + "…"
    gap = " " * (width - cell_len(cut))
    return gap + cut if right else cut + gap


def bar(share: float, width: int) -> str:
    """A bar of so many columns, filled from the left in eighths; `share` in [0, 1]."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    whole, part = divmod(eighths, 8)
    return ("█" * whole + (EIGHTHS[part] if part else "")).ljust(width)


def title(text: str, width: int, right: str = "") -> Text:
    """The heading of a section, with something at its right end."""
    room = max(0, width - cell_len(text) - cell_len(right) - 2)
    return Text.assemble((text, "bold"), " ", ("─" * room, "dim"), " ", (right, "dim"))


def filled(words: Sequence[str], width: int) -> list[str]:
    """The words in rows, as many in each as fit."""
    rows: list[str] = []
    for word in words:
        if rows and cell_len(rows[-1]) + 2 + cell_len(word) <= width:
            rows[-1] += f", {word}"
        else:
            rows.append(word)
    return rows
