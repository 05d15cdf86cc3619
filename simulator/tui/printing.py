"""Lines printed by commands that answer at once: nothing is imported for a program that reads them."""

from __future__ import annotations

import os
import sys

from simulator.tui.sanitize import sanitize


def say(text: str, style: str = "") -> None:
    """A line on stdout: in a style and wrapped where somebody looks, whole in a pipe; nothing in it is a command."""
    if sys.stdout.isatty() or os.environ.get("FORCE_COLOR"):
        from simulator.tui.lines import console

        console().print(text, style=style)
    else:
        print("\n".join(map(sanitize, text.split("\n"))))
