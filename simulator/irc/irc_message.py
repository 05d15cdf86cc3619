"""Lines of the IRC protocol: reading one with its tags, and writing one that holds nothing but what is meant.

A server cuts a line at 512 bytes, counted with the `:nick!user@host ` that it puts before it. What a model or a person
wrote becomes one argument of one command, whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.logs.text_decoding import decode_text, plain

LINE = 512
"""Bytes of a line with its CR LF (RFC 2812, 2.3); tags are not among them."""
CTCP = "\x01"
"""Stands before and after what is meant for a program; `ACTION` is the one that people see."""
NEW_LINES = dict.fromkeys(map(ord, "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"), " ")
UNKNOWN_HOST = 63
"""Bytes of the longest host name that servers show, as long as the own one is not known."""
_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)
_MEANT = {":": ";", "s": " ", "r": "\r", "n": "\n"}


@dataclass(frozen=True, slots=True)
class IrcMessage:
    """One line of the protocol (RFC 1459, 2.3.1; IRCv3 message tags)."""

    command: str
    """In capitals, or three digits."""
    params: tuple[str, ...] = ()
    """The trailing one is no different from the others."""
    source: str = ""
    """`nick!user@host`, or a server; empty where the line does not tell."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """By name, unescaped; without a value: an empty text."""

    @property
    def nick(self) -> str:
        """Who sent it: the source without user and host."""
        return self.source.partition("!")[0]

    def param(self, number: int) -> str:
        """The parameter of that number, from 0, or an empty text: servers leave some out."""
        return self.params[number] if number < len(self.params) else ""


def parse_message(line: str) -> IrcMessage | None:
    """Reads a line without its end; None for what is none.

    >>> parse_message("@time=2026-01-05T08:00:00Z;+x :ann!a@h PRIVMSG #tea :hello there").params
    ('#tea', 'hello there')
    >>> parse_message("AUTHENTICATE :+") == parse_message("AUTHENTICATE +")
    True
    """
    tags, source = {}, ""
    if line.startswith("@"):
        tagged, _, line = line[1:].partition(" ")
        for tag in tagged.split(";"):
            name, _, value = tag.partition("=")
            if name:
                tags[name] = _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), value)
    line = line.lstrip(" ")
    if line.startswith(":"):
        source, _, line = line[1:].partition(" ")
    before, trails, trailing = line.partition(" :")
    words = before.split(" ")
    command, *params = [word for word in words if word] or [""]
    if not re.fullmatch(r"[A-Za-z]+|\d{3}", command):
        return None
    return IrcMessage(command.upper(), (*params, trailing) if trails else tuple(params), source, tags)


def read_message(raw: bytes) -> IrcMessage | None:
    """Reads a line as it came; a broken letter costs that letter, a line cut at 512 bytes its last one."""
    end = raw.rstrip(b"\r\n")
    body = end.partition(b" ")[2] if end.startswith(b"@") else end
    return parse_message(decode_text(end, cut=len(body) >= LINE - 8))


def harmless(text: str) -> str:
    """One line without control characters of any kind: no second command, no CTCP, no colour, half a surrogate.

    >>> harmless("hi\\r\\nQUIT :gone \\x034red\\x03 \\x01VERSION\\x01\\x00")
    'hi QUIT :gone red VERSION'
    """
    return " ".join(plain(text.translate(NEW_LINES)).split())


def prefix(nick: str, user: str, host: str | None) -> str:
    """What the server puts before a line of that user; the longest possible where the host is not known."""
    return f":{nick}!~{user}@{host or 'x' * UNKNOWN_HOST} "


def split_text(text: str, before: str, after: str = "") -> list[str]:
    """The text in parts that each fit into one line between `before` and `after` (both as on the wire).

    Cut between words where there are any, never within a character. Nothing is lost but the spaces at the cuts.
    Raises ValueError where there is no room for any text.

    >>> split_text("one two three", "x" * 502)
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
