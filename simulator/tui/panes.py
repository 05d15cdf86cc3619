"""The parts of the live view: each is rows of text, drawn from a followed session or from the state of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from rich.cells import cell_len
from rich.text import Text

from simulator.corpus import stats
from simulator.corpus.facts import CostRow
from simulator.events import Acted, Joined, Parted, Passed, Renamed, Said
from simulator.journal.records import Cost
from simulator.plan.session_plan import PlacedBeat
from simulator.tui import lines
from simulator.tui.cells import MARK, bar, cell, filled, title
from simulator.tui.sanitize import columns
from simulator.tui.state import Followed, Incident
from simulator.world.policy import Band


def cast(followed: Followed, width: int) -> list[Text]:
    """Everybody with their share of the messages as a bar: the lead first, then by share; who is not there is dim."""
    session = followed.session
    counts = Counter(event.nick for event in followed.said)
    total, absent = counts.total(), _absent(followed)
    order = [session.setting.lead, *sorted(session.setting.cast, key=lambda nick: -counts[nick])]
    name = min(max(map(cell_len, order)) + 1, 13)
    room = max(3, width - name - 10)
    most = max(counts.values(), default=1)
    rows = [title("cast", width, f"{len(order) - len(absent)} of {len(order)} here")]
    for nick in order:
        share = counts[nick] / total if total else 0.0
        style = lines.style(nick, session.setting.lead)
        rows.append(
            Text.assemble(
                (MARK if nick == session.setting.lead else " ", lines.LEAD),
                (label := cell(columns(nick), name).rstrip(), "dim strike" if nick in absent else style),
                " " * (name - cell_len(label)),
                (bar(counts[nick] / most, room), style),
                f" {share:4.0%} {counts[nick]:3}",
            )
        )
    return rows


def _absent(followed: Followed) -> set[str]:
    """Who is not in the room: not yet, no longer, or away."""
    gone = {coming.nick for coming in followed.session.script.presence if coming.kind == "join"}
    for event in followed.events:
        match event:
            case Joined():
                gone.discard(event.nick)
            case Parted():
                gone.add(event.nick)
            case Renamed(to=to):
                (gone.discard if to == event.nick else gone.add)(event.nick)
    return gone


def gauge(followed: Followed, band: Band, width: int) -> list[Text]:
    """The lead's budget: so far, the band of the level, and what is still owed.

    The bar is the whole session; each message of the lead is a step of it, the band is drawn on the rest, the planned
    count is its end.
    """
    session = followed.session
    spoken, messages = sum(event.nick == session.setting.lead for event in followed.said), followed.messages
    owed, left = session.lead_messages - spoken, session.messages - messages
    legal = band.counts(session.messages)
    share = f"{spoken / messages:.0%}" if messages else "-"
    low, high = (legal[0], legal[-1]) if legal else (0, 0)
    full = max(high, session.lead_messages, 1)
    steps = Text()
    room = max(1, width - 2)
    for column in range(room):
        place = (column + 0.5) / room * full
        if place <= spoken:
            steps.append("█", lines.LEAD)
        elif place <= session.lead_messages:
            steps.append("▒", "magenta")
        else:
            steps.append("░" if place > low else "·", "dim")
    return [
        title(f"{columns(session.setting.lead)}'s budget", width, f"{band.least:.0%}-{band.most:.0%}"),
        Text.assemble(" ", steps),
        Text.assemble(
            " ", (f"{spoken} of {session.lead_messages}", "bold"), f", band {low}-{high} of {session.messages}"
        ),
        Text.assemble(f" {share} so far, ", (f"owed {owed}", "bold"), f" of {left} left"),
    ]


def turn(followed: Followed, width: int) -> list[Text]:
    """Why the last to speak was chosen: each influence as a factor on an average turn."""
    last = next((event for event in reversed(followed.events) if isinstance(event, Said | Acted)), None)
    if last is None:
        return [title("why this turn", width)]
    session, reasons = followed.session, dict(last.reasons)
    chance = reasons.pop("chance", None)
    head = title(f"why {columns(last.nick)}", width, f"chance {chance:.0%}" if chance is not None else "")
    rows = [head]
    if isinstance(last, Said) and last.cue:
        rows.append(Text.assemble(" beat ", (last.cue, "italic")))
    words = [f"{name} {factor:.2g}" for name, factor in sorted(reasons.items(), key=lambda item: -abs(item[1] - 1))]
    rows += [Text(f" {row}") for row in filled(words, width - 1)]
    silent = next((event for event in reversed(followed.events) if isinstance(event, Passed | Said)), None)
    if isinstance(silent, Passed):
        why = f" {columns(silent.nick)} says nothing ({columns(silent.why)})"
        rows.append(Text(why, style="dim" if silent.nick != session.setting.lead else "magenta"))
    return rows


def beat(followed: Followed, width: int) -> list[Text]:
    """The beat that is due, or the one that comes next."""
    session, now = followed.session, followed.messages
    ahead = sorted((each for each in session.script.beats if each.at >= now), key=lambda each: each.at)
    rows = [title("beat", width, f"{len(ahead)} of {len(session.script.beats)} to come")]
    if not ahead or followed.full:
        return [*rows, Text(" none is left" if session.script.beats else " the script has none", style="dim")]
    first = ahead[0]
    when = "due now" if first.at == now else f"in {first.at - now}"
    what, who = Text.assemble(f" {when}: ", (first.kind, "italic")), Text(f" {_who(first)}")
    fits = what.cell_len + who.cell_len <= width
    return [*rows, what + who] if fits else [*rows, what, Text("  ") + who]


def _who(placed: PlacedBeat) -> str:
    to = f" → {columns(placed.to)}" if placed.to else ""
    return f"{columns(placed.nick)}{to}" if placed.nick else "(no line)"


def incidents(found: Iterable[Incident], width: int, room: int, sent_back: int) -> list[Text]:
    """The last lines that were sent back and sessions that were rejected, the newest last."""
    last = list(found)[-room:]
    rows = [title("sent back, rejected", width, f"{sent_back} line{'s' if sent_back != 1 else ''}")]
    for one in last:
        who = columns(one.nick) or one.session
        rows.append(Text.assemble((f" {who} ", "red" if not one.nick else ""), (one.rule, "yellow"), " "))
        rows[-1].append(columns(one.evidence), style="dim")
    return rows


def calls(costs: Mapping[str, Cost], width: int) -> list[Text]:
    """Tokens, cached share and cost of the calls, by purpose."""
    rows = [title("calls", width, "tokens, cached, cost")]
    table = stats.costs(costs.values())
    for purpose, row in table.items():
        if purpose == "total" and len(table) <= 2:
            continue
        tokens = _short(row.prompt_tokens + row.completion_tokens)
        text = f" {cell(purpose, 8)}{row.calls:>4} {tokens:>5} {row.cached_share:4.0%} {price(row)}"
        rows.append(Text(text, style="bold" if purpose == "total" else ""))
    return rows


def price(row: CostRow) -> str:
    """Dollars, or the word that says why there are none."""
    dollars = row.dollars
    return f"${dollars:.4g}" if isinstance(dollars, float) else str(dollars or "-")


def _short(number: int) -> str:
    """A count in five characters at most."""
    for unit, size in (("M", 10**6), ("k", 10**4)):
        if number >= size:
            return f"{number / (size if unit == 'M' else 1000):.{1 if unit == 'M' else 0}f}{unit}"
    return str(number)
