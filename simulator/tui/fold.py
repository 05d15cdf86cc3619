"""The live view's state: a pure fold over notes. `state = step(state, note)`, and nothing is kept anywhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce

from simulator.corpus.verdict import Verdict
from simulator.events import Acted, Event, Passed, Said
from simulator.journal.records import Cost
from simulator.llm.model import Reply
from simulator.llm.progress import CallProgress, Phase
from simulator.plan.quota import DIMENSIONS
from simulator.plan.session_plan import AnySession
from simulator.runs.notes import Answered, Asking, Began, CallEnded, Happened, NotNeeded, Settled
from simulator.tui.state import Followed, Incident, Opened, Over, Pressed, State, Ticked, ViewNote, opened

LINGER = 2.0
"""Seconds for which a finished session stays in view before the next one is followed."""
WINDOW = 10.0
"""Seconds over which messages a second are counted."""
SCROLLS = {"up": -1, "down": 1, "page up": -10, "page down": 10, "home": -1_000_000, "end": 1_000_000}
"""Events by which a key moves through the followed session."""
INCIDENTS = 50
"""So many of the last refusals and rejections are remembered."""


def fold(state: State, notes: Iterable[ViewNote]) -> State:
    """The state after all of the notes."""
    return reduce(step, notes, state)


def step(state: State, note: ViewNote) -> State:
    """The state after one more note."""
    match note:
        case Happened(session, event):
            return _happened(state, session, event)
        case Answered(purpose, reply):
            return replace(state, costs=_asked(state.costs, purpose, reply))
        case Ticked(seconds):
            return _ticked(state, seconds)
        case Began(session):
            return _follow(replace(state, open={**state.open, session.id: Followed(session)}))
        case Settled(session, verdict, size):
            return _settled(state, session, verdict, size)
        case NotNeeded(session):
            return _leave(state, replace(_known(state, session), spare=True))
        case Pressed(key):
            return _pressed(state, key)
        case CallProgress(session=ident) if note.phase is not Phase.NOTICE:
            return _waits(state, ident, note)
        case CallEnded(prompt):
            return _waits(state, prompt.session, None)
        case CallProgress() | Asking():
            return state
        case Over():
            return replace(state, over=True)
        case Opened():
            return opened(note)


def _waits(state: State, ident: str, waits: CallProgress | None) -> State:
    """An open session waits for something else, or for nothing."""
    if ident not in state.open:
        return state
    after = replace(state.open[ident], waits=waits)
    followed = state.shown is not None and state.shown.session.id == ident
    return replace(state, open={**state.open, ident: after}, shown=after if followed else state.shown)


def _known(state: State, session: AnySession) -> Followed:
    """The session, also if its beginning went to another process: a run that was resumed."""
    return state.open.get(session.id) or Followed(session)


def _happened(state: State, session: AnySession, event: Event) -> State:
    before = _known(state, session)
    after = replace(before, events=(*before.events, event))
    state = replace(
        state,
        open={**state.open, session.id: after},
        shown=after if state.shown is None or state.shown.session.id == session.id else state.shown,
        messages=state.messages + isinstance(event, Said),
    )
    refused = event.refused if isinstance(event, Said | Acted | Passed) else ()
    if refused:
        incidents = tuple(Incident(session.id, event.nick, one.rule, one.evidence) for one in refused)
        counts = reduce(lambda found, one: _more(found, one.rule), refused, state.refused)
        state = replace(state, refused=counts, incidents=(*state.incidents, *incidents)[-INCIDENTS:])
    return _follow(state)


def _settled(state: State, session: AnySession, verdict: Verdict, size: int) -> State:
    was, after = state.tally, replace(_known(state, session), verdict=verdict)
    if verdict.keep:
        values = session.cell.values()
        counted = {
            name: _more(state.counted.get(name, {}), value) for name, value in zip(DIMENSIONS, values, strict=True)
        }
        tally = replace(was, kept=was.kept + 1, bytes=was.bytes + size)
        return _leave(replace(state, tally=tally, counted=counted), after)
    incidents = tuple(Incident(session.id, "", reason.rule, reason.evidence) for reason in verdict.reasons)
    rules = dict.fromkeys(reason.rule for reason in verdict.reasons)
    state = replace(
        state,
        tally=replace(was, rejected=was.rejected + 1),
        rejections=reduce(_more, rules, state.rejections),
        incidents=(*state.incidents, *incidents)[-INCIDENTS:],
    )
    return _leave(state, after)


def _leave(state: State, ended: Followed) -> State:
    """A session is over: it leaves the open ones, and stays in view for a moment if it was followed."""
    others = {ident: each for ident, each in state.open.items() if ident != ended.session.id}
    followed = state.shown is not None and state.shown.session.id == ended.session.id
    return _follow(replace(state, open=others, shown=ended if followed or state.shown is None else state.shown))


def _follow(state: State) -> State:
    """Moves on to another session when the followed one has been full for long enough."""
    shown = state.shown
    if shown is None:
        return replace(state, shown=next(iter(state.open.values()), None))
    if not shown.full:
        return state if state.full_since is None else replace(state, full_since=None)
    if state.full_since is None:
        return replace(state, full_since=state.now)
    if state.now - state.full_since < LINGER or state.view.until is not None:
        return state  # nobody takes away what is being read
    fresh = next((each for each in reversed([*state.open.values()]) if not each.full), None)
    return state if fresh is None else replace(state, shown=fresh, full_since=None)


def _ticked(state: State, seconds: float) -> State:
    recent = tuple(beat for beat in state.pulse[1:] if beat[0] >= seconds - WINDOW)
    pulse = (*(state.pulse[:1] if state.pulse[0][0] >= seconds - WINDOW else ()), *recent, (seconds, state.messages))
    return _follow(replace(state, now=seconds, pulse=pulse))


def _asked(costs: Mapping[str, Cost], purpose: str, reply: Reply) -> Mapping[str, Cost]:
    was, usage = costs.get(purpose), reply.usage
    if was is None:
        was = Cost(purpose, 0, 0, 0, 0, None, frozenset(), 0)
    usd = was.usd if reply.cost_usd is None else (was.usd or 0.0) + reply.cost_usd
    return {
        **costs,
        purpose: Cost(
            purpose,
            was.calls + 1,
            was.prompt + usage.prompt,
            was.cached + usage.cached,
            was.completion + usage.completion,
            usd,
            was.billings | {reply.billing},
            was.failed_attempts + reply.attempts - 1,
        ),
    }


def _pressed(state: State, key: str) -> State:
    view = state.view
    match key:
        case "q":
            return replace(state, view=replace(view, leaving=True))
        case "p" | "space":
            return replace(state, view=replace(view, paused=not view.paused))
        case "r":
            return replace(state, view=replace(view, reasons=not view.reasons))
        case "?" | "h":
            return replace(state, view=replace(view, help=not view.help))
        case "escape":
            return replace(state, view=replace(view, help=False))
        case "d" | "tab" if state.opened.goal is not None:
            return replace(state, view=replace(view, dashboard=not view.dashboard))
        case "n" | "right":
            return _another(state, 1)
        case "b" | "left":
            return _another(state, -1)
        case "up" | "down" if view.dashboard:
            return _another(state, 1 if key == "down" else -1)
        case _ if (by := SCROLLS.get(key)) is not None and not view.dashboard:
            return _scrolled(state, by)
    return state


def _scrolled(state: State, by: int) -> State:
    """The followed session so many events further on, or back if negative; at its end everything new shows again."""
    if state.shown is None or not state.shown.events:
        return state
    every, until = len(state.shown.events), state.view.until
    at = max(1, (every if until is None else until) + by)
    return replace(state, view=replace(state.view, until=at if at < every else None))


def _another(state: State, by: int) -> State:
    """Follows the next or the previous of the open sessions."""
    if not state.open:
        return state
    order = list(state.open)
    at = (
        order.index(state.shown.session.id)
        if state.shown is not None and state.shown.session.id in order
        else -(by > 0)
    )
    shown = state.open[order[(at + by) % len(order)]]
    view = replace(state.view, until=None)
    return replace(state, shown=shown, full_since=state.now if shown.full else None, view=view)


def _more(counts: Mapping[str, int], name: str) -> dict[str, int]:
    return {**counts, name: counts.get(name, 0) + 1}
