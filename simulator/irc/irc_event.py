"""What a connection tells: one thing that happened on the server, as plain text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

IrcEventKind = Literal[
    "said", "acted", "notice", "joined", "parted", "quit", "kicked", "renamed", "topic", "here", "lost", "refused"
]


@dataclass(frozen=True, slots=True)
class IrcEvent:
    """`text` is one harmless line: see `wire.harmless`."""

    kind: IrcEventKind
    """joined, parted, kicked: in the channel; quit: from the server; here: somebody was there before us; lost: the
    connection, which will be tried again; refused: the server will not have us in the channel."""
    at: float
    """Seconds since 1970; the server's time where it tells."""
    nick: str = ""
    """Who did it, as the server shows them; of `kicked`, who was put out."""
    text: str = ""
    """What was said; the new nick; the topic; why the connection was lost."""
    mask: str = ""
    """`nick!user@host`; empty where the server did not tell."""
    account: str | None = None
    """The services account the server vouches for; None: none, or the server does not tell."""
    private: bool = False
    """Said to us alone."""
    bot: bool = False
    """The server marks the sender as a program."""
    split: bool = False
    """Of `quit`: two servers lost each other (`a.net b.net`); nobody left."""
