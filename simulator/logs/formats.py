"""The formats by name, and which of them a file is in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from simulator.errors import UsageError
from simulator.logs import bracket, discord, hexchat, irssi, weechat
from simulator.logs.entry import BLANK, LogEntry
from simulator.logs.lines import lines

DISCORD = "discord-json"
TEXT: dict[str, Callable[[], Callable[[str], LogEntry | None]]] = {
    "irssi": lambda: irssi.parse,
    "weechat": lambda: weechat.parse,
    "hexchat": lambda: hexchat.Reader().parse,
    "znc": lambda: bracket.parse,
    "ubuntu": lambda: bracket.parse,
}
"""Name to what makes a parser for one file. `znc` and `ubuntu` are one family: see `bracket`."""
NAMES = (*TEXT, DISCORD)
_SAMPLE = 2_000
_ENOUGH = 0.5
"""Share of the sample's lines, blank ones left out, that a format must understand to be the file's."""


def detect(path: Path) -> str:
    """The name of the format that understands most of the first 2,000 lines.

    Raises UsageError for a file that cannot be read, for JSON that is no export, and where no format understands half.
    """
    sample = list(islice(lines(path, Counter()), _SAMPLE))
    first = next((line.lstrip() for line in sample if line.strip()), "")
    if first.startswith("{"):
        next(discord.records(path))
        return DISCORD
    counts = {name: _understood(sample, make()) for name, make in TEXT.items() if name != "ubuntu"}
    best = max(counts, key=lambda name: counts[name])
    rows = sum(1 for line in sample if line.strip())
    if not rows or counts[best] < _ENOUGH * rows:
        share = f"{best} understands {counts[best]} of the first {rows} lines" if rows else "it is empty"
        known = ", ".join(NAMES)
        raise UsageError(f"no known log format: {share}", place=str(path), remedy=f"name one with --format: {known}")
    return "ubuntu" if best == "znc" and any(line.startswith("===") for line in sample) else best


def entries(path: Path, name: str, encodings: Counter[str]) -> Iterator[tuple[str, LogEntry | None]]:
    """(line, what it is) for every line of a file in order; None: not understood."""
    if name == DISCORD:
        encodings["utf-8"] += 1
        yield from discord.entries(path)
        return
    parse = TEXT[name]()
    for line in lines(path, encodings):
        yield line, parse(line)


def _understood(sample: list[str], parse: Callable[[str], LogEntry | None]) -> int:
    """Lines that are something; none at all where nobody does anything."""
    found = [entry for entry in map(parse, sample) if entry is not None and entry.kind != BLANK]
    return len(found) if any(entry.nick for entry in found) else 0
