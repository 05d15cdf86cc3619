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
class Row:
    """One labelled line."""

    kind: str
    """Heading in the file, such as `solving`."""
    wrong: bool
    before: tuple[TranscriptLine, ...]
    line: TranscriptLine

    @property
    def unseen(self) -> bool:
        """True: figures are given for it, and no rule was written with it in view."""
        return bool(crc32(self.line.text.encode()) & 1)


def rows() -> list[Row]:
    """All of them, in the order of the file."""
    read = yaml.safe_load(Path(__file__).with_name("meaning.yaml").read_text(encoding="utf-8"))
    made: list[Row] = []
    for heading, wrong, nick in (("wrong", True, LEAD), ("good", False, LEAD)):
        for kind, block in read[heading].items():
            made += _rows(kind, wrong, nick, block)
    for heading, wrong in (("wrong-people", True), ("good-people", False)):
        made += _rows(heading, wrong, OTHER, read[heading])
    return made


def fresh() -> list[Row]:
    """Lines that no rule was written for."""
    read = yaml.safe_load(Path(__file__).with_name("meaning.yaml").read_text(encoding="utf-8"))
    return [*_rows("fresh", True, LEAD, read["fresh-wrong"]), *_rows("fresh", False, LEAD, read["fresh-good"])]


def _rows(kind: str, wrong: bool, nick: str, block: str) -> Iterator[Row]:
    for text in filter(None, map(str.strip, block.splitlines())):
        before, _, line = text.partition(" >> ")
        said = (part.partition("> ") for part in before.split(" | "))
        lines = tuple(TranscriptLine(speaker.lstrip("<"), words) for speaker, _, words in said)
        yield Row(kind, wrong, lines, TranscriptLine(nick, line))
