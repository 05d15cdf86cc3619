"""What may stand in a line of the protocol, and how long it may be. Pure text; no connection.

A server cuts a line at 512 bytes, counted with the `:nick!user@host ` that it puts before it. What a model or a person
wrote becomes one argument of one command, whatever is in it.
"""

from __future__ import annotations

from simulator.logs.control_codes import plain

LINE = 512
"""Bytes of a line with its CR LF (RFC 2812, 2.3)."""
CTCP = "\x01"
"""Stands before and after what is meant for a program; `ACTION` is the one that people see."""
NEW_LINES = dict.fromkeys(map(ord, "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"), " ")
UNKNOWN_HOST = 63
"""Bytes of the longest host name that servers show, as long as the own one is not known."""


def harmless(text: str) -> str:
    """One line without control characters of any kind: no second command, no CTCP, no colour, half a surrogate.

    >>> harmless("hi\\r\\nQUIT :gone \\x034red\\x03 \\x01VERSION\\x01\\x00")
    'hi QUIT :gone red VERSION'
    """
    return " ".join(plain(text.translate(NEW_LINES)).split())


def prefix(nick: str, user: str, host: str | None) -> str:
    """What the server puts before a line of that user; the longest possible where the host is not known."""
    return f":{nick}!~{user}@{host or 'x' * UNKNOWN_HOST} "


def pieces(text: str, before: str, after: str = "") -> list[str]:
    """The text in parts that each fit into one line between `before` and `after` (both as on the wire).

    Cut between words where there are any, never within a character. Nothing is lost but the spaces at the cuts.

    >>> pieces("one two three", "x" * 502)
    ['one two', 'three']
    """
    room = LINE - len("\r\n") - len(before.encode()) - len(after.encode())
    if room < 4:
        raise ValueError(f"no room for text after {before!r}")
    found = []
    rest = text.strip()
    while len(rest.encode()) > room:
        head = rest.encode()[:room].decode(errors="ignore")
        # A word that ends exactly at the cut is whole.
        end = len(head) if rest[len(head) : len(head) + 1] == " " else head.rfind(" ")
        head = rest[: end if end > 0 else len(head)]
        found.append(head.rstrip())
        rest = rest[len(head) :].lstrip()
    return [*found, rest] if rest else found
