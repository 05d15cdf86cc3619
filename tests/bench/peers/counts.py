"""How much of each prompt a cache would have held: tokens shared with earlier prompts, from the first token on."""

from __future__ import annotations

import importlib.util
import json
import os
from array import array
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

WIDTH = 4
"""Bytes a token, so that prompts are compared as bytes."""
KEPT = 64
"""Prompts that the ideal cache holds."""


def tokenizer() -> tuple[str, Callable[[str], bytes]]:
    """Its name, and text to token ids of WIDTH bytes each: cl100k, or four characters a token where that is missing.

    The vocabulary lies in litellm's package; without it tiktoken would fetch it from the network.
    """
    spec = importlib.util.find_spec("litellm")
    if spec and spec.origin:
        os.environ["TIKTOKEN_CACHE_DIR"] = str(Path(spec.origin).parent / "litellm_core_utils" / "tokenizers")
        try:
            import tiktoken

            encoding = tiktoken.get_encoding("cl100k_base")
            return "cl100k", lambda text: array("I", encoding.encode_ordinary(text)).tobytes()
        except (ImportError, OSError):
            pass
    return "characters/4", lambda text: (text + " " * (-len(text) % WIDTH)).encode("ascii", "replace")


def text_of(body: bytes) -> str:
    """A request as one text, in the order in which a model reads it: raw, or role, name and words of each message."""
    call = json.loads(body)
    if "prompt" in call:
        return call["prompt"]
    return "".join(f"{m['role']} {m.get('name') or ''}\n{_words(m.get('content'))}\n" for m in call["messages"])


def shared(a: bytes, b: bytes) -> int:
    """Tokens that two prompts have in common at their beginning."""
    most, at = min(len(a), len(b)), 0
    for step in (16384, 1024, 64, WIDTH):
        while at + step <= most and a[at : at + step] == b[at : at + step]:
            at += step
    return at // WIDTH


def counted(calls: Iterable[tuple[bytes, str]]) -> dict[str, object]:
    """Sums over the calls of one session (request, text of the answer).

    `uncached_one_slot` is what a server reads that holds the last prompt only, `uncached_ideal` one that holds the last
    KEPT. `later` leaves out the first call, which reads the cards; `beyond_newest` is the first kind of `later` calls
    less the tokens of the answer before, which no layout can save.
    """
    name, tokens = tokenizer()
    held: deque[bytes] = deque(maxlen=KEPT)
    sums = dict.fromkeys(("calls", "prompt", "uncached_one_slot", "uncached_ideal", "later", "answers"), 0)
    newest = 0
    for body, answer in calls:
        ids = tokens(text_of(body))
        length = len(ids) // WIDTH
        last = shared(held[0], ids) if held else 0
        sums["calls"] += 1
        sums["prompt"] += length
        sums["uncached_one_slot"] += length - last
        sums["uncached_ideal"] += length - max((shared(one, ids) for one in held), default=0)
        if held:
            sums["later"] += length - last - newest
        newest = len(tokens(answer)) // WIDTH
        sums["answers"] += newest
        held.appendleft(ids)
    beyond = sums.pop("later") / max(1, sums["calls"] - 1)
    return {"tokens": name, **sums, "beyond_newest": round(beyond, 1)}


def _words(content: object) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return str(content or "")
