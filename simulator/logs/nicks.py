"""Nicks: which are the same, and what to call people whose name is no nick."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_FOLD = str.maketrans("[]\\~", "{}|^")
_ALIEN = re.compile(r"[^A-Za-z0-9\[\]\\`_^{|}-]+")
LONGEST = 31


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
