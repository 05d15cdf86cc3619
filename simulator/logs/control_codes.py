"""Colour, bold and other control codes, taken out of what people typed."""

from __future__ import annotations

import re

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
