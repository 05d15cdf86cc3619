"""Messages as litellm takes them; for Claude with marks at what its cache should keep.

Claude's cache matches whole blocks, so the transcript is cut into blocks of as many lines each: all but the last are
the same bytes in every later call of the session.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulator.llm.model import Message

BLOCK = 12
"""Lines a block. At most twenty blocks back are looked through for a match, far more than one call adds."""
_MARK = {"cache_control": {"type": "ephemeral"}}


def plain(messages: Iterable[Message]) -> list[dict[str, Any]]:
    return [{"role": message.role, "content": message.content} for message in messages]


def marked(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """The same text in the same order; a mark at the end of the system message and of the last full block."""
    return [{"role": message.role, "content": _blocks(message)} for message in messages]


def _blocks(message: Message) -> list[dict[str, Any]]:
    if message.role == "system":
        return [{"type": "text", "text": message.content, **_MARK}]
    grown = message.content.rfind("\n\n") + 1  # what follows the last empty line is new in every call
    lines = message.content[:grown].splitlines(keepends=True)
    full = len(lines) // BLOCK * BLOCK
    blocks = [{"type": "text", "text": "".join(lines[i : i + BLOCK])} for i in range(0, full, BLOCK)]
    if blocks:
        blocks[-1] |= _MARK
    return [*blocks, {"type": "text", "text": "".join(lines[full:]) + message.content[grown:]}]
