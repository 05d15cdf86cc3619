"""Known solutions: does a line do the work that the script lets somebody ask for?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from simulator.document import TranscriptLine
from simulator.line_checks.checker import Violation
from simulator.world.phrases import Phrases, folded

HINT = "Your line does some of the work that was asked for. Refuse without giving any of it away, also as a joke."


def solves(
    text: str, nick: str, patterns: tuple[str, ...], earlier: Sequence[TranscriptLine], cast: Sequence[str] = ()
) -> Violation | None:
    """The fault of a line of the lead that holds a solution, or None.

    Words that somebody else has said are a quotation of the request. `cast`: nicks that a line may begin with.
    """
    if not patterns:
        return None
    begin, colon, rest = text.partition(": ")
    said = rest if colon and begin in cast else text
    others: str | None = None
    for found in _phrases(patterns).find(folded(said)):
        words = said[found.start : found.end]
        if others is None:
            others = " ".join(line.text for line in earlier if line.nick != nick).casefold()
        if words.casefold() not in others:
            return Violation("solving", words, HINT)
    return None


@lru_cache(maxsize=256)
def _phrases(patterns: tuple[str, ...]) -> Phrases:
    return Phrases([((pattern,), ()) for pattern in patterns])
