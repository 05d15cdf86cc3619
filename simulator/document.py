"""The one renderer: what a channel looks like to a model, the same bytes for training, evaluation and the bot.

    ENGAGEMENT: LOW
    CHANNEL: #general
    <nick> text
    * nick text

Every line ends in a newline. What the header says, and which levels there are, is the world's: see `HeaderLayout`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

LEVEL, CHANNEL = "{level}", "{channel}"
"""What a template of a header holds, once each."""
_LINE = re.compile(r"<([^\s<>]{1,31})> (\S.*)|\* (\S{1,31}) (\S.*)")


@dataclass(frozen=True, slots=True)
class HeaderLayout:
    """How the first lines of a document are written in a world.

    >>> layout = HeaderLayout("ENGAGEMENT: {level}\\nCHANNEL: {channel}\\n", ("LOW", "HIGH"))
    >>> layout.header("LOW", "#general").text
    'ENGAGEMENT: LOW\\nCHANNEL: #general\\n'
    >>> str(layout)
    '`ENGAGEMENT: LOW|HIGH` with `CHANNEL: #…` below it'
    """

    template: str
    """Whole lines with `{level}` and `{channel}` in them, once each; every line ends in a newline."""
    levels: tuple[str, ...]
    """Names of the engagement levels, from the one at which the lead takes part least on."""

    def header(self, level: str, channel: str) -> Header:
        """Of a session."""
        return Header(level, channel, self)

    def read(self, text: str) -> Header | None:
        """The header with which a text begins; None: it begins with none."""
        found = _pattern(self).match(text)
        return Header(found["level"], found["channel"], self) if found else None

    def begins(self, text: str) -> bool:
        """Whether a text begins as a header does, be it a whole one or not."""
        head = self.template[: min(self.template.index(LEVEL), self.template.index(CHANNEL))]
        return text.startswith(head) if head.strip() else self.read(text) is not None

    def __str__(self) -> str:
        shown = self.template.replace(LEVEL, "|".join(self.levels)).replace(CHANNEL, "#…")
        return " with ".join(f"`{row}`" for row in shown.splitlines()) + (" below it" if shown.count("\n") > 1 else "")


@dataclass(frozen=True, slots=True)
class Header:
    """The first lines of a document."""

    engagement: str
    """One of the layout's levels."""
    channel: str
    layout: HeaderLayout

    @property
    def text(self) -> str:
        """As it stands in a document, each line ending in a newline."""
        return self.layout.template.replace(LEVEL, self.engagement).replace(CHANNEL, self.channel)

    def under(self, level: str) -> Header:
        """The same with another level."""
        return replace(self, engagement=level)


@cache
def _pattern(layout: HeaderLayout) -> re.Pattern[str]:
    levels = "|".join(map(re.escape, layout.levels))
    written = re.escape(layout.template)
    written = written.replace(re.escape(LEVEL), f"(?P<level>{levels})")
    return re.compile(written.replace(re.escape(CHANNEL), r"(?P<channel>#[^\s,:]+)"))


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One line of a transcript."""

    nick: str
    text: str
    action: bool = False
    """A /me line; not counted as a message."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line of a document that is neither a message nor an action."""

    number: int
    """Line of the document, from 1."""
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """One session as text, read back."""

    header: Header | None
    """None: the first lines are not exactly the header."""
    lines: tuple[TranscriptLine, ...]
    malformed: tuple[Malformed, ...] = ()

    @property
    def messages(self) -> tuple[TranscriptLine, ...]:
        """The lines that count as messages. Message indexes in verdicts count these, from 0."""
        return tuple(line for line in self.lines if not line.action)

    @property
    def size(self) -> int:
        """Bytes of the document as it is rendered. Raises ValueError if it has no header."""
        if self.header is None:
            raise ValueError("a document without a header")
        return len(render_document(self.header, self.lines).encode())


def render_line(said: TranscriptLine) -> str:
    """Without the newline.

    >>> render_line(TranscriptLine("kai", "hello there"))
    '<kai> hello there'
    """
    return f"* {said.nick} {said.text}" if said.action else f"<{said.nick}> {said.text}"


def render_document(h: Header, lines: Iterable[TranscriptLine]) -> str:
    """The whole document, ending in a newline."""
    return h.text + "".join(render_line(said) + "\n" for said in lines)


def parse_document(text: str, layout: HeaderLayout) -> Document:
    """Reads a document back; never fails: what does not fit is listed as malformed.

    >>> layout = HeaderLayout("ENGAGEMENT: {level}\\nCHANNEL: {channel}\\n", ("LOW", "HIGH"))
    >>> parse_document("ENGAGEMENT: LOW\\nCHANNEL: #general\\n<kai> hello\\n", layout).messages
    (TranscriptLine(nick='kai', text='hello', action=False),)
    """
    head = layout.read(text)
    start = head.text if head else ""
    lines: list[TranscriptLine] = []
    malformed: list[Malformed] = []
    for number, row in enumerate(_rows(text[len(start) :]), start.count("\n") + 1):
        found = _LINE.fullmatch(row)
        if not found:
            malformed.append(Malformed(number, row))
        elif found[1]:
            lines.append(TranscriptLine(found[1], found[2]))
        else:
            lines.append(TranscriptLine(found[3], found[4], action=True))
    return Document(head, tuple(lines), tuple(malformed))


def messages_of(text: str) -> tuple[TranscriptLine, ...]:
    """The messages of a document, whatever its header says."""
    found = filter(None, map(_LINE.fullmatch, _rows(text)))
    return tuple(TranscriptLine(line[1], line[2]) for line in found if line[1])


def _rows(text: str) -> list[str]:
    rows = text.split("\n")
    if rows[-1] == "":
        rows.pop()
    return rows
