"""Lines of a theme of one's own, told by a template: `--line 'TIME <NICK> TEXT'`.

TIME, NICK and TEXT stand for themselves as parts; ACTION for a nick and what it does; everything else is taken as it
stands. TIME is any clock that some format writes; `strftime` codes (`[%H:%M]`) say it exactly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from simulator.errors import UsageError
from simulator.logs.entry import ACTION, BLANK, MESSAGE, SYSTEM, LogEntry
from simulator.logs.grammar import PARTS, Shape, clock_pattern, stamp

NAME = "custom"
_TIMES = (
    "%F %T %z", "%F %T%z", "%FT%T%z", "%F %T", "%FT%T", "%F %R", "%d.%m.%Y %T", "%d.%m.%Y %R", "%d/%m/%Y %T", "%d/%m/%Y %R",
    "%d-%m-%Y %T", "%b %d %T", "%d %b %T", "%H:%M:%S %p", "%H:%M %p", "%T", "%R", "%s",
)  # fmt: skip
_WORDS = re.compile(r"TIME|NICK|TEXT|CHANNEL|ANY|%[A-Za-z]")


def grammar(templates: Sequence[str]) -> LineTemplates:
    """A grammar whose lines are these templates: with NICK and TEXT something that is said, after a `*` something that is
    done, without them the client's own. Raises UsageError for a template in which nobody says anything."""
    if not any("NICK" in template and "TEXT" in template for template in templates):
        raise UsageError(
            "needs NICK and TEXT", place=f"--line {templates[0]!r}", remedy="for example 'TIME <NICK> TEXT', '[%H:%M] NICK: TEXT'"
        )
    rows: list[Shape] = []
    for template in templates:
        times = _TIMES if "TIME" in template else ("",)
        kind = SYSTEM if "NICK" not in template else ACTION if re.search(r"\*[^<]*NICK", template) else MESSAGE
        rows += [Shape(kind, re.compile(_pattern(template, time), re.DOTALL), True) for time in times]
    return LineTemplates(tuple(rows))


def _pattern(template: str, time: str) -> str:
    made, end = "", 0
    for found in _WORDS.finditer(template):
        made += re.escape(template[end : found.start()]).replace(r"\ ", r" +")
        word = found[0]
        made += clock_pattern(time if word == "TIME" else word) if word == "TIME" or word[0] == "%" else PARTS[word.lower()]
        end = found.end()
    return made + re.escape(template[end:])


class LineTemplates:
    """Lines with the clock wherever the template has it."""

    name, program = NAME, "the given --line"

    def __init__(self, table: tuple[Shape, ...]) -> None:
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
