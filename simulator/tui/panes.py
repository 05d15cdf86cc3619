"""The parts of the live view: each is rows of text, drawn from a followed session or from the state of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from rich.cells import cell_len
from rich.text import Text

from simulator.corpus import stats
from simulator.corpus.facts import CostRow
from simulator.events import Acted, Joined, Parted, Passed, Renamed, Said
from simulator.journal.records import Cost, Goal
from simulator.llm.progress import Phase
from simulator.plan.quota import Standing, standing
from simulator.plan.session_plan import PlacedBeat
from simulator.tui import lines
from simulator.tui.channel_view import heading, transcript
from simulator.tui.lines import MARK, bar, cell, filled, title
from simulator.tui.sanitize import columns
from simulator.tui.state import Followed, Incident, State
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
    gone = set(followed.session.script.late)
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


def incidents(found: Iterable[Incident], width: int, room: int, refused: int) -> list[Text]:
    """The last lines that were refused and sessions that were rejected, the newest last."""
    last = list(found)[-room:]
    rows = [title("refused, rejected", width, f"{refused} line{'s' if refused != 1 else ''}")]
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


def rows(state: State, width: int, height: int) -> list[Text]:
    """The whole page."""
    top = [*_head(state, width), *_quotas(state, width, tall=height >= 44)]
    rules = _rules(state, width)
    below = max(0, height - len(top) - len(rules))
    follow = max(4, below * 3 // 5) if below >= 8 else below
    top += rules + _open(state, width, below - follow)
    shown = state.shown
    if shown is not None and follow >= 2:
        top.append(heading(shown, width))
        top += transcript(shown, width, height - len(top), reasons=state.view.reasons)
    return top[:height]


def _goal(state: State) -> Goal:
    assert state.opened.goal is not None, "a run has a goal, and only a run a dashboard"
    return state.opened.goal


def brief(state: State) -> str:
    """The run in a few words, for the foot of a session's page."""
    tally = state.tally
    return f"{tally.kept} kept, {tally.rejected} rejected, {_goal(state).done(tally):.0%} "


def _head(state: State, width: int) -> list[Text]:
    goal, tally = _goal(state), state.tally
    share = goal.done(tally)
    first = Text.assemble(f" {state.opened.title} ", style="bold reverse")
    first.append(
        f"  {tally.kept} accepted, {tally.rejected} rejected, {len(state.open)} open, {lines.size(tally.bytes)}"
        f" of {goal.in_words}",
        style="not reverse",
    )
    label = f" {share:4.0%} "
    progress = Text.assemble(" ", (bar(share, max(1, width - len(label) - 2)), "green on grey23"), label)
    money = Text.assemble(
        f" {state.rate:.1f} messages/s · ",
        _money(state, share),
        f" · {_left(state, share)}",
    )
    return [first, progress, money]


def _money(state: State, share: float) -> str:
    """What was spent, and what the whole run will cost at this rate."""
    total = stats.costs(state.costs.values())["total"]
    dollars, cached = total.dollars, total.cached_share
    tokens = total.prompt_tokens + total.completion_tokens
    spent = f"{tokens / 1000:.0f}k tokens, {cached:.0%} cached, "
    if not isinstance(dollars, float):
        return f"{spent}cost {dollars or '-'}"
    return f"{spent}${dollars:.4g}" + (f", about ${dollars / share:.4g} in all" if 0 < share < 1 else "")


def _left(state: State, share: float) -> str:
    """Time until the goal, at the rate since the view was opened."""
    begun = _goal(state).done(state.opened.tally)
    if share >= 1:
        return "goal reached"
    if share <= begun or not state.now:
        return "time left not known yet"
    seconds = round(state.now * (1 - share) / (share - begun))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{f'{hours} h ' if hours else ''}{f'{minutes} min' if minutes or hours else f'{seconds} s'} left"


def _quotas(state: State, width: int, *, tall: bool) -> list[Text]:
    """Every value's share of the accepted sessions against its target: bars where there is room, else in a row."""
    total = max(1, state.tally.kept)
    found = [title("quotas", width, "share/target in %")]
    for dimension, targets in state.opened.targets.items():
        counts = state.counted.get(dimension, {})
        if not tall:
            found += _in_rows(dimension, {v: (counts.get(v, 0), share) for v, share in targets.items()},
                              width, state.tally.kept)  # fmt: skip
            continue
        for number, (value, target) in enumerate(targets.items()):
            share = counts.get(value, 0) / total
            off = _missed(counts.get(value, 0), state.tally.kept, target)
            room = max(4, min(60, width - 52))
            found.append(
                Text.assemble(
                    (f" {dimension if number == 0 else '':12}", "dim"),
                    cell(value, 16),
                    (bar(share, room), "yellow" if off else "cyan"),
                    (f" {counts.get(value, 0):5} {share:6.1%}", "yellow" if off else ""),
                    (f"  of {target:.0%}", "dim"),
                )
            )
    return found


def _missed(count: int, kept: int, target: float) -> bool:
    return standing(count, kept, target, finished=False) is Standing.MISSED


def _in_rows(name: str, counts: dict[str, tuple[int, float]], width: int, kept: int) -> list[Text]:
    rows = [Text(f" {name:11}", style="dim")]
    for value, (count, target) in counts.items():
        share, off = count / max(1, kept), _missed(count, kept, target)
        part = Text.assemble(
            f"{value} ", (f"{share * 100:.0f}", "bold yellow" if off else "bold"), (f"/{target * 100:.0f}", "dim")
        )
        if rows[-1].cell_len + part.cell_len > width:
            rows.append(Text(" " * 12))
        rows[-1] = Text.assemble(rows[-1], part, "  ")
    return rows


def _rules(state: State, width: int) -> list[Text]:
    """Rejected sessions and lines refused, by rule."""
    found = []
    for name, counts in (("rejected", state.rejections), ("refused", state.refused)):
        most = sorted(counts.items(), key=lambda item: -item[1])
        row = Text.assemble((f" {name:11}", "dim"))
        for rule, number in most:
            part = Text.assemble(f"{rule} ", (f"{number}", "bold red" if name == "rejected" else "bold"), "  ")
            if row.cell_len + part.cell_len > width:
                row.append("…")
                break
            row.append_text(part)
        if not most:
            row.append("none", style="dim")
        found.append(row)
    return found


def _open(state: State, width: int, room: int) -> list[Text]:
    """The open sessions, the followed one marked; as many as there is room for."""
    if room < 2:
        return []
    found = [title("open sessions", width, str(len(state.open)))]
    sessions = list(state.open.values())
    shown = state.shown.session.id if state.shown else ""
    place = next((number for number, each in enumerate(sessions) if each.session.id == shown), 0)
    first = max(0, min(place - (room - 1) // 2, len(sessions) - room + 1))
    return found + [_row(each, each.session.id == shown, width) for each in sessions[first : first + room - 1]]


def _row(each: Followed, picked: bool, width: int) -> Text:
    session, setting = each.session, each.session.setting
    mark = "▶" if picked else " "
    by_lead = sum(event.nick == setting.lead for event in each.said)
    name = f" {mark} {session.id} {setting.channel:13} {setting.engagement:6} "
    figures = f" {each.messages:3}/{session.messages:<3} lead {by_lead:2}/{session.lead_messages:<2} "
    figures += f"{'waits' if each.full else '':5}"
    what = f"{session.cell.pattern}/{session.scenario}"
    if each.waits is not None and each.waits.phase is not Phase.WRITING:
        what = columns(str(each.waits))
    script = cell(what, max(0, width - len(name) - len(figures) - 17))
    text = Text.assemble(name, (script, "dim"), (bar(each.messages / max(1, session.messages), 16), "cyan"), figures)
    text.stylize("bold" if picked else "")
    return text
