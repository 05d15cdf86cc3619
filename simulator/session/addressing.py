"""Who a line is spoken to, and who it only speaks of. `kai: ...` addresses, `ask kai` mentions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_GREETING = r"(?:hey|hi|hello|yo|ok|okay|so|and|but|no|nah|yes|yeah|yep|oh|ah|well|wait|oi|thanks|ty|sorry|lol|haha)"
_SECOND_PERSON = (
    r"(?:you|your|you're|you've|u|ur|can|could|would|will|do|did|are|were|have|what|whats|what's|why|how|who|where|when|"
    r"is it|tell|write|help|please|pls|stop|come|be)"
)


@lru_cache(maxsize=4096)
def _patterns(nick: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """(addressed, mentioned) for one nick, which may contain characters such as `[` and `|`."""
    name = re.escape(nick)
    left, right = r"(?<![\w\[\]\\`^{|}-])", r"(?![\w\[\]\\`^{|}-])"
    addressed = re.compile(
        rf"^@?{name}(?:\s?[:,]|$)|^@{name}{right}|^{_GREETING}[,\s]+@?{name}{right}(?!'s)"
        rf"|^{name}\s+{_SECOND_PERSON}\b|,\s@?{name}\s*[?!.…]*$",
        re.IGNORECASE,
    )
    return addressed, re.compile(f"{left}{name}{right}", re.IGNORECASE)


def addressee(text: str, nicks: Iterable[str]) -> str | None:
    """The one of `nicks` whom the line speaks to by name, or None.

    >>> addressee("hey kai can you look at this", ["Kai", "bo"]), addressee("ask kai about it", ["Kai", "bo"])
    ('Kai', None)
    """
    low = text.lower()
    for nick in nicks:
        if nick.lower() in low and _patterns(nick)[0].search(text):
            return nick
    return None


def mentioned(text: str, nicks: Iterable[str]) -> frozenset[str]:
    """Those of `nicks` that occur in the line as words.

    >>> sorted(mentioned("bo said so, ask kai", ["Kai", "bo", "mar"]))
    ['Kai', 'bo']
    """
    low = text.lower()
    return frozenset(nick for nick in nicks if nick.lower() in low and _patterns(nick)[1].search(text))
