"""The one renderer: what a channel looks like to a model, the same bytes for training, evaluation and the bot.

    ENGAGEMENT: LOW
    CHANNEL: #general
    <nick> text
    * nick text

Every line ends in a newline. The two header lines are exactly those of the brief.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_HEADER = re.compile(r"ENGAGEMENT: (LOW|MEDIUM|HIGH)\nCHANNEL: (#[^\s,:]+)\n")
_LINE = re.compile(r"<([^\s<>]{1,31})> (\S.*)|\* (\S{1,31}) (\S.*)")


@dataclass(frozen=True, slots=True)
class Header:
    """The first two lines of a document."""

    engagement: str
    """LOW, MEDIUM or HIGH."""
    channel: str


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
    """None: the first two lines are not exactly the header."""
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


def render_header(h: Header) -> str:
    """The two lines, each ending in a newline."""
    return f"ENGAGEMENT: {h.engagement}\nCHANNEL: {h.channel}\n"


def render_line(said: TranscriptLine) -> str:
    """Without the newline.

    >>> render_line(TranscriptLine("kai", "hello there"))
    '<kai> hello there'
    """
    return f"* {said.nick} {said.text}" if said.action else f"<{said.nick}> {said.text}"


def render_document(h: Header, lines: Iterable[TranscriptLine]) -> str:
    """The whole document, ending in a newline."""
    return render_header(h) + "".join(render_line(said) + "\n" for said in lines)


def parse_document(text: str) -> Document:
    """Reads a document back; never fails: what does not fit is listed as malformed.

    >>> parse_document("ENGAGEMENT: LOW\\nCHANNEL: #general\\n<kai> hello\\n").messages
    (TranscriptLine(nick='kai', text='hello', action=False),)
    """
    head = _HEADER.match(text)
    lines: list[TranscriptLine] = []
    malformed: list[Malformed] = []
    body, first = (text[head.end() :], 3) if head else (text, 1)
    rows = body.split("\n")
    if rows[-1] == "":
        rows.pop()
    for number, row in enumerate(rows, first):
        found = _LINE.fullmatch(row)
        if not found:
            malformed.append(Malformed(number, row))
        elif found[1]:
            lines.append(TranscriptLine(found[1], found[2]))
        else:
            lines.append(TranscriptLine(found[3], found[4], action=True))
    return Document(Header(head[1], head[2]) if head else None, tuple(lines), tuple(malformed))
