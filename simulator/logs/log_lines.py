"""Bytes of a log to lines of text. A line ends at a line feed and nowhere else; every piece has its own encoding."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from simulator.errors import UsageError
from simulator.logs.text_decoding import BROKEN, decode_text

CUT = 330
"""Bytes from which a line may have been cut by a server, at 512 bytes of which it keeps some for itself."""
LONGEST = 16_384
"""Bytes of a line that are read; what is longer is no line of a chat, and its rest is skipped."""


def lines(path: Path, encodings: Counter[str]) -> Iterator[str]:
    """Each line without its end, in order; counts in `encodings` how lines had to be read.

    A line is UTF-8 or, where it is not, Windows-1252 (with Latin-1 for the five bytes that it lacks), as clients of
    the 2000s wrote: both in one file. Nothing is ever refused: wrong letters are better than a missing line. A file
    that begins with the mark of UTF-16 is read as such. Raises UsageError for a file that cannot be opened.
    """
    try:
        with path.open("rb") as file:
            start = file.read(3)
            if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                yield from _wide(path, encodings)
                return
            if start != codecs.BOM_UTF8:
                file.seek(0)
            while row := file.readline(LONGEST):
                if len(row) == LONGEST and row[-1] != 10:
                    while (rest := file.readline(LONGEST)) and rest[-1] != 10:
                        pass
                    encodings["cut at 16 KiB"] += 1
                yield decoded(row, encodings).rstrip("\r\n")
    except OSError as error:
        raise UsageError(error.strerror or str(error), place=str(path), remedy="name a readable file") from None


def decoded(row: bytes, encodings: Counter[str]) -> str:
    """One line as text; never fails."""
    if row.isascii():
        encodings["ascii"] += 1
        return row.decode("ascii")
    try:
        text = row.decode("utf-8")
        encodings["utf-8"] += 1
        return text
    except UnicodeDecodeError:
        pass
    utf8 = sum(not c.isascii() for c in row.decode("utf-8", "ignore")) > 1
    text = decode_text(row.rstrip(b"\r\n"), cut=utf8 and len(row) > CUT)
    if BROKEN in text or (utf8 and len(row) > CUT):
        how = "utf-8, broken"
    else:
        how = "latin-1" if any("\x7f" < c < "\xa0" for c in text) else "utf-8 and cp1252" if utf8 else "cp1252"
    encodings[how] += 1
    return text


def _wide(path: Path, encodings: Counter[str]) -> Iterator[str]:
    with path.open(encoding="utf-16", errors="replace", newline="\n") as file:
        while row := file.readline(LONGEST):
            encodings["utf-16"] += 1
            yield row.rstrip("\r\n")
