"""Decoding of text that is UTF-8 for the most part: piece by piece, so that one broken letter costs one letter."""

from __future__ import annotations

import re

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
