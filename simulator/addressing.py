"""Who a line is spoken to, and who it only speaks of: the one definition. `kai: ...` addresses, `ask kai` mentions.

addressee, mentioned   among the nicks of a channel: what turns, the bot and the gaps go by
without_address        by the form alone, where nobody knows who is in the channel
leading_nick           among the nicks of a log, by its first word alone: the narrower definition by which the
                       reference of real channels was measured, so that a corpus is measured alike
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

_GREETING = (
    r"(?:hey|hi|hello|yo|ok|okay|so|and|but|no|nah|yes|yeah|yep|oh|ah|well|wait|oi|thanks|ty|sorry|lol|haha|"
    r"hallo|moin|servus|ja|nein|nee|und|aber|danke|du)"
)
"""English, then German: no word of the second half is one of English, so that both hold everywhere."""
_SECOND_PERSON = (
    r"(?:you|your|you're|you've|u|ur|can|could|would|will|do|did|are|were|have|what|whats|what's|why|how|who|where|when|"
    r"is it|tell|write|help|please|pls|stop|come|be|"
    r"du|dein|deine|dich|dir|kannst|könntest|würdest|willst|hast|bist|machst|warum|wieso|wann|schreib|hilf|sag|bitte)"
)
_ADDRESS = re.compile(r"\S{1,31}:(?: |$)")
_BLANK = re.compile(r"\s")


_FIRST_LETTERS = re.compile(r"[^\W\d_]{3,}(?=[\W\d_])")
_COMMON = """
    the you your yours she her his him its our ours their they them this that these those and but for from with
    about into are was were been being had has have did does done will would can could should may might must not
    nor yes yeah what when where who how why which here there then than too also just very really all any some
    one two only more most other out off down over get got going know like think want make old new big little bad
    good red blue black white day night man boy girl guy sir mad hot cold real well
"""
_WORDS = frozenset(_COMMON.split())
"""Words that nobody means as a name, though a nick may begin with them (`old^fox`)."""


@lru_cache(maxsize=4096)
def short_form(nick: str) -> str | None:
    """What people call somebody for short: the letters that a nick begins with, in lower case; None: only the nick.

    >>> short_form("ines84"), short_form("Berta_B"), short_form("ulf_"), short_form("kai"), short_form("old^fox")
    ('ines', 'berta', 'ulf', None, None)
    """
    found = _FIRST_LETTERS.match(nick)
    short = found[0].lower() if found else None
    return None if short in _WORDS else short


@lru_cache(maxsize=8192)
def _patterns(name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """(addressed, mentioned) for a nick or a short form; a nick may contain characters such as `[` and `|`."""
    name = re.escape(name)
    left, right = r"(?<![\w\[\]\\`^{|}-])", r"(?![\w\[\]\\`^{|}-])"
    addressed = re.compile(
        rf"^@?{name}(?:\s?[:,]|$)|^@{name}{right}|^{_GREETING}[,\s]+@?{name}{right}(?!'s)"
        rf"|^{name}\s+{_SECOND_PERSON}\b|,\s@?{name}\s*[?!.…]*$",
        re.IGNORECASE,
    )
    return addressed, re.compile(f"{left}{name}{right}", re.IGNORECASE)


def _by_short_form(low: str, nicks: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(nick, short form) of those whose short form is in the text and means nobody else."""
    nicks = list(nicks)
    for nick in nicks:
        short = short_form(nick)
        if short is None or short not in low:
            continue
        if not any(other != nick and (other.lower() == short or short_form(other) == short) for other in nicks):
            yield nick, short


def addressee(text: str, nicks: Iterable[str]) -> str | None:
    """The one of `nicks` whom the line speaks to by nick or by an unmistakable short form of it, or None.

    >>> addressee("hey kai can you look at this", ["Kai", "bo"]), addressee("ask kai about it", ["Kai", "bo"])
    ('Kai', None)
    >>> addressee("ines what did they say", ["ines84"]), addressee("ines: hi", ["ines84", "ines_x"])
    ('ines84', None)
    """
    low, nicks = text.lower(), list(nicks)
    for nick in nicks:
        if nick.lower() in low and _patterns(nick)[0].search(text):
            return nick
    return next((nick for nick, short in _by_short_form(low, nicks) if _patterns(short)[0].search(text)), None)


def mentioned(text: str, nicks: Iterable[str]) -> frozenset[str]:
    """Those of `nicks` that occur in the line as words, or whose unmistakable short form does.

    >>> sorted(mentioned("bo said so, ask kai", ["Kai", "bo", "mar"]))
    ['Kai', 'bo']
    """
    low, nicks = text.lower(), list(nicks)
    whole = {nick for nick in nicks if nick.lower() in low and _patterns(nick)[1].search(text)}
    return frozenset(whole | {nick for nick, short in _by_short_form(low, nicks) if _patterns(short)[1].search(text)})


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
