"""Messages for Claude, with marks at what its cache should keep.

Claude's cache matches whole blocks, so every line of the transcript is one: in a later call of the session all of them
are the same bytes again, and only the newest lines are taken in. Its cache looks twenty blocks back for what it has,
more than one call adds. With blocks of twelve lines, 160 tokens a call went uncached; `tests/bench/bench_dollars.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydantic import JsonValue

from simulator.control_tokens import neutralise
from simulator.llm.model import Message

_LINE = re.compile(r"\n*[^\n]+\n*")
"""With the empty lines around it: a block of nothing but white space is refused."""


def marked(messages: Iterable[Message]) -> list[JsonValue]:
    """The same text in the same order; a mark at the end of the system message and of the last line."""
    return [
        {"role": message.role, "content": _blocks(message.role, neutralise(message.content))} for message in messages
    ]


def _blocks(role: str, text: str) -> list[JsonValue]:
    if role == "system":
        return [_block(text, kept=True)]
    grown = text.rfind("\n\n") + 1  # what follows the last empty line is new in every call
    lines = _LINE.findall(text[:grown])
    blocks = [_block(line, kept=number == len(lines)) for number, line in enumerate(lines, start=1)]
    return [*blocks, _block(text[grown:])]


def _block(text: str, *, kept: bool = False) -> JsonValue:
    block: dict[str, JsonValue] = {"type": "text", "text": text}
    if kept:
        block["cache_control"] = {"type": "ephemeral"}
    return block
