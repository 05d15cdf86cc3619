"""The ranges of `policies/realism.yaml`, measured on real logs: `python tests/bench/realism_ranges.py FOLDER...`.

Each folder is one source of the same weight: .txt files as `em import` or the disentanglement corpora write them
(`[12:34] <nick> text`, `* nick text`; system lines begin with `===`). Consecutive lines of one person are one turn.
Stretches of so many turns go to two halves in turn; prints the 5th, 50th and 95th percentile over the stretches of each
half, and of all, as one JSON object.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulator.corpus.realism import FEWEST_FOR_SPREAD, Realism, join_turns
from simulator.document import Document, TranscriptLine

STRETCH = 120
"""Turns."""
_LINE = re.compile(r"(?:.*?\[[\d:]+\] )?(?:<([^>\s]+)> (.*)|\* (\S+) (.*))")


def read(path: Path) -> list[TranscriptLine]:
    """The turns of one log."""
    lines = []
    for row in path.read_text(errors="replace").splitlines():
        if found := _LINE.fullmatch(row):
            nick = found[1] or found[3]
            lines.append(TranscriptLine(nick, found[2] or found[4] or "", action=found[1] is None))
    return join_turns([line for line in lines if line.text])


def stretches(folder: Path) -> list[dict[str, float]]:
    """The statistics of every stretch of a source."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        if "annotation" in path.name:
            continue
        turns = read(path)
        for start in range(0, len(turns) - STRETCH + 1, STRETCH):
            realism = Realism()
            realism.add(Document(None, tuple(turns[start : start + STRETCH])))
            found.append(realism.figures())
    return found


def ranges(sources: Sequence[Sequence[dict[str, float]]]) -> dict[str, list[float]]:
    """Weighted percentiles 5, 50 and 95 of every statistic; each source weighs the same."""
    weighed: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for source in sources:
        for figures in source:
            for name, value in figures.items():
                weighed[name].append((value, 1 / len(source)))
    made = {}
    for name, values in weighed.items():
        values.sort()
        total, below, row, wanted = sum(w for _, w in values), 0.0, [], [0.05, 0.5, 0.95]
        for value, weight in values:
            below += weight
            while wanted and below >= wanted[0] * total - 1e-9:
                row.append(round(value, 5))
                wanted.pop(0)
        made[name] = row
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    every = [stretches(folder) for folder in parser.parse_args().folders]
    print(
        json.dumps(
            {
                "stretches": [len(source) for source in every],
                "spread_needs": FEWEST_FOR_SPREAD,
                "all": ranges(every),
                "first_half": ranges([source[::2] for source in every]),
                "second_half": ranges([source[1::2] for source in every]),
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
