"""What a format leaves open and a file decides: HexChat's language, WhatsApp's order of day and month, WeeChat's
signs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from simulator.logs import calendar
from simulator.logs.entry import MESSAGE, LogEntry
from simulator.logs.formats import translations
from simulator.logs.formats.desktop_clients import HEXCHAT, hexchat
from simulator.logs.formats.messengers import ELEMENT_TEXT, WHATSAPP
from simulator.logs.formats.terminal_clients import WEECHAT
from simulator.logs.grammar import Grammar, LineParser
from simulator.logs.nicks import NickFrame, find_frame

_HEADER = "**** "
_NO_LANGUAGE = "?"


def leaves_open(parser: LineParser) -> bool:
    """Whether a file decides how its lines are read."""
    return parser in (HEXCHAT, WHATSAPP, ELEMENT_TEXT, WEECHAT)


def fitted(parser: LineParser, sample: Sequence[str]) -> LineParser:
    """The parser as this file needs it, by its first lines."""
    if parser is HEXCHAT:
        return _hexchat(sample)
    if parser in (WHATSAPP, ELEMENT_TEXT):
        assert isinstance(parser, Grammar)
        return _dated(parser, sample)
    return _weechat(sample) if parser is WEECHAT else parser


def _hexchat(sample: Sequence[str]) -> Grammar:
    headers = [line for line in sample if line.startswith(_HEADER)]
    grammar = hexchat(_language(headers, sample))
    spelt = dict(grammar.months)
    for place, line in enumerate(sample[:-1]):
        # The header's date is always in English; the next line abbreviates the same month in the log's language.
        if line.startswith(_HEADER) and (day := calendar.long(line)[0]):
            after = next((row for row in sample[place + 1 : place + 4] if row.strip()), "")
            word = after.split(" ")[0].strip(".").lower()
            if word.isalpha() and word not in spelt and not calendar.month(word):
                spelt[word] = date.fromordinal(day).month
    return replace(grammar, months=spelt)


def _language(headers: Sequence[str], sample: Sequence[str]) -> str:
    """By the first line of a session, or else by the sentences that are known."""
    named = [
        language
        for language in translations.languages()
        if any(row.startswith(translations.hexchat_begins(language)) for row in headers)
    ]
    if headers and not named:
        return _NO_LANGUAGE
    if len(named) == 1:
        return named[0]
    starred = [line for line in sample if "*\t" in line[:24]][:400]

    def known(language: str) -> int:
        rows = [hexchat(language).parse(line) for line in starred]
        return sum(entry is not None and entry.kind not in ("action", "system") for entry in rows)

    return max(named or translations.languages(), key=known)


def _dated(parser: Grammar, sample: Sequence[str]) -> Grammar:
    """Day first, unless some second number is a day of more than 12, or only the other order goes forward in time."""

    def back(grammar: Grammar) -> tuple[int, int]:
        entries = [grammar.parse(line) for line in sample]
        days = [entry.stamp.day for entry in entries if entry is not None and entry.stamp and entry.stamp.day]
        steps = list(pairwise(days))
        return sum(later < earlier for earlier, later in steps), max(days, default=0) - min(days, default=0)

    return min((parser, replace(parser, day_first=False)), key=back)


@dataclass(frozen=True, slots=True)
class _Framed:
    """WeeChat, with what stands around nicks taken away."""

    inner: Grammar
    frame: NickFrame
    name: str = WEECHAT.name
    program: str = WEECHAT.program

    def parse(self, line: str) -> LogEntry | None:
        """See `LineParser`."""
        entry = self.inner.parse(line)
        if entry is None or entry.kind != MESSAGE:
            return entry
        nick = self.frame.bare(entry.nick)
        return entry._replace(nick=nick) if nick and " " not in nick else None

    def as_action(self, line: str) -> LogEntry | None:
        """See `LineParser`."""
        return self.inner.as_action(line)


def _weechat(sample: Iterable[str]) -> _Framed:
    entries = [entry for entry in map(WEECHAT.parse, sample) if entry is not None and entry.nick]
    shown = [entry.nick for entry in entries if entry.kind == MESSAGE]
    return _Framed(WEECHAT, find_frame(shown, (entry.nick for entry in entries if entry.kind != MESSAGE)))
