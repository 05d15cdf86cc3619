"""What was cut is joined, what was pasted is cut, what was flooded is dropped: one conversation at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from simulator.logs.entry import ACTION, MESSAGE
from simulator.logs.nicks import COMMON_WORDS

CUT = 330
"""Bytes from which a message may have been cut: IRC's line of 512 holds the sender's mask and the channel too, and no
message that goes on in the next line was measured shorter (reference: the stripe channel)."""
SOON = 2
"""Seconds within which the rest of a cut message comes."""
PASTE = 4
"""Lines in a row by one person that may be a paste."""
TYPED = 10
"""Characters a second that nobody types; 120 words a minute."""
FLOOD = 3
"""So often the same within a minute is a flood."""
LONG = 20
"""Characters from which different people saying the same is no accident, as `lol` is."""
MINUTE = 60


class Pastes(StrEnum):
    """What becomes of many lines that one person sends at once."""

    CUT = "cut"
    """Only the first line is kept."""
    JOIN = "join"
    """The lines become one message, with ` / ` between them."""
    KEEP = "keep"


class LogTurn(NamedTuple):
    """Somebody did something."""

    kind: str
    at: int
    """Seconds; see `timeline`."""
    fine: bool
    """False: the clock shows minutes."""
    nick: str
    """Of the person."""
    text: str
    line: int
    """Of its file, from 1."""

    @property
    def spoken(self) -> bool:
        """It is a message or a /me line."""
        return self.kind == MESSAGE or self.kind == ACTION


def mended(turns: list[LogTurn], pastes: Pastes, dropped: Counter[str]) -> list[LogTurn]:
    """The conversation as it was meant; counts in `dropped` what is no longer there and why."""
    return _runs(_calm(turns, dropped), pastes, dropped)


def _calm(turns: list[LogTurn], dropped: Counter[str]) -> list[LogTurn]:
    """Without floods: a long text by three or more nicks within a minute, and one's own line for the third time."""
    times: dict[str, list[tuple[int, LogTurn]]] = {}
    for place, turn in enumerate(turns):
        if turn.spoken:
            times.setdefault(turn.text, []).append((place, turn))
    flooded: set[int] = set()
    repeated: set[int] = set()
    for text, said in times.items():
        if len(said) < FLOOD:
            continue
        for first in range(len(said)):
            together = [(place, turn.nick) for place, turn in said[first:] if turn.at - said[first][1].at <= MINUTE]
            nicks = {nick for _, nick in together}
            if len(text) >= LONG and len(nicks) >= FLOOD:
                flooded.update(place for place, _ in together)
            elif len(nicks) == 1 and len(together) >= FLOOD:
                repeated.update(place for place, _ in together[1:])
    if not flooded and not repeated:
        return turns
    dropped["flood"] += len(flooded)
    dropped["repeated"] += len(repeated - flooded)
    gone = flooded | repeated
    return [turn for place, turn in enumerate(turns) if place not in gone]


def _runs(turns: list[LogTurn], pastes: Pastes, dropped: Counter[str]) -> list[LogTurn]:
    """Cut messages joined and pastes treated, in every row of messages by one person."""
    made: list[LogTurn] = []
    for (kind, _), row in groupby(turns, key=lambda turn: (turn.kind, turn.nick)):
        run = list(row)
        if kind == MESSAGE and len(run) > 1:
            whole = _joined(run)
            dropped["joined"] += len(run) - len(whole)
            run = whole if pastes is Pastes.KEEP else _unpasted(whole, _PASTES[pastes], dropped)
        made += run
    return made


def _joined(run: list[LogTurn]) -> list[LogTurn]:
    whole = [run[0]]
    last = run[0]
    for turn in run[1:]:
        if len(last.text.encode()) >= CUT and turn.at - last.at <= SOON:
            whole[-1] = whole[-1]._replace(text=whole[-1].text + _seam(last.text, turn.text) + turn.text)
        else:
            whole.append(turn)
        last = turn
    return whole


def _seam(before: str, after: str) -> str:
    """A space, or nothing where a word was cut in two.

    Logs do not say which, since clients that cut between words drop the space: where a whole everyday word or no letter
    stands on either side it was between words.
    """
    left, right = before.rsplit(None, 1)[-1], after.split(None, 1)[0]
    if not (left[-1].isalpha() and right[0].islower()) or left.lower() in COMMON_WORDS or right.lower() in COMMON_WORDS:
        return " "
    return ""


def _unpasted(run: list[LogTurn], treat: Callable[[list[LogTurn]], LogTurn], dropped: Counter[str]) -> list[LogTurn]:
    """Lines that came faster than anybody types them are a paste.

    On a clock of minutes that is more in one minute than fits in it.
    """
    made: list[LogTurn] = []
    for _, row in groupby(run, key=lambda turn: turn.at // MINUTE):
        block = list(row)
        seconds = block[-1].at - block[0].at + 1 if block[0].fine else MINUTE
        if len(block) >= PASTE and sum(len(turn.text) for turn in block[1:]) > TYPED * seconds:
            dropped["pasted"] += len(block) - 1
            block = [treat(block)]
        made += block
    return made


_PASTES: dict[Pastes, Callable[[list[LogTurn]], LogTurn]] = {
    Pastes.CUT: lambda block: block[0],
    Pastes.JOIN: lambda block: block[0]._replace(text=" / ".join(turn.text for turn in block)),
}
