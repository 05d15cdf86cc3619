"""Nicks: which are the same, and what to call people whose name is no nick."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_FOLD = str.maketrans("[]\\~", "{}|^")
_ALIEN = re.compile(r"[^A-Za-z0-9\[\]\\`_^{|}-]+")
LONGEST = 31
STATUS = "~&@!%+."
"""Signs of a person's standing that servers and clients put before a nick; no nick begins with one."""


def fold(nick: str) -> str:
    """The same for nicks that a server takes for the same (RFC 1459: `{}|^` are the lower case of `[]\\~`).

    >>> fold("Foo[x]") == fold("foo{X}")
    True
    """
    return nick.lower().translate(_FOLD)


def legal(name: str) -> str:
    """A nick that a plan and a training document can hold, made from any name; the same name gives the same nick.

    >>> legal("Ann-Marie Müller"), legal("3vil"), legal("[bot]`")
    ('Ann-Marie_Muller', '_3vil', '[bot]`')
    """
    ascii_ = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    nick = _ALIEN.sub("_", ascii_.strip())
    if not nick.strip("_-") and not name.isascii():
        nick = "u" + hashlib.blake2b(name.encode(errors="replace"), digest_size=3).hexdigest()
    if not nick or nick[0].isdigit() or nick[0] == "-":
        nick = f"_{nick}"
    return nick[:LONGEST]


_SPECIAL = "[]\\`_^{|}-"
_PAIRS = ("[]", "{}", "||", "--", "``", "^^")
"""What people put around nicks and what may be part of one."""


def _edge(char: str) -> bool:
    """Whether a nick may begin or end with this."""
    return char.isalnum() or char in _SPECIAL


@lru_cache(maxsize=4096)
def bare(shown: str) -> str:
    """A nick without padding, signs of status, brackets and other ornaments that cannot be part of one; empty:
    nothing is left.

    >>> bare("<@+gale>"), bare("      gale:"), bare("[carol]"), bare("★ann")
    ('gale', 'gale', '[carol]', 'ann')
    """
    start, end = 0, len(shown)
    while start < end and not _edge(shown[start]):
        start += 1
    while end > start and not _edge(shown[end - 1]):
        end -= 1
    return shown[start:end]


@dataclass(frozen=True, slots=True)
class NickFrame:
    """Characters around every nick of a log that could be part of one: `[gale]` where nobody is called so."""

    before: str = ""
    after: str = ""

    def bare(self, shown: str) -> str:
        """The nick inside."""
        nick = bare(shown)
        if self.before and nick.startswith(self.before) and nick.endswith(self.after) and len(nick) > 2:
            return bare(nick[len(self.before) : len(nick) - len(self.after)])
        return nick


def find_frame(shown: Iterable[str], known: Iterable[str]) -> NickFrame:
    """What stands around all the nicks that are shown where people speak. `known`: nicks that lines of another kind
    name, such as joins; a pair that belongs to one of those is part of the nick."""
    speakers, others = {bare(nick) for nick in shown} - {""}, {fold(nick) for nick in known}
    if len(speakers) < 2 or any(fold(nick) in others for nick in speakers):
        return NickFrame()
    for pair in _PAIRS:
        before, after = pair[0], pair[1]
        if all(nick[:1] == before and nick[-1:] == after and len(nick) > 2 for nick in speakers):
            return NickFrame(before, after)
    return NickFrame()


class UniqueNicks:
    """Names of people who are known by something else than their name; no two share one."""

    def __init__(self) -> None:
        self._by_id: dict[str, str] = {}
        self._taken: set[str] = set()

    def nick(self, ident: str, name: str) -> str:
        """The nick of `ident`: made from the name under which it was first met, with a number where that is taken."""
        if (known := self._by_id.get(ident)) is not None:
            return known
        wanted = nick = legal(name)
        number = 2
        while fold(nick) in self._taken:
            nick = f"{wanted[: LONGEST - 4]}{number}"
            number += 1
        self._taken.add(fold(nick))
        self._by_id[ident] = nick
        return nick
