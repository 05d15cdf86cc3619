r"""What holds a small model to one line of chat: a grammar (GBNF) for the llama.cpp servers that we start ourselves.

A line is one to four complete sentences of 16 to 174 characters, the last two of which are letters or digits before the
mark that ends it. Left free, a small model ends a line after a word or never, and where a sentence has to end by count
it ends in ", !". Ruled out inside a sentence, beside what ends one: `<` and `>` (it would go on with somebody else's
line), `*` (stage directions), signs that nobody types in chat, and the newline. The line's own newline is part of the
grammar in the completion dialect, where the prompt stops there; in the chat dialect the model ends its turn instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache

from simulator.llm.model import Prompt

TOKENS_A_SENTENCE = 40
"""Room that the longest sentence takes, so that max_tokens hardly ever cuts one."""

_SENTENCE = "sentence ::= [A-Za-z] inner{12,170} end"
_REST = "rest ::= inner{6,170} end"
_PARTS = r"""inner ::= [^\n<>.!?*&{}|~^=\\]
end ::= [a-z] [a-z0-9'] [.!?]"""
_BEGUN = re.compile(r"(?:<[^\s<>]{1,31}>|\* \S{1,31})(.*)")


class Start(StrEnum):
    """Where the model's text begins, as the rule for its first sentence."""

    TURN = "sentence"
    """At the beginning of a chat turn."""
    LINE = '" " sentence'
    """After `<nick>`, or after opening words that end a sentence."""
    WORD = "rest"
    """After opening words and a space."""
    SPACE = '" " rest'
    """After opening words."""


def start(prompt: Prompt) -> Start:
    """Where the answer to the prompt begins.

    The text of the completion dialect ends with `<nick>` (for an action `* nick`), or with opening words after that.
    """
    if prompt.text is None:
        return Start.TURN
    line = _BEGUN.fullmatch(prompt.text[prompt.text.rfind("\n") + 1 :])
    opening = line[1] if line else ""
    if not opening.strip():
        return Start.TURN if opening else Start.LINE
    if opening.endswith(" "):
        return Start.WORD
    return Start.LINE if opening[-1] in ".!?" else Start.SPACE


def one_line(prompt: Prompt) -> str:
    """The grammar for the answer to a prompt that wants one line."""
    sentences = min(prompt.sentences, max(1, prompt.max_tokens // TOKENS_A_SENTENCE))
    return _grammar(start(prompt), sentences, newline=prompt.text is not None)


def one_of(choices: Sequence[str]) -> str:
    """The grammar for an answer that is one of these words."""
    return f'root ::= " "? ({" | ".join(json.dumps(choice) for choice in choices)})'


@cache
def _grammar(start: Start, sentences: int, *, newline: bool) -> str:
    more = f' (" " sentence){{0,{sentences - 1}}}' if sentences > 1 else ""
    end = r' "\n"' if newline else ""
    return "\n".join((f"root ::= {start}{more}{end}", _SENTENCE, _REST, _PARTS))
