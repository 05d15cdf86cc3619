"""All formats by name, how a file's is found, and how its lines are read.

What a format leaves open and a file decides: HexChat's language, WhatsApp's order of day and month, WeeChat's
signs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice, pairwise
from pathlib import Path

from simulator.errors import UsageError
from simulator.logs import calendar
from simulator.logs.entry import ACTION, BLANK, DAY, JOIN, MESSAGE, PART, RENAME, TOPIC, LogEntry
from simulator.logs.formats import (
    archives,
    bouncers_and_bots,
    custom,
    databases,
    desktop_clients,
    json_exports,
    messengers,
    translations,
)
from simulator.logs.formats import terminal_clients as terminal
from simulator.logs.formats.desktop_clients import HEXCHAT, hexchat
from simulator.logs.formats.messengers import ELEMENT_TEXT, WHATSAPP
from simulator.logs.formats.record import RecordFormat
from simulator.logs.formats.terminal_clients import WEECHAT
from simulator.logs.grammar import Grammar, LineParser
from simulator.logs.nicks import NickFrame, find_frame, fold
from simulator.logs.text_decoding import lines

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


TEXT: dict[str, LineParser] = {
    parser.name: parser
    for parser in (
        terminal.IRSSI,
        terminal.WEECHAT,
        desktop_clients.HEXCHAT,
        bouncers_and_bots.ZNC,
        bouncers_and_bots.THE_LOUNGE,
        bouncers_and_bots.LIMNORIA,
        desktop_clients.MIRC,
        bouncers_and_bots.EGGDROP,
        archives.ARCHIVE,
        desktop_clients.TEXTUAL,
        bouncers_and_bots.IRCCLOUD,
        terminal.CATGIRL,
        desktop_clients.KONVERSATION,
        terminal.II,
        bouncers_and_bots.BIP,
        terminal.CIRCE,
        terminal.RCIRC,
        desktop_clients.KVIRC,
        messengers.PIDGIN,
        messengers.PIDGIN_HTML,
        messengers.WHATSAPP,
        messengers.ELEMENT_TEXT,
        messengers.CHATTERINO,
        desktop_clients.MIRC_TIMELESS,
        terminal.ERC,
    )
}
"""Of formats that read a sample equally well, the first one counts."""
RECORDS: dict[str, RecordFormat] = {
    known.name: known
    for known in (
        *json_exports.FORMATS,
        *databases.FORMATS,
        RecordFormat(
            "adium",
            "Adium",
            lambda path, start: messengers.is_adium(start),
            lambda path, channel: messengers.adium(path),
        ),
    )
}
NAMES = (*TEXT, *RECORDS)
SAMPLE = 2_000
"""Lines by which a file's format is found."""
_NONE, _SURE = 0.5, 0.9
"""Shares of the sample's lines that a format must understand: to be named at all, and to be taken unasked."""
_EVENTS = frozenset((JOIN, PART, RENAME, TOPIC, DAY))


@dataclass(frozen=True, slots=True)
class Likeness:
    """How well one format reads a sample."""

    parser: LineParser
    understood: int
    """Lines; those that go on with a message are not counted."""
    lines: int
    spoken: int
    """Messages and actions of nicks that are known to be people's."""
    events: int
    """Lines of another kind that only this program writes like that."""
    timed: int
    """Lines with a time."""

    @property
    def rank(self) -> tuple[int, int, int]:
        """The more, the likelier."""
        return self.spoken + 2 * self.events, self.timed, self.understood


def likeness(parser: LineParser, sample: Sequence[str]) -> Likeness:
    """Reads a sample. A name that only ever stands behind a star is nobody's yet."""
    entries = [entry for entry in map(parser.parse, sample) if entry is None or entry.kind != BLANK]
    own = [entry for entry in entries if entry is not None and not entry.more]
    people = {fold(entry.nick) for entry in own if entry.nick and entry.sure and entry.kind in (MESSAGE, JOIN)}
    spoken = sum(entry.kind in (MESSAGE, ACTION) and fold(entry.nick) in people for entry in own)
    events = sum(entry.kind in _EVENTS and entry.sure for entry in own)
    timed = sum(entry.stamp is not None for entry in own)
    more = sum(entry is not None and entry.more for entry in entries)
    understood = len(own) if more <= 3 * max(spoken, 1) else 0
    return Likeness(parser, understood, len(entries) - more if understood else len(entries), spoken, events, timed)


def detect(path: Path) -> str:
    """The name of the format of a file.

    Raises UsageError for a file that cannot be read, that no format understands, or whose likeness is not certain: then
    the message says how many of its lines do not fit.
    """
    start = beginning(path)
    for known in RECORDS.values():
        if known.known(path, start):
            return known.name
    if start[:1] == "{" or start[:2] in ("[{", "[\n", "[\r", "[]"):
        raise UsageError("no list of messages", place=str(path), remedy=_name_one("an export of which program?"))
    if "\0" in start and not start.startswith("\ufeff"):
        raise UsageError("no known log format: it is not text", place=str(path), remedy=_name_one("what wrote it?"))
    sample = list(islice(lines(path, Counter()), SAMPLE))
    found = [likeness(fitted(parser, sample), sample) for parser in TEXT.values()]
    best = max(found, key=lambda like: like.rank)
    if not any(line.strip() for line in sample):
        raise UsageError("no known log format: it is empty", place=str(path), remedy="name another file")
    odd = best.lines - best.understood
    if not (best.spoken or best.events) or best.understood < _NONE * best.lines:
        near = f": the nearest is {best.parser.program}, which does not know {odd} of the first {best.lines} lines"
        raise UsageError(
            f"no known log format{near if best.spoken else ''}",
            place=str(path),
            remedy=_name_one("or tell what a line looks like with --line 'TIME <NICK> TEXT'"),
        )
    if best.understood < _SURE * best.lines:
        raise UsageError(
            f"looks like {best.parser.program}, {odd} of {best.lines} lines do not",
            place=str(path),
            remedy=f"if it is, say --format {best.parser.name}; else tell what a line looks like with --line",
        )
    return best.parser.name


def _name_one(otherwise: str) -> str:
    return f"name one with --format ({', '.join(NAMES)}), {otherwise}"


def beginning(path: Path) -> str:
    """The first 64 KiB as text, without a mark of the byte order. Raises UsageError for a file that cannot be read."""
    try:
        with path.open("rb") as file:
            raw = file.read(1 << 16)
    except OSError as error:
        raise UsageError(error.strerror or str(error), place=str(path), remedy="name a readable file") from None
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "\ufeff"
    return raw.decode("utf-8", "replace").removeprefix("\ufeff").lstrip(" \t\r\n")


@dataclass(frozen=True, slots=True)
class LogSource:
    """One channel of one file, in a format that is known."""

    path: Path
    format: str
    """A name of NAMES, or `custom`."""
    channel: str = ""
    """Which of several that the file holds; empty: it holds one."""
    templates: tuple[str, ...] = ()
    """Of `--line`, if the format is `custom`."""

    def parser(self) -> LineParser | None:
        """What reads the lines, fitted to the file; None: the format has records."""
        if self.format in RECORDS:
            return None
        parser = custom.grammar(self.templates) if self.format == custom.NAME else TEXT[self.format]
        return fitted(parser, list(islice(lines(self.path, Counter()), SAMPLE))) if leaves_open(parser) else parser

    def entries(self, encodings: Counter[str]) -> Iterator[tuple[str, LogEntry | None]]:
        """(line, what it is) for everything in the source in order; None: not understood."""
        parser = self.parser()
        if parser is None:
            encodings["utf-8"] += 1
            yield from RECORDS[self.format].entries(self.path, self.channel)
            return
        for line in lines(self.path, encodings):
            yield line, parser.parse(line)


def sources(path: Path, format: str, templates: tuple[str, ...] = ()) -> list[LogSource]:
    """The channels of a file. `format`: a name, or `auto`. Raises UsageError as `detect` does, and if there is none."""
    name = custom.NAME if templates else detect(path) if format == "auto" else format
    if name not in RECORDS:
        return [LogSource(path, name, templates=templates)]
    found = [LogSource(path, name, channel) for channel in RECORDS[name].channels(path)]
    if not found:
        raise UsageError("holds no channel", place=str(path), remedy=f"is it {RECORDS[name].program}?")
    return found
