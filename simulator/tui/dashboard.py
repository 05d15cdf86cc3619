"""The dashboard of a run: goal, quotas against target, rejections, money and time, and one session to follow."""

from __future__ import annotations

from rich.text import Text

from simulator.corpus import stats
from simulator.journal.records import Goal
from simulator.llm.progress import Phase
from simulator.plan.standing import Standing, standing
from simulator.tui.cells import bar, cell, title
from simulator.tui.channel_view import heading, transcript
from simulator.tui.sanitize import columns
from simulator.tui.state import Followed, State


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
        f"  {tally.kept} accepted, {tally.rejected} rejected, {len(state.open)} open, {tally.bytes / 1e6:.2f} MB"
        f" of {goal.told}",
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
    """Rejected sessions and lines sent back, by rule."""
    found = []
    for name, counts in (("rejected", state.rejections), ("sent back", state.sent_back)):
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
    name = f" {mark} {session.id} {setting.channel:13} {setting.engagement.value:6} "
    figures = f" {each.messages:3}/{session.messages:<3} lead {by_lead:2}/{session.lead_messages:<2} "
    figures += f"{'waits' if each.full else '':5}"
    what = f"{session.cell.pattern}/{session.scenario}"
    if each.waits is not None and each.waits.phase is not Phase.WRITING:
        what = columns(str(each.waits))
    script = cell(what, max(0, width - len(name) - len(figures) - 17))
    text = Text.assemble(name, (script, "dim"), (bar(each.messages / max(1, session.messages), 16), "cyan"), figures)
    text.stylize("bold" if picked else "")
    return text
