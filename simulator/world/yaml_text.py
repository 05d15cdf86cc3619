"""Writes plain data as YAML that a person edits: small values on one line, larger ones below each other."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

ROOM = 60
"""Characters of a list or a mapping that stands on one line."""
_RESERVED = frozenset({"null", "true", "false", "yes", "no", "on", "off"})
_BREAKS = str.maketrans({each: f"\\u{ord(each):04x}" for each in "\x7f\x85\u2028\u2029\ufeff"})
"""What JSON may hold as it is and YAML takes for something else."""


def block(card: Mapping[str, Any], indent: str = "") -> list[str]:
    """The lines of a mapping of plain data, each after `indent`."""
    out: list[str] = []
    for key, value in card.items():
        flow = scalar(value)
        if isinstance(value, Mapping) and value and len(flow) > ROOM:
            out += [f"{indent}{scalar(key)}:", *block(value, indent + "  ")]
        elif isinstance(value, list | tuple) and value and len(flow) > ROOM:
            out += [f"{indent}{scalar(key)}:", *(f"{indent}  - {scalar(each)}" for each in value)]
        else:
            out.append(f"{indent}{scalar(key)}: {flow}")
    return out


def scalar(value: Any) -> str:
    """JSON, which is YAML; plain words without quotes.

    >>> scalar("word"), scalar("two words"), scalar("no"), scalar([1, "a"])
    ('word', '"two words"', '"no"', '[1, "a"]')
    """
    if isinstance(value, str) and re.fullmatch(r"[a-zA-Z][a-zA-Z_-]*", value) and value.lower() not in _RESERVED:
        return value
    return json.dumps(value, ensure_ascii=False).translate(_BREAKS)
