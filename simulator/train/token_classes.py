"""What each character of a document is to the loss: the header, who speaks, the lead's words, other people's words.

    ENGAGEMENT: LOW\\n         HEADER
    CHANNEL: #general\\n       HEADER
    <kai>                     SPEAKER    the decision who speaks next
    ` anyone up?\\n`           PEOPLE     from the space after the nick to the newline that ends the line
    * kai                     SPEAKER    the same for an action
    ` waves\\n`                PEOPLE

The end of a document (EOS) and its beginning (BOS) belong to HEADER. Nobody says them and nobody decides them: a
document ends where the recording stopped. A lead that was trained to end documents would fall silent in a real
channel after as many messages as a document has, so the end weighs what the frame weighs, not what a turn weighs.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from simulator.document import Document, parse_document, render_header, render_line
from simulator.errors import UsageError


class TokenClass(StrEnum):
    """What a token is part of."""

    HEADER = "header"
    """The two header lines, and the marks for beginning and end."""
    SPEAKER = "speaker"
    """`<nick>` or `* nick` at the start of a line."""
    LEAD = "lead"
    """The rest of a line of the lead's, with its newline."""
    PEOPLE = "people"
    """The rest of anybody else's line."""


class Span(NamedTuple):
    """Characters `start` to `end` (not included) of a document."""

    start: int
    end: int
    kind: TokenClass


def spans(text: str, lead: str) -> tuple[Span, ...]:
    """Every character of a document in exactly one span, in order.

    Raises UsageError for a text that `screen.render` would not have made.

    >>> text = "ENGAGEMENT: LOW\\nCHANNEL: #general\\n<kai> hello\\n"
    >>> [(text[s.start : s.end], s.kind.value) for s in spans(text, "ada")][1:]
    [('<kai>', 'speaker'), (' hello\\n', 'people')]
    """
    document = parse_document(text)
    if document.header is None or document.malformed or not document.lines or not text.endswith("\n"):
        raise UsageError(_fault(document), place="document", remedy="run `em check` on the file")
    start = len(render_header(document.header))
    found = [Span(0, start, TokenClass.HEADER)]
    for said in document.lines:
        nick = start + len(said.nick) + 2  # `<nick>` and `* nick` are both two characters longer
        end = start + len(render_line(said)) + 1
        words = TokenClass.LEAD if said.nick == lead else TokenClass.PEOPLE
        found += [Span(start, nick, TokenClass.SPEAKER), Span(nick, end, words)]
        start = end
    return tuple(found)


def _fault(document: Document) -> str:
    if document.header is None:
        return "does not begin with the two header lines"
    if document.malformed:
        return f"line {document.malformed[0].number} is neither a message nor an action"
    return "does not end in a newline" if document.lines else "holds no message"
