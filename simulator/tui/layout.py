"""The live view as a whole: `page(state, width, height)` is exactly so many rows, drawn from the state and no more."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.text import Text

from simulator.tui import panes
from simulator.tui.channel_view import heading, transcript
from simulator.tui.lines import MARK, fitted
from simulator.tui.state import Followed, State

LEAST_WIDTH, LEAST_HEIGHT = 40, 8
"""Below this there is room for the transcript alone."""


class Page:
    """The state as something that rich can draw, in whatever size the terminal has at that moment."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = page(self._state, options.max_width, options.height or console.height)
        for number, row in enumerate(rows):
            if number:
                yield Segment.line()
            yield from row.render(console)


def page(state: State, width: int, height: int) -> list[Text]:
    """The rows of the view, each of exactly `width` columns."""
    body = max(0, height - 1)
    if state.view.help:
        rows = _help(state)
    elif state.shown is None:
        rows = [Text(" waiting for the first session …", style="dim")]
    elif state.view.dashboard:
        rows = panes.rows(state, width, body)
    else:
        rows = session(state, state.shown, width, body)
    rows = [fitted(row, width) for row in rows[:body]]
    rows += [Text(" " * width)] * (body - len(rows))
    return [*rows, fitted(_footer(state, width), width)][-height:]


def session(state: State, followed: Followed, width: int, height: int) -> list[Text]:
    """One session: its transcript, and beside it what is known about it."""
    head = heading(followed, width)
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return [head, *_transcript(state, followed, width, max(0, height - 1))][:height]
    side = side_width(width)
    left = _transcript(state, followed, width - side - 2, height - 1)
    right = stacked(beside(state, followed, side, height - 1), height - 1)
    right += [Text("")] * (height - 1 - len(right))
    edge = Text("│ ", style="dim")
    return [head] + [
        Text.assemble(fitted(one, width - side - 2), edge, fitted(other, side))
        for one, other in zip(left, right, strict=True)
    ]


def _transcript(state: State, followed: Followed, width: int, height: int) -> list[Text]:
    return transcript(followed, width, height, reasons=state.view.reasons, until=state.view.until)


def side_width(width: int) -> int:
    """Columns of what stands beside the transcript: a third, but enough for its figures and not more than it needs."""
    return min(max(width // 3, min(33, width // 2)), 46)


def beside(state: State, followed: Followed, width: int, height: int) -> list[tuple[list[Text], int]]:
    """The sections beside the transcript, each with the number of rows that it cannot do without."""
    session = followed.session
    tall = height >= 34
    found = [
        (panes.cast(followed, width), 5),
        (panes.gauge(followed, state.opened.bands[session.setting.engagement], width), 4),
        (panes.turn(followed, width), 3),
        (panes.beat(followed, width), 3),
    ]
    if state.opened.speed is None or state.costs:
        found.append((panes.calls(state.costs, width), 5))
    found.append((panes.incidents(state.incidents, width, 12 if tall else 4, sum(state.refused.values())), 2))
    return [([*rows, Text("")], least) for rows, least in found] if tall else found


def stacked(sections: Sequence[tuple[list[Text], int]], height: int) -> list[Text]:
    """The sections one below the other, the longest ones shortened first until they fit.

    A section that was shortened keeps its title, its first rows and, if it grows downwards, none of the rest.
    """
    lengths = [len(rows) for rows, _ in sections]
    while sum(lengths) > height:
        spare = [length - least for length, (_, least) in zip(lengths, sections, strict=True)]
        worst = max(range(len(spare)), key=spare.__getitem__)
        if spare[worst] <= 0:
            break
        lengths[worst] -= 1
    return [row for length, (rows, _) in zip(lengths, sections, strict=True) for row in rows[:length]][:height]


def _footer(state: State, width: int) -> Text:
    """What the keys do, and what holds the whole view: pause, end."""
    view, keys = state.view, ["q quit"]
    if state.opened.speed is not None:
        keys += ["space go on" if view.paused else "space stop", "←→ step", "+- speed"]
    else:
        keys += ["p go on" if view.paused else "p pause"]
    if state.opened.goal is not None:
        keys += ["n/b next/back", "d session" if view.dashboard else "d dashboard"]
    keys += ["↑↓ scroll", "r reasons", "? help"]
    flag = " over: q leaves " if state.over else " paused " if view.paused else " live "
    if state.opened.speed is not None and not state.over and not view.paused:
        flag = f" {state.opened.speed:g}x "
    if view.until is not None and not view.dashboard:
        flag, keys = " scrolled back ", ["End goes on", *keys]
    style = "bold black on yellow" if view.paused or state.over or view.until is not None else "bold black on green"
    text = Text.assemble((flag, style), " ", ("  ".join(keys), "dim"))
    if state.opened.goal is not None and not view.dashboard:
        right = panes.brief(state)
        room = width - text.cell_len - len(right) - 1
        if room > 0:
            text.append(" " * room + right)
    return text


def _help(state: State) -> list[Text]:
    """What the keys do and what the signs mean."""
    replayed = state.opened.speed is not None
    keys = [("q", "leave; what was played is saved, and `em resume` goes on" if not replayed else "leave")]
    if replayed:
        keys += [
            ("space", "stop the clock, and let it run on"),
            ("← →", "one event back, one event on"),
            ("+ -", "faster, slower"),
        ]
    else:
        keys += [("p, space", "pause: no model is asked anything new until you press it again;"),
                 ("", "answers that are on their way still arrive")]  # fmt: skip
    if state.opened.goal is not None:
        keys += [("n, →  b, ←", "follow the next, the previous open session"), ("d, Tab", "dashboard, session")]
    keys += [("↑ ↓", "back and on in the session; so do PgUp, PgDn, Home and End")]
    keys += [("r", "show every turn's reasons and refused tries in the transcript"), ("?, h", "this page")]
    signs = [
        (MARK, "the lead"),
        ("█▒·", "the lead's budget: spent, still owed, and the rest of the band"),
        ("dim, struck", "somebody who is not in the channel now"),
        ("chance", "how likely this speaker was; factors multiply, 1 changes nothing"),
    ]
    rows = [Text(""), Text("  keys", style="bold")]
    rows += [Text(f"  {key:12}{what}") for key, what in keys]
    rows += [Text(""), Text("  signs", style="bold")]
    return rows + [Text(f"  {sign:12}{what}") for sign, what in signs]
