"""The labelled lines of meaning.yaml: what a session may hold and what it may not, with the half each belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import yaml

from simulator.document import TranscriptLine

LEAD, OTHER = "Em", "somebody"


@dataclass(frozen=True)
class Set:
    """One of the sets of meaning.yaml."""

    unseen: bool = False
    """True: written after the last change of the rules."""
    caught: float = 0.0
    """Least share of its wrong lines that is found, if no rule was written for it,"""
    flagged: float = 0.0
    """and most of its good ones."""


SETS = {
    "first": Set(),
    "fresh": Set(),
    "second": Set(),
    "third": Set(),
    "fourth": Set(),
    "fifth": Set(),
    "sixth": Set(),
    "clauses": Set(),
    "seventh": Set(unseen=True, caught=0.42, flagged=0.06),
}


@dataclass(frozen=True)
class Row:
    """One labelled line."""

    part: str
    """Which set it belongs to, such as `first`."""
    kind: str
    """Heading in the file, such as `solving`."""
    wrong: bool
    before: tuple[TranscriptLine, ...]
    line: TranscriptLine

    @property
    def unseen(self) -> bool:
        """True: figures are given for it, and no rule was written with it in view."""
        return bool(crc32(self.line.text.encode()) & 1)


def rows(part: str) -> list[Row]:
    """All of one set, in the order of the file."""
    read = yaml.safe_load(Path(__file__).with_name("meaning.yaml").read_text(encoding="utf-8"))[part]
    made: list[Row] = []
    for heading, wrong, nick in (("wrong", True, LEAD), ("good", False, LEAD)):
        for kind, block in read[heading].items():
            made += _rows(part, kind, wrong, nick, block)
    for heading, wrong in (("wrong-people", True), ("good-people", False)):
        made += _rows(part, heading, wrong, OTHER, read.get(heading, ""))
    return made


def _rows(part: str, kind: str, wrong: bool, nick: str, block: str) -> Iterator[Row]:
    for text in filter(None, map(str.strip, block.splitlines())):
        before, _, line = text.partition(" >> ")
        said = (words.partition("> ") for words in before.split(" | "))
        lines = tuple(TranscriptLine(speaker.lstrip("<"), words) for speaker, _, words in said)
        yield Row(part, kind, wrong, lines, TranscriptLine(nick, line))
