"""The only door to randomness: streams with names.

A stream depends on the seed and on its name, on nothing else: not on the order of calls, not on other sessions, not on
the time. So a session that was cut at any event goes on exactly as it would have gone on.
"""

from __future__ import annotations

import hashlib
import random


def number(seed: int, *path: object) -> int:
    """A 63-bit number that the seed and the path alone decide.

    >>> number(1, "session", 4) == number(1, "session", 4) != number(1, "session", 5)
    True
    """
    name = "/".join([str(seed), *map(str, path)])
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest()) >> 1


def stream(seed: int, *path: object) -> random.Random:
    """A generator of its own for whatever the path names, such as `stream(seed, "turn", 12)`.

    >>> stream(7, "turn", 3).random() == stream(7, "turn", 3).random()
    True
    """
    return random.Random(number(seed, *path))
