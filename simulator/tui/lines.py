"""How sessions look in a terminal: what an IRC client would show, one line an event."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from simulator import clock
from simulator.corpus.verdict import Reason, Verdict
from simulator.events import Acted, Event, Joined, Parted, Passed, Refused, Renamed, Said, TopicSet
from simulator.plan.session_plan import AnySession
from simulator.tui.sanitize import sanitize

COLOURS = (
    "cyan",
    "green",
    "yellow",
    "blue",
    "red",
    "bright_cyan",
    "bright_green",
    "bright_yellow",
    "bright_blue",
    "bright_red",
)
LEAD = "bold magenta"
WHOLE = 10_000
"""Columns of a table in a pipe: nobody looks, and a program wants every column whole."""


def style(nick: str, lead: str) -> str:
    """The same colour for the same nick, always; the lead's is nobody else's."""
    if nick == lead:
        return LEAD
    return colour(nick)


def colour(nick: str) -> str:
    """The colour of somebody who is not the lead."""
    return COLOURS[hashlib.blake2b(nick.encode(), digest_size=2).digest()[0] % len(COLOURS)]


def event(happened: Event, lead: str, *, reasons: bool = False) -> list[Text]:
    """The lines to print for an event; none for what a client does not show, unless reasons are wanted."""
    at = Text(f"{clock.of_day(happened.at)} ", style="dim")
    nick = sanitize(happened.nick)
    shown: list[Text] = []
    match happened:
        case Said(refused=refused) | Acted(refused=refused):
            if reasons:
                shown += [_refusal(nick, r) for r in refused] + [
                    _reasons(nick, happened.reasons, getattr(happened, "cue", ""))
                ]
            name = f"* {nick} " if isinstance(happened, Acted) else f"<{nick}> "
            body = Text(sanitize(happened.text), style="dim italic" if isinstance(happened, Acted) else "")
            shown.append(Text.assemble(at, Text(name, style=style(happened.nick, lead)), body))
        case Joined():
            shown.append(Text.assemble(at, Text(f"--> {nick} joined", style="dim")))
        case Parted():
            shown.append(Text.assemble(at, Text(f"<-- {nick} left", style="dim")))
        case Renamed(to=to):
            back = f"--- {nick} is back" if to == happened.nick else f"--- {nick} is now known as {sanitize(to)}"
            shown.append(Text.assemble(at, Text(back, style="dim")))
        case TopicSet():
            shown.append(Text.assemble(at, Text(f"--- topic: {sanitize(happened.text)}", style="dim")))
        case Passed(refused=refused) if reasons:
            shown += [_refusal(nick, r) for r in refused]
            shown.append(Text(f"      {nick} says nothing ({sanitize(happened.why)})", style="dim"))
    return shown


def heading(session: AnySession) -> Text:
    """One line about the session: channel, level, script, and its messages."""
    setting, script = session.setting, f"{session.cell.pattern}/{session.scenario}"
    counts = f"{session.messages} messages, {session.lead_messages} by {setting.lead}"
    return Text.assemble(
        ("── ", "dim"),
        (f"{setting.channel} ", "bold"),
        (f"{setting.engagement} · {script} · {counts} ", "dim"),
        (f"· {session.id}", "dim"),
    )


def verdict(ident: str, judged: Verdict) -> list[Text]:
    """Whether a session is kept, and each reason against it."""
    if judged.keep:
        return [Text(f"   kept: {ident}", style="green")]
    return [Text(f"   rejected: {ident}", style="red"), *map(reason, judged.reasons)]


def reason(found: Reason) -> Text:
    """A rule that the session breaks, where, and the words that show it."""
    where = f" at message {found.message}" if found.message is not None else ""
    return Text(f"     {_because(found.rule + where, found.evidence)}", style="red")


def evidence(found: Reason) -> Text:
    """What is held against the message that stands above it."""
    return Text(f"      ^ {_because(found.rule, found.evidence)}", style="bold red")


def not_needed(ident: str) -> list[Text]:
    """A session is fit to be kept, and not needed."""
    return [Text(f"   spare: {ident}, a better one holds its place", style="dim")]


class _Console(Console):
    """Whatever a string holds, it is printed as text."""

    def render_str(self, text: str, **how: Any) -> Text:
        """The string as text, in which nothing is a command."""
        return super().render_str("\n".join(map(sanitize, text.split("\n"))), **how)


def console(*, err: bool = False) -> Console:
    """Obeys NO_COLOR and pipes; markup and highlighting are off, since what people type is text.

    Lines are wrapped at words, and tables fitted, where somebody looks; a pipe gets both whole, however wide.
    """
    out = _Console(stderr=err, markup=False, highlight=False, emoji=False)
    if not out.is_terminal:
        out.soft_wrap, out.width = True, WHOLE
    return out


def size(count: int) -> str:
    """Bytes in words.

    >>> [size(count) for count in (1, 900, 3_400, 276_751, 15_000_000)]
    ['1 byte', '900 bytes', '3 kB', '0.28 MB', '15.00 MB']
    """
    if count < 1_000:
        return f"{count} byte{'' if count == 1 else 's'}"
    return f"{count / 1e3:.0f} kB" if count < 99_500 else f"{count / 1e6:.2f} MB"


def _reasons(nick: str, reasons: Mapping[str, float], cue: str) -> Text:
    because = ", ".join(f"{name} {factor:g}" for name, factor in reasons.items())
    return Text(f"      {nick}{f' [{cue}]' if cue else ''}: {because}", style="dim")


def _refusal(nick: str, refused: Refused) -> Text:
    why = _because(refused.rule, refused.evidence)
    return Text(f"      {nick} tried ({why}): {sanitize(refused.text)}", style="dim red")


def _because(rule: str, evidence: str) -> str:
    """A rule with what shows that it is broken; some rules need to show nothing."""
    return f"{rule}: {sanitize(evidence)}" if evidence else rule


EIGHTHS = " ▏▎▍▌▋▊▉█"
MARK = "▌"
"""Stands before every line of the lead, so that nobody needs colours to find them."""


def fitted(row: Text, width: int) -> Text:
    """The row in exactly so many columns."""
    row = row.copy()
    row.truncate(width, overflow="ellipsis")
    row.append(" " * (width - row.cell_len))
    return row


def cell(text: str, width: int, *, right: bool = False) -> str:
    """A string in exactly so many columns."""
    cut = text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + "…"
    gap = " " * (width - cell_len(cut))
    return gap + cut if right else cut + gap


def bar(share: float, width: int) -> str:
    """A bar of so many columns, filled from the left in eighths; `share` in [0, 1]."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    whole, part = divmod(eighths, 8)
    return ("█" * whole + (EIGHTHS[part] if part else "")).ljust(width)


def title(text: str, width: int, right: str = "") -> Text:
    """The heading of a section, with something at its right end."""
    room = max(0, width - cell_len(text) - cell_len(right) - 2)
    return Text.assemble((text, "bold"), " ", ("─" * room, "dim"), " ", (right, "dim"))


def filled(words: Sequence[str], width: int) -> list[str]:
    """The words in rows, as many in each as fit."""
    rows: list[str] = []
    for word in words:
        if rows and cell_len(rows[-1]) + 2 + cell_len(word) <= width:
            rows[-1] += f", {word}"
        else:
            rows.append(word)
    return rows
