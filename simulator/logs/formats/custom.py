"""Lines of a theme of one's own, told by a template: `--line 'TIME <NICK> TEXT'`.

TIME, NICK and TEXT stand for themselves as parts; ACTION for a nick and what it does; everything else is taken as it
stands. TIME is any clock that some format writes; `strftime` codes (`[%H:%M]`) say it exactly.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from simulator.errors import UsageError
from simulator.logs.entry import ACTION, BLANK, MESSAGE, SYSTEM, LogEntry
from simulator.logs.grammar import PARTS, LineShape, clock_pattern, stamp
from simulator.logs.text_decoding import lines

NAME = "custom"
TRIED = 200
"""Lines on which templates are tried."""
_TIMES = (
    "%F %T %z", "%F %T%z", "%FT%T%z", "%F %T", "%FT%T", "%F %R", "%d.%m.%Y %T", "%d.%m.%Y %R", "%d/%m/%Y %T",
    "%d/%m/%Y %R",
    "%d-%m-%Y %T", "%b %d %T", "%d %b %T", "%H:%M:%S %p", "%H:%M %p", "%T", "%R", "%s",
)  # fmt: skip
_WORDS = re.compile(r"TIME|NICK|TEXT|CHANNEL|ANY|%[A-Za-z]")


def grammar(templates: Sequence[str]) -> LineTemplates:
    """A grammar whose lines are these templates: with NICK and TEXT something that is said, after a `*` something
    that is done, without them the client's own. Raises UsageError for a template in which nobody says anything."""
    if not any("NICK" in template and "TEXT" in template for template in templates):
        raise UsageError(
            "needs NICK and TEXT",
            place=f"--line {templates[0]!r}",
            remedy="for example 'TIME <NICK> TEXT', '[%H:%M] NICK: TEXT'",
        )
    rows: list[LineShape] = []
    for template in templates:
        times = _TIMES if "TIME" in template else ("",)
        kind = SYSTEM if "NICK" not in template else ACTION if re.search(r"\*[^<]*NICK", template) else MESSAGE
        rows += [LineShape(kind, re.compile(_pattern(template, time), re.DOTALL), True) for time in times]
    return LineTemplates(tuple(rows))


@dataclass(frozen=True, slots=True)
class Trial:
    """What templates make of the first lines of a file."""

    understood: int
    lines: int
    """Of them, blank ones left out; TRIED at most."""
    said: tuple[tuple[str, str], ...]
    """(nick, text) of what somebody says."""
    odd: tuple[str, ...]
    """Lines that no template fits."""


def attempt(path: Path, templates: Sequence[str]) -> Trial:
    """Tries templates on the first 200 lines. Raises UsageError where they fit less than half, or nobody says
    anything."""
    parser = grammar(templates)
    sample = [line for line in islice(lines(path, Counter()), TRIED) if line.strip()]
    entries = [(line, parser.parse(line)) for line in sample]
    said = tuple((entry.nick, entry.text) for _, entry in entries if entry is not None and entry.kind == MESSAGE)
    odd = tuple(line for line, entry in entries if entry is None)
    if not said or len(odd) > len(sample) // 2:
        example = f", such as {odd[0][:80]!r}" if odd else ""
        raise UsageError(
            f"--line fits {len(sample) - len(odd)} of the first {len(sample)} lines",
            place=str(path),
            remedy=f"give one more --line for those that it does not fit{example}",
        )
    return Trial(len(sample) - len(odd), len(sample), said, odd)


def _pattern(template: str, time: str) -> str:
    made, end = "", 0
    for found in _WORDS.finditer(template):
        made += re.escape(template[end : found.start()]).replace(r"\ ", r" +")
        word = found[0]
        made += (
            clock_pattern(time if word == "TIME" else word) if word == "TIME" or word[0] == "%" else PARTS[word.lower()]
        )
        end = found.end()
    return made + re.escape(template[end:])


class LineTemplates:
    """Lines with the clock wherever the template has it."""

    name, program = NAME, "the given --line"

    def __init__(self, table: tuple[LineShape, ...]) -> None:
        self._table = table

    def parse(self, line: str) -> LogEntry | None:
        """What a line is. None: not understood."""
        for kind, pattern, _ in self._table:
            if found := pattern.fullmatch(line):
                parts = found.groupdict()
                timed = parts.get("hour") is not None or parts.get("epoch") is not None
                when = stamp(found, {}) if timed else None
                if not timed or when is not None:
                    said, channel = parts.get("text") or "", parts.get("channel") or ""
                    return LogEntry(kind, parts.get("nick") or "", said, when, channel)
        return LogEntry(BLANK) if not line or line.isspace() else None

    def as_action(self, line: str) -> LogEntry | None:
        """None: what a template says is sure."""
        return None
