"""Transcripts as data in the page: compressed in blocks, each opened by the browser when somebody looks into it.

A transcript is JSON, `[begins, lead, reasons, events]`. A reason is `[rule, message, evidence]`; an event
`[kind, seconds since begins, nick, text, why, cue, refused]` without what is empty at its end, where `why` maps the
scheduler's weights to factors, or is the word of somebody who passed, and `refused` holds `[text, rule, evidence]`.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from simulator import rng
from simulator.events import Acted, Event, Passed, Renamed, Said, TopicSet
from simulator.plan.session_plan import Setting

BLOCK = 150_000
"""Bytes of JSON in a block: it opens in a few milliseconds, and compresses as well as a larger one."""
FRAME = 80
"""Bytes of HTML around a block, at most."""
LEVEL = 6
"""Of compression: the highest is four times as slow for a fiftieth less."""


class Placed(Protocol):
    """What the choice of transcripts needs to know of a session."""

    @property
    def id(self) -> str:
        """Of the session."""

    @property
    def state(self) -> str:
        """open, spare, kept or rejected."""

    @property
    def engagement(self) -> str:
        """Level of engagement."""

    @property
    def channel(self) -> str:
        """With its `#`."""

    @property
    def length(self) -> str:
        """Length class."""

    @property
    def pattern(self) -> str:
        """Of the scenario."""

    @property
    def group(self) -> str:
        """Group of topics."""

    @property
    def body(self) -> bytes:
        """See `body`."""


class Searched(Protocol):
    """What the search needs to know of a session."""

    @property
    def id(self) -> str:
        """Of the session."""

    @property
    def said(self) -> str:
        """See `said`."""


@dataclass(frozen=True, slots=True)
class PackedTranscripts:
    """What fits into the page."""

    blocks: tuple[str, ...]
    """Each the base64 of a gzipped JSON array of transcripts."""
    places: dict[tuple[int, str], tuple[int, int]]
    """(Number of the run, id of the session) to block and place in it."""


def body(setting: Setting, events: Iterable[Event], reasons: Iterable[tuple[str, int | None, str]]) -> bytes:
    """The transcript of one session, with everything that the browser of transcripts shows."""
    rows = [_row(event, setting) for event in events]
    return _json([round(setting.begins, 1), setting.lead, [list(reason) for reason in reasons], rows])


def said(events: Iterable[Event]) -> str:
    """What is searched of a session: nick and text of each message and action in small letters, a line for each."""
    lines = (f"{event.nick}\t{event.text}" for event in events if isinstance(event, Said | Acted))
    return "\n".join(line.replace("\0", " ").replace("\n", " ").lower() for line in lines)


def pack(value: object) -> str:
    """A JSON value as base64 of gzip; the same value gives the same text."""
    return _packed(_json(value))


def pack_said(runs: Sequence[Sequence[Searched]], places: Mapping[tuple[int, str], object]) -> str:
    """What is searched of the sessions that are in the page, in the order of the list, packed."""
    here = (
        session.said for number, sessions in enumerate(runs) for session in sessions if (number, session.id) in places
    )
    return _packed("\0".join(here).encode())


def embed(runs: Sequence[Sequence[Placed]], budget: int) -> PackedTranscripts:
    """As many transcripts as fit into `budget` bytes of page, which the runs share evenly.

    Rejected and unfinished ones come first, since somebody has to look at them; then the others, so that every cell of
    the quotas is there once before any comes twice, and each has its share of the sample.
    """
    blocks: list[str] = []
    places: dict[tuple[int, str], tuple[int, int]] = {}
    for number, sessions in enumerate(runs):
        # What one run leaves, the next may have.
        left = (budget - sum(len(block) + FRAME for block in blocks)) // (len(runs) - number)
        for group in _grouped(_ordered(sessions)):
            block = _packed(b"[" + b",".join(session.body for session in group) + b"]")
            left -= len(block) + FRAME
            if left < 0:
                break
            places.update({(number, session.id): (len(blocks), place) for place, session in enumerate(group)})
            blocks.append(block)
    return PackedTranscripts(tuple(blocks), places)


def _ordered(sessions: Iterable[Placed]) -> list[Placed]:
    cells: defaultdict[tuple[str, ...], list[Placed]] = defaultdict(list)
    first: list[Placed] = []
    for session in sessions:
        if session.state in ("rejected", "open"):
            first.append(session)
        else:
            cells[session.engagement, session.channel, session.length, session.pattern, session.group].append(session)
    ranked: list[tuple[float, int, Placed]] = []
    for those in cells.values():
        those.sort(key=lambda session: rng.number(0, "report", session.id))
        ranked += [(rank / len(those), rng.number(1, "report", s.id), s) for rank, s in enumerate(those)]
    ranked.sort(key=lambda row: row[:2])
    return first + [session for _, _, session in ranked]


def _grouped(sessions: list[Placed]) -> list[list[Placed]]:
    groups: list[list[Placed]] = []
    size = BLOCK
    for session in sessions:
        if size + len(session.body) > BLOCK:
            groups.append([])
            size = 0
        groups[-1].append(session)
        size += len(session.body)
    return groups


def _row(event: Event, setting: Setting) -> list[Any]:
    row: list[Any] = [event.kind, round(event.at - setting.begins, 1), event.nick]
    match event:
        case Said() | Acted():
            cue = event.cue if isinstance(event, Said) else ""
            why = {name: round(factor, 2) for name, factor in event.reasons.items()}
            row += [event.text, why, cue, _refused(event)]
        case Passed():
            row += ["", event.why, "", _refused(event)]
        case TopicSet():
            row.append(event.text)
        case Renamed():
            row.append(event.to)
    while not row[-1] and len(row) > 3:
        row.pop()
    return row


def _refused(event: Said | Acted | Passed) -> list[list[str]]:
    return [[refused.text, refused.rule, refused.evidence] for refused in event.refused]


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _packed(raw: bytes) -> str:
    return base64.b64encode(gzip.compress(raw, LEVEL, mtime=0)).decode()
