"""Messages as litellm takes them; for Claude with marks at what its cache should keep.

Claude's cache matches whole blocks, so every line of the transcript is one: in a later call of the session all of them
are the same bytes again, and only the newest lines are taken in. Its cache looks twenty blocks back for what it has,
more than one call adds. With blocks of twelve lines, 160 tokens a call went uncached; `tests/bench/bench_dollars.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from simulator.llm.model import Message

_LINE = re.compile(r"\n*[^\n]+\n*")
"""With the empty lines around it: a block of nothing but white space is refused."""
_MARK = {"cache_control": {"type": "ephemeral"}}


def plain(messages: Iterable[Message]) -> list[dict[str, Any]]:
    return [{"role": message.role, "content": message.content} for message in messages]


def marked(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """The same text in the same order; a mark at the end of the system message and of the last line."""
    return [{"role": message.role, "content": _blocks(message)} for message in messages]


def _blocks(message: Message) -> list[dict[str, Any]]:
    if message.role == "system":
        return [{"type": "text", "text": message.content, **_MARK}]
    grown = message.content.rfind("\n\n") + 1  # what follows the last empty line is new in every call
    blocks = [{"type": "text", "text": line} for line in _LINE.findall(message.content[:grown])]
    if blocks:
        blocks[-1] |= _MARK
    return [*blocks, {"type": "text", "text": message.content[grown:]}]
