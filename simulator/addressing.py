"""Who a line is spoken to, and who it only speaks of: the one definition. `kai: ...` addresses, `ask kai` mentions.

addressee, mentioned   among the nicks of a channel: what turns, the bot and the gaps go by
without_address        by the form alone, where nobody knows who is in the channel
leading_nick           among the nicks of a log, by its first word alone: the narrower definition by which the
                       reference of real channels was measured, so that a corpus is measured alike
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

_GREETING = r"(?:hey|hi|hello|yo|ok|okay|so|and|but|no|nah|yes|yeah|yep|oh|ah|well|wait|oi|thanks|ty|sorry|lol|haha)"
_SECOND_PERSON = (
    r"(?:you|your|you're|you've|u|ur|can|could|would|will|do|did|are|were|have|what|whats|what's|why|how|who|where|when|"
    r"is it|tell|write|help|please|pls|stop|come|be)"
)
_ADDRESS = re.compile(r"\S{1,31}:(?: |$)")
_BLANK = re.compile(r"\s")


def spoken_forms(nick: str) -> tuple[str, ...]:
    """What people call somebody in the channel."""
    return (nick,)


@lru_cache(maxsize=4096)
def _patterns(nick: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """(addressed, mentioned) for one nick, which may contain characters such as `[` and `|`."""
    name = f"(?:{'|'.join(map(re.escape, spoken_forms(nick)))})"
    left, right = r"(?<![\w\[\]\\`^{|}-])", r"(?![\w\[\]\\`^{|}-])"
    addressed = re.compile(
        rf"^@?{name}(?:\s?[:,]|$)|^@{name}{right}|^{_GREETING}[,\s]+@?{name}{right}(?!'s)"
        rf"|^{name}\s+{_SECOND_PERSON}\b|,\s@?{name}\s*[?!.…]*$",
        re.IGNORECASE,
    )
    return addressed, re.compile(f"{left}{name}{right}", re.IGNORECASE)


def _may_hold(low: str, nick: str) -> bool:
    """Quick: False if no form of the nick is in the text, which is in lower case."""
    return any(form.lower() in low for form in spoken_forms(nick))


def addressee(text: str, nicks: Iterable[str]) -> str | None:
    """The one of `nicks` whom the line speaks to by name, or None.

    >>> addressee("hey kai can you look at this", ["Kai", "bo"]), addressee("ask kai about it", ["Kai", "bo"])
    ('Kai', None)
    """
    low = text.lower()
    for nick in nicks:
        if _may_hold(low, nick) and _patterns(nick)[0].search(text):
            return nick
    return None


def mentioned(text: str, nicks: Iterable[str]) -> frozenset[str]:
    """Those of `nicks` that occur in the line as words.

    >>> sorted(mentioned("bo said so, ask kai", ["Kai", "bo", "mar"]))
    ['Kai', 'bo']
    """
    low = text.lower()
    return frozenset(nick for nick in nicks if _may_hold(low, nick) and _patterns(nick)[1].search(text))


def without_address(text: str) -> str:
    """The line without the `nick: ` that it may begin with, whoever that is.

    >>> without_address("kai: no, not again"), without_address("no, not again")
    ('no, not again', 'no, not again')
    """
    address = _ADDRESS.match(text)
    return text[address.end() :] if address else text


def leading_nick(text: str, nicks: Mapping[str, str]) -> str | None:
    """The nick that the text begins with, set off as an address; None if it begins with none.

    `nicks`: in lower case to as they are written.

    >>> known = {"kai": "Kai"}
    >>> leading_nick("kai: hello", known), leading_nick("@kai hello", known), leading_nick("kai said so", known)
    ('Kai', 'Kai', None)
    """
    first, *rest = _BLANK.split(text, maxsplit=2)
    if first.startswith("<@") and first.endswith(">"):
        name = first[2:-1]
    elif first.startswith("@"):
        name = first[1:-1] if first.endswith((":", ",", ";")) else first[1:]
    elif first.endswith((":", ",", ";", ">")):
        name = first[:-1]
    else:
        name = first if rest and rest[0] in (":", ",", ";", ">") else ""
    return nicks.get(name.lower())
