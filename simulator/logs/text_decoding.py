"""Bytes of a log to lines of plain text. A line ends at a line feed; every broken piece is decoded by itself."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from simulator.errors import UsageError

_HIGH = re.compile(b"[\x80-\xff]+")
BROKEN = "\ufffd"
"""Stands for bytes that are part of a letter and no letter."""
_MULTIBYTE = re.compile(
    b"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    b"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_BEGUN = re.compile(b"(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f]|\xf0[\x90-\xbf][\x80-\xbf]?"
                    b"|[\xf1-\xf3][\x80-\xbf]{1,2}|\xf4[\x80-\x8f][\x80-\xbf]?)")  # fmt: skip
"""Two or three bytes of a letter whose last ones are missing."""


def decode_text(raw: bytes, *, cut: bool = False) -> str:
    """The text of one line. Well-formed UTF-8 is read as such, and what is not is looked at by itself:

    a letter whose last bytes are missing   `\ufffd`, or nothing where the line ends with it and was `cut`
    a byte that is no UTF-8                 Windows' Latin letter (cp1252), or the C1 control of that number

    In a line that holds UTF-8 already, a lone byte with which UTF-8 begins or continues the letters of Western Europe
    is a broken letter, no Latin one.

    >>> decode_text("né 日本 ".encode() + b"caf\\xe9 " + "日".encode()[:2] + b" ok")
    'né 日本 café \ufffd ok'
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        pass
    modern = any(len(letter) > 2 for letter in _MULTIBYTE.findall(raw)) or any(map(_valid, _HIGH.findall(raw)))
    if not modern and not cut and all(len(begun) < 3 for begun in _BEGUN.findall(raw)):
        return "".join(_latin(raw[at : at + 1]) for at in range(len(raw)))
    found: list[str] = []
    at = 0
    while at < len(raw):
        try:
            found.append(raw[at:].decode())
            break
        except UnicodeDecodeError as error:
            found.append(raw[at : at + error.start].decode())
            at += error.start
        begun = _BEGUN.match(raw, at)
        end = begun.end() if begun else at + 1
        if end == len(raw) and cut and raw[at] >= 0xC2:
            break
        found.append(BROKEN if begun or (modern and raw[at] < 0xC4) else _latin(raw[at:end]))
        at = end
    return "".join(found)


def _latin(byte: bytes) -> str:
    try:
        return byte.decode("cp1252")
    except UnicodeDecodeError:
        return byte.decode("latin-1")


def _valid(run: bytes) -> bool:
    try:
        run.decode()
    except UnicodeDecodeError:
        return False
    return True


_CODES = re.compile(
    "\x03(?:\\d{1,2}(?:,\\d{1,2})?)?"  # mIRC colour, with its numbers
    "|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?"  # hexadecimal colour
    "|\x19(?:F[@|*!_/%.-]*(?:\\d{2}|@\\d{5})|B\\d{2})?"  # WeeChat's own
    "|\x1b\\[[0-9;?]*[A-Za-z]"  # a terminal's
    # Everything else that moves a cursor or is not seen: C0, DEL, C1, separators of lines, marks of direction.
    "|[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
    "|[\ud800-\udfff]"
)


def plain(text: str) -> str:
    """What was typed, on one line, without codes and without space at its ends. Tabs become spaces.

    >>> plain("\\x02bold\\x02 and \\x0304,01red\\x03\\tok ")
    'bold and red ok'
    """
    # Most lines hold nothing of the kind, and `isprintable` says so fastest.
    if not text.isprintable():
        text = _CODES.sub("", text).replace("\t", " ")
    return text.strip()


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
