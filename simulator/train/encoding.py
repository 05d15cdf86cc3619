"""Documents as token ids, each with its class: no token holds characters of two classes.

A document is tokenised piece by piece, a piece being one span of `split_spans`: the header, `<nick>`, the words. So
every message boundary and the end of every `<nick>` is the end of a token, with any tokenizer: also with one of
Mistral's, which would make one token of a full stop and the newline after it together, and could make one of a newline
and what follows. A running text that is tokenised as a whole, as llama.cpp does it, gives the same tokens wherever the
tokenizer's own rules cut at these places too, as SmolLM2's do.

What is encoded is decoded again and compared, piece by piece and as a whole: a tokenizer that cannot give a text back,
or that puts something between the pieces, is refused.

What each character of a document is to the loss: the header, who speaks, the lead's words, other people's words.

    ENGAGEMENT: LOW\n         HEADER
    CHANNEL: #general\n       HEADER
    <kai>                     SPEAKER    the decision who speaks next
    ` anyone up?\n`           PEOPLE     from the space after the nick to the newline that ends the line
    * kai                     SPEAKER    the same for an action
    ` waves\n`                PEOPLE

The end of a document (EOS) and its beginning (BOS) belong to HEADER. Nobody says them and nobody decides them: a
document ends where the recording stopped. A lead that was trained to end documents would fall silent in a real
channel after as many messages as a document has, so the end weighs what the frame weighs, not what a turn weighs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from simulator.document import (
    Document,
    HeaderLayout,
    TranscriptLine,
    parse_document,
    render_document,
    render_line,
)
from simulator.errors import UsageError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class TokenClass(StrEnum):
    """What a token is part of."""

    HEADER = "header"
    """The header lines, and the marks for beginning and end."""
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


def split_spans(text: str, lead: str, layout: HeaderLayout) -> tuple[Span, ...]:
    """Every character of a document in exactly one span, in order.

    Raises UsageError for a text that `render_document` would not have made.

    >>> layout = HeaderLayout("ENGAGEMENT: {level}\\nCHANNEL: {channel}\\n", ("LOW", "HIGH"))
    >>> text = "ENGAGEMENT: LOW\\nCHANNEL: #general\\n<kai> hello\\n"
    >>> [(text[s.start : s.end], s.kind.value) for s in split_spans(text, "ada", layout)][1:]
    [('<kai>', 'speaker'), (' hello\\n', 'people')]
    """
    document = parse_document(text, layout)
    if document.header is None or document.malformed or not document.lines or not text.endswith("\n"):
        raise UsageError(_fault(document), place="document", remedy="run `em check` on the file")
    start = len(document.header.text)
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
        return "does not begin with the header lines"
    if document.malformed:
        return f"line {document.malformed[0].number} is neither a message nor an action"
    return "does not end in a newline" if document.lines else "holds no message"


REMEDY = "choose a base whose tokenizer is byte-level, such as Mistral's tekken or SmolLM2's"


@dataclass(frozen=True, slots=True)
class Encoded:
    """A document, or a piece of one, as tokens."""

    ids: tuple[int, ...]
    classes: tuple[TokenClass, ...]
    """As many as ids."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lines(self) -> tuple[int, ...]:
        """Places in `ids` where a line begins, in order, the header's left out.

        At each of them somebody had to be the next to speak; the token before it is the last of the header or of the
        line before. A line begins with tokens of SPEAKER and goes on with others, so the classes tell.
        """
        speaker = TokenClass.SPEAKER
        kinds = self.classes
        return tuple(
            place for place, kind in enumerate(kinds) if kind is speaker and (not place or kinds[place - 1] != speaker)
        )


class Encoder:
    """Encodes documents for one model. The tokenizer is asked about each nick and each header only once."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, lead: str, layout: HeaderLayout) -> None:
        """`lead`: the lead's nick. `layout`: of the header.

        Raises UsageError for a tokenizer that cannot spell the header or a nick in brackets, or has no token for the
        end of a document.
        """
        self.tokenizer, self.lead, self.layout = tokenizer, lead, layout
        self._known: dict[str, tuple[int, ...]] = {}
        self._special = frozenset(tokenizer.all_special_ids)
        if tokenizer.eos_token_id is None:
            raise UsageError("has no token for the end of a text (eos_token)", place="tokenizer", remedy=REMEDY)
        self._first = _first(tokenizer)
        for level in layout.levels:
            header = layout.header(level, "#channel")
            self.encode(render_document(header, [TranscriptLine(lead, "hi"), TranscriptLine("a_", "hi")]))

    def encode(self, text: str) -> Encoded:
        """A whole document. Ends with EOS; begins with BOS where the tokenizer's own convention is to put one there.

        Raises UsageError for a text that is no document and for characters that the tokenizer cannot spell.
        """
        found = split_spans(text, self.lead, self.layout)
        fixed = (TokenClass.HEADER, TokenClass.SPEAKER)
        self._fixed(text[s.start : s.end] for s in found if s.kind in fixed)
        said = [text[s.start : s.end] for s in found if s.kind not in fixed]
        words = iter(self._spelled(said))
        ids, classes = list(self._first), [TokenClass.HEADER] * len(self._first)
        for span in found:
            piece = self._known[text[span.start : span.end]] if span.kind in fixed else next(words)
            ids.extend(piece)
            classes.extend([span.kind] * len(piece))
        self._same(text, self._decoded([ids[len(self._first) :]])[0])
        ids.append(self.tokenizer.eos_token_id)
        classes.append(TokenClass.HEADER)
        return Encoded(tuple(ids), tuple(classes))

    def speaker(self, nick: str) -> tuple[int, ...]:
        """The tokens of `<nick>` as every document spells it, the closing bracket included."""
        piece = f"<{nick}>"
        self._fixed([piece])
        return self._known[piece]

    def _fixed(self, pieces: Iterable[str]) -> None:
        new = [piece for piece in dict.fromkeys(pieces) if piece not in self._known]
        self._known.update(zip(new, self._spelled(new), strict=True))

    def _spelled(self, pieces: list[str]) -> list[tuple[int, ...]]:
        """Each piece's tokens, which say the piece again and nothing else."""
        if not pieces:
            return []
        # What looks like a special token (`</s>`) is text that somebody typed.
        rows = self.tokenizer(pieces, add_special_tokens=False, split_special_tokens=True).input_ids
        for piece, row, again in zip(pieces, rows, self._decoded(rows), strict=True):
            self._same(piece, again)
            if not self._special.isdisjoint(row):
                raise UsageError(f"has no tokens of its own for {piece!r}", place="tokenizer", remedy=REMEDY)
        return [tuple(row) for row in rows]

    def _decoded(self, rows: list[list[int]]) -> list[str]:
        return self.tokenizer.batch_decode(rows, skip_special_tokens=False, clean_up_tokenization_spaces=False)

    def _same(self, text: str, again: str) -> None:
        if again != text:
            place = next((i for i, (a, b) in enumerate(zip(text, again, strict=False)) if a != b), 0)
            wanted, got = text[place : place + 20], again[place : place + 20]
            raise UsageError(f"makes {got!r} of {wanted!r}", place="tokenizer", remedy=REMEDY)


def _first(tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """BOS if the tokenizer puts it before a text of its own accord."""
    bos = tokenizer.bos_token_id
    return (bos,) if bos is not None and tokenizer("a").input_ids[:1] == [bos] else ()
