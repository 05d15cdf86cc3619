"""A user's own parameters for requests: `--param KEY=VALUE`, for every role or for one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from pydantic import JsonValue

from simulator.errors import UsageError
from simulator.llm.model import Purpose
from simulator.llm.server_traits import JsonObject

_OURS = frozenset(
    {"model", "messages", "prompt", "stream", "stream_options", "api_key", "api_base", "base_url", "headers"}
)
"""What a request is made of, and what must not be recorded."""
_SECRET = re.compile(r"(?i)(?:^|[._-])(?:api[_-]?key|token|authorization|secret|password)$")
_REMEDY = "such as --param reasoning_effort=low or --param lead:chat_template_kwargs.enable_thinking=true"


def parse_params(given: Iterable[str]) -> dict[Purpose, JsonObject]:
    """The parameters of each role, from `[ROLE:]KEY=VALUE`; a later one replaces an earlier one.

    ROLE is `people`, `lead`, `guard` or `judge`, none: all of them. A dot in KEY leads into an object. VALUE is JSON,
    or a text where it is none. Raises UsageError for anything else, and for what a request cannot do without.

    >>> parse_params(["lead:extra_body.top_k=5"])
    {<Purpose.LEAD: 'lead'>: {'extra_body': {'top_k': 5}}}
    """
    found: dict[Purpose, JsonObject] = {}
    for text in given:
        name, equals, value = text.partition("=")
        role, colon, key = name.rpartition(":")
        path = key.strip().split(".")
        if _SECRET.search(key):
            remedy = "set the provider's variable: parameters are recorded with the run"
            raise UsageError("keys are not parameters", place=f"--param {key}", remedy=remedy)
        if not equals or not all(path) or (colon and role not in set(Purpose)):
            raise UsageError(f"`{text}` is not [ROLE:]KEY=VALUE", place="--param", remedy=_REMEDY)
        if path[0] in _OURS:
            raise UsageError(f"`{path[0]}` is not for --param", place="--param", remedy=_REMEDY)
        for purpose in [Purpose(role)] if colon else Purpose:
            _put(found.setdefault(purpose, {}), path, _value(value))
    return found


def _value(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return text
    return value


def _put(into: JsonObject, path: list[str], value: JsonValue) -> None:
    first, *rest = path
    if not rest:
        into[first] = value
        return
    inner = into.get(first)
    inner = dict(inner) if isinstance(inner, dict) else {}
    _put(inner, rest, value)
    into[first] = inner
