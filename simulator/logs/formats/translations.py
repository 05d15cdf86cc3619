"""What HexChat and WeeChat print in other languages, and how these abbreviate months.

The table beside this file holds templates of `grammar`. It is made by a script (`tests/logs/write_translations.py`)
from the programs' own catalogues, so that a log is read in the language in which it was written.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

from simulator.logs.entry import JOIN, NOTICE, PART, RENAME, SYSTEM
from simulator.logs.grammar import LineShape, shape

FILE = Path(__file__).with_name("translations.json")
_SURE = (JOIN, SYSTEM)
"""Kinds that nobody can type after /me: a join names the host, the others are harmless to overlook."""


class _Program(TypedDict):
    begin: str
    sentences: list[tuple[str, str]]


class _Language(TypedDict):
    hexchat: _Program
    months: dict[str, int]


class _Table(TypedDict):
    weechat: list[tuple[str, str]]
    languages: dict[str, _Language]


@lru_cache(maxsize=1)
def _table() -> _Table:
    table: _Table = json.loads(FILE.read_text(encoding="utf-8"))
    return table


def languages() -> tuple[str, ...]:
    """Codes of the languages that are known; the empty one is English."""
    return tuple(_table()["languages"])


def months(language: str) -> dict[str, int]:
    """Abbreviations in lower case, without a full stop, to 1 to 12."""
    return _table()["languages"][language]["months"]


def hexchat_begins(language: str) -> str:
    """What HexChat's first line of a session begins with."""
    return _table()["languages"][language]["hexchat"]["begin"]


def hexchat_sentences(language: str) -> tuple[LineShape, ...]:
    """Rows of HexChat's grammar: who comes, goes, changes nick or mode. Most are not sure: /me can be used to type
    them."""
    rows = _table()["languages"][language]["hexchat"]["sentences"]
    own = (kind == RENAME and "{nick}" not in template for kind, template in rows)
    return tuple(
        shape(kind, template, sure=mine or kind in _SURE or (kind == PART and "{host}" in template))
        for mine, (kind, template) in zip(own, rows, strict=True)
    )


def weechat_sentences() -> tuple[LineShape, ...]:
    """Rows of WeeChat's grammar in all languages: its signs say which lines are its own, so none can be mistaken."""
    signs = {PART: "<--\t", NOTICE: "--\t"}
    return tuple(shape(kind, signs.get(kind, "--\t") + template) for kind, template in _table()["weechat"])
