"""Keeps keys out of whatever people or files get to read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from urllib.parse import quote

_SECRET = re.compile(r"(?i)(_|^)(key|token|secret|password)s?$")
_LOOKS_SECRET = re.compile(
    r"""(?ix)
    (?<=bearer\s)\S+
    | (?<=://)[^/@\s'"]+(?=@)                       # user:password@host
    | (?<=[?&]key=)[^&\s'"]+ | (?<=api_key=)[^&\s'"]+ | (?<=token=)[^&\s'"]+
    | \b(?:sk|pk|rk|gsk|xai|hf|nvapi|pplx|r8)[-_][\w*.-]{6,}
    | \bAIza[\w*-]{10,}
    """
)


def redact(text: str, keys: Iterable[str | None] = ()) -> str:
    """The text with `[key]` in place of the given keys, of keys in the environment, and of what has a key's form.

    >>> scrub("bad key Bearer sk-live-123456789")
    'bad key Bearer [key]'
    """
    known = {key for key in keys if key}
    known |= {value for name, value in os.environ.items() if len(value) >= 8 and _SECRET.search(name)}
    for key in sorted(known, key=len, reverse=True):
        text = text.replace(key, "[key]").replace(quote(key, safe=""), "[key]")
    return _LOOKS_SECRET.sub("[key]", text)
