"""The channel in the live view, as a client shows it: the last rows, the lead marked, the verdict at the end."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from simulator.events import Acted, Event, Said
from simulator.plan.session_plan import AnySession
from simulator.tui import lines
from simulator.tui.lines import MARK, fitted
from simulator.tui.sanitize import columns, sanitize
from simulator.tui.state import Followed

_WRAPPING = Console(width=80, color_system=None)
"""Text wants a console to be wrapped with; this one prints nothing."""


def transcript(followed: Followed, width: int, height: int, *, reasons: bool, until: int | None = None) -> list[Text]:
    """The last rows of the channel as a client shows it, the newest at the bottom; verdict and its evidence last.

    `until`: scrolled back, the last row is of that many events' last; where there is room, what comes after follows.
    """
    rows = _ending(followed, width) if until is None else []
    for event in reversed(followed.events[:until]):
        rows = _event(event, followed.session, width, reasons) + rows
        if len(rows) >= height:
            break
    rows = rows[-height:] if height else []
    for event in followed.events[until:] if until is not None else ():
        if len(rows) >= height:
            break
        rows = (rows + _event(event, followed.session, width, reasons))[:height]
    return rows + [Text("")] * (height - len(rows))


def _ending(followed: Followed, width: int) -> list[Text]:
    if followed.spare:
        found = lines.not_needed(followed.session.id)
    elif followed.verdict is not None:
        found = lines.verdict(followed.session.id, followed.verdict)
    elif followed.waits is not None:
        speaker = f"{followed.waits.speaker} " if followed.waits.speaker else ""
        found = [Text(f"   … {sanitize(speaker)}{sanitize(str(followed.waits))}", style="dim")]
    else:
        return []
    return [row for line in found for row in _wrapped(line, width, 5)]


def _event(event: Event, session: AnySession, width: int, reasons: bool) -> list[Text]:
    by_lead = event.nick == session.setting.lead and isinstance(event, Said | Acted)
    gutter = Text(MARK if by_lead else " ", style=lines.LEAD)
    shown = lines.event(event, session.setting.lead, reasons=reasons)
    return [
        Text.assemble(gutter, row)
        for number, line in enumerate(shown)
        for row in _wrapped(line, width - 1, 6 if number == len(shown) - 1 else 8)
    ]


def _in_columns(line: Text) -> Text:
    """The line with every character in columns of its own."""
    if columns(line.plain) == line.plain:
        return line
    return Text.assemble(*((columns(part.text), part.style or "") for part in line.render(_WRAPPING)))


def _wrapped(line: Text, width: int, indent: int) -> list[Text]:
    """The line in rows of at most so many columns; the second and later ones are indented."""
    line = _in_columns(line)
    rows = list(line.wrap(_WRAPPING, max(1, width), no_wrap=False))
    if len(rows) > 1:
        rest = Text(line.plain[len(rows[0].plain) :].lstrip(), style=line.style)
        begins = len(line.plain) - len(rest.plain)
        for span in line.spans:
            if span.end > begins:
                rest.stylize(span.style, max(0, span.start - begins), span.end - begins)
        rows[1:] = [Text(" " * indent) + row for row in rest.wrap(_WRAPPING, max(1, width - indent))]
    for row in rows:
        row.truncate(width)
    return rows


def heading(followed: Followed, width: int) -> Text:
    """Channel, level and script of the session, and how far it is."""
    session = followed.session
    done = f" {followed.messages}/{session.messages} "
    text = Text.assemble(
        f" {session.setting.channel} ",
        (f"{session.setting.engagement} ", "bold"),
        f"· {session.cell.pattern}/{session.scenario} · {session.id}",
        style="reverse",
    )
    text = fitted(text, max(0, width - len(done)))
    text.append(done, style="bold")
    text.stylize("reverse")
    return text
