"""What people and models typed, made harmless for a terminal: text stays text, nothing in it is a command."""

from __future__ import annotations

import json
import re

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters of both sets, what turns the direction of writing, invisible characters, half surrogates."""
_JOINERS = re.compile("[\u200c\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
"""What melts its neighbours into one picture: how wide that is, terminals do not agree."""


def _shown(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code == 0x7F:
        return "\u2421"
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def sanitize(text: str) -> str:
    """The text with each dangerous character as a visible sign in one column.

    >>> sanitize("a\\x1b[2Jb\\x07\\u202ec")
    'a␛[2Jb␇\ufffdc'
    """
    return _UNSAFE.sub(_shown, text)


def columns(text: str) -> str:
    """As `sanitize`, and every character with a width of its own, so that columns stay columns."""
    return _JOINERS.sub("", sanitize(text))


def as_json(value: object, *, indent: int | None = None) -> str:
    """JSON that is readable and harmless: dangerous characters stand as `\\uXXXX`, so nothing is lost."""
    plain = json.dumps(value, ensure_ascii=False, indent=indent)
    # Newlines of the indentation are the only control characters that json leaves; they are not in strings.
    return "\n".join(_UNSAFE.sub(lambda found: json.dumps(found[0])[1:-1], line) for line in plain.split("\n"))
