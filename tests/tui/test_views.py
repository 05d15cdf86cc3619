"""The live view: a pure fold over notes, drawn in exactly the size that there is, with the numbers of the events."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from simulator.corpus.verdict import Reason, Verdict
from simulator.events import Acted, Joined, Parted, Passed, Refused, Renamed, Said, TopicSet
from simulator.journal.records import Goal
from simulator.plan.quota import DIMENSIONS, targets
from simulator.runs.notes import Answered, Began, Happened, NotNeeded, Settled
from simulator.tui import panes
from simulator.tui.fold import LINGER, fold, step
from simulator.tui.layout import Page, page
from simulator.tui.lines import MARK
from simulator.tui.state import Opened, Over, Pressed, State, Ticked, ViewNote, opened
from simulator.tui.terminal import named
from tests import builders
from tests.cli.hostile import FORBIDDEN, TEXTS
from tests.worlds import card, play_run

BANDS = builders.ENGAGEMENT.bands
SINGLE = Opened("one", BANDS)
SIZES = [(80, 24), (200, 60), (40, 12), (20, 5), (7, 3), (1, 1)]
KEPT = Verdict(keep=True)
REJECTED = Verdict(keep=False, reasons=(Reason(rule="leak", message=3, evidence="[/INST]"),))


def of_run(**fields: object) -> Opened:
    shares = dict(zip(DIMENSIONS, targets(builders.QUOTA), strict=True))
    return Opened("trial", BANDS, **{"goal": Goal(sessions=40), "targets": shares, **fields})


def played(slot: int, most: int = 10**6, verdict: Verdict | None = None) -> list[ViewNote]:
    """A session from its beginning to so many events, or to its verdict."""
    plan = builders.plan(slot)
    notes: list[ViewNote] = [Began(plan), *(Happened(plan, event) for event in builders.events(plan)[:most])]
    return [*notes, Settled(plan, verdict, 1000)] if verdict else notes


def plain(state: State, width: int = 80, height: int = 24) -> str:
    return "\n".join(row.plain for row in page(state, width, height))


def drawn(state: State, width: int, height: int, *, colour: bool = True) -> str:
    """What the terminal would get."""
    out = StringIO()
    console = Console(file=out, width=width, height=height, force_terminal=True, no_color=not colour,
                      color_system="truecolor", markup=False, highlight=False)  # fmt: skip
    console.print(Page(state), end="")
    return out.getvalue()


STATES = {
    "nothing yet": opened(SINGLE),
    "one session": fold(opened(SINGLE), played(3, 60)),
    "with reasons": fold(opened(SINGLE), [Pressed("r"), *played(3, 60)]),
    "kept": fold(opened(SINGLE), [*played(0, verdict=KEPT), Over()]),
    "rejected": fold(opened(SINGLE), [*played(0, verdict=REJECTED), Over()]),
    "help": fold(opened(SINGLE), [*played(0, 9), Pressed("?")]),
    "a run": fold(
        opened(of_run()), [*played(0, verdict=KEPT), *played(1, verdict=REJECTED), *played(3, 50), Ticked(9)]
    ),
    "a run by size": fold(opened(of_run(goal=Goal(target_mb=0.5))), [*played(0, verdict=KEPT), Ticked(3)]),
    "a run's session": fold(opened(of_run()), [*played(0, 7), *played(3, 50), Pressed("d"), Pressed("n")]),
    "scrolled back": fold(opened(SINGLE), [*played(3, 60), Pressed("page up"), Pressed("up")]),
    "paused": fold(opened(of_run()), [*played(0, 7), Pressed("p")]),
    "replay": fold(opened(Opened("run", BANDS, speed=60)), played(0, 20)),
}


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("name", STATES)
def test_every_page_fills_exactly_the_terminal(name: str, width: int, height: int) -> None:
    rows = page(STATES[name], width, height)
    assert [row.cell_len for row in rows] == [width] * height
    assert "\n" not in "".join(row.plain for row in rows)


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_text_stays_text_and_in_its_columns(text: str) -> None:
    plan = builders.plan()
    refused = (Refused(text=text, rule="wall", evidence=text),)
    notes = [
        Began(plan),
        Happened(plan, TopicSet(index=0, at=1, nick="ash", text=text)),
        Happened(plan, Said(index=1, at=2, nick="ash", text=text, refused=refused, reasons={"tie": 2.0})),
        Happened(plan, Said(index=2, at=2, nick=plan.setting.lead, text=text, cue="say")),
        Happened(plan, Acted(index=3, at=3, nick="bo", text=text)),
        Happened(plan, Renamed(index=4, at=3, nick="bo", to=text)),
        Happened(plan, Passed(index=5, at=3, nick="bo", why=text)),
        Settled(plan, Verdict(keep=False, reasons=(Reason(rule="wall", message=1, evidence=text),)), 1),
    ]
    for first, keys in ((SINGLE, "r"), (of_run(), "r")):
        state = fold(opened(first), [*map(Pressed, keys), *notes])
        for width, height in ((80, 24), (200, 60)):
            rows = page(state, width, height)
            assert {row.cell_len for row in rows} == {width}
            # A terminal that joins no characters must not need more room than we counted.
            assert max(sum(map(cell_len, row.plain)) for row in rows) <= width
            assert not FORBIDDEN.search("".join(row.plain for row in rows))
            assert not FORBIDDEN.search(re.sub(r"\x1b\[[\d;]*m", "", drawn(state, width, height)))


def test_the_lead_is_unmistakable_with_and_without_colour() -> None:
    plan = builders.plan()
    said = [Said(index=i, at=36000, nick=nick, text="a line") for i, nick in enumerate(("ash", plan.setting.lead))]
    state = fold(opened(SINGLE), [Began(plan), *(Happened(plan, event) for event in said)])
    marked = [row for row in plain(state).splitlines() if row.startswith(MARK)]
    assert len(marked) == 1 and f"<{plan.setting.lead}> a line" in marked[0]
    assert "\x1b[1;35m" in drawn(state, 80, 24)
    without = drawn(state, 80, 24, colour=False)
    assert not re.search(r"\x1b\[[\d;]*3[0-7]", without)
    assert f"\x1b[1m<{plan.setting.lead}> " in without


def test_the_budget_is_that_of_the_events() -> None:
    for slot, most in ((0, 5), (0, 15), (3, 40), (3, 90), (5, 10**6)):
        plan = builders.plan(slot)
        state = fold(opened(SINGLE), played(slot, most))
        lines = [event for event in builders.events(plan)[:most] if isinstance(event, Said)]
        hers = sum(event.nick == plan.setting.lead for event in lines)
        legal = BANDS[plan.setting.engagement].counts(plan.messages)
        text = "\n".join(row.plain for row in panes.gauge(state.shown, BANDS[plan.setting.engagement], 40))
        assert f" {hers} of {plan.lead_messages}, band {legal[0]}-{legal[-1]} of {plan.messages}" in text
        assert f"owed {plan.lead_messages - hers} of {plan.messages - len(lines)} left" in text
        assert f"{BANDS[plan.setting.engagement].least:.0%}-{BANDS[plan.setting.engagement].most:.0%}" in text
        cast = "\n".join(row.plain for row in panes.cast(state.shown, 40))
        for nick in {event.nick for event in lines}:
            count = sum(event.nick == nick for event in lines)
            assert re.search(rf"{nick} .*{count / len(lines):4.0%} +{count}\n", cast + "\n")


def test_who_is_not_there_and_what_is_due() -> None:
    plan = builders.plan()
    notes: list[ViewNote] = [Began(plan), Happened(plan, Parted(index=0, at=1, nick="bo"))]
    state = fold(opened(SINGLE), notes)
    assert "6 of 7 here" in plain(state)
    assert "in 1: ask-homework ash → " in plain(state)
    said = Said(index=2, at=2, nick="bo", text="so", reasons={"tie": 1.3, "chance": 0.25})
    notes += [Happened(plan, Joined(index=1, at=1, nick="bo")), Happened(plan, said)]
    shown = plain(fold(opened(SINGLE), notes))
    assert "7 of 7 here" in shown and "due now: ask-homework" in shown
    assert "why bo" in shown and "chance 25%" in shown and "tie 1.3" in shown


def test_refusals_and_rejections_are_told_as_they_happen() -> None:
    plan = builders.plan()
    refused = (Refused(text="x", rule="offer", evidence="can I help"),)
    state = fold(
        opened(of_run()), [Began(plan), Happened(plan, Said(index=0, at=1, nick="bo", text="y", refused=refused))]
    )
    assert state.refused == {"offer": 1} and state.incidents[-1].rule == "offer"
    state = step(state, Settled(plan, REJECTED, 5))
    assert state.rejections == {"leak": 1} and state.tally.rejected == 1
    assert "leak 1" in plain(state) and "offer 1" in plain(state)


def test_calls_are_added_up_by_purpose() -> None:
    asked = [
        Answered("people", builders.reply()),
        Answered("people", builders.reply()),
        Answered("retries", builders.reply()),
    ]
    state = fold(opened(SINGLE), [*played(0, 5), *asked])
    assert {p: (c.calls, c.prompt, c.cached, c.completion) for p, c in state.costs.items()} == {
        "people": (2, 200, 120, 40),
        "retries": (1, 100, 60, 20),
    }
    text = plain(state)
    assert re.search(r"people +2 +240 +60% \$0\.002", text) and re.search(r"total +3 +360 +60% \$0\.003", text)


def test_keys_choose_what_is_seen() -> None:
    state = fold(opened(of_run()), [*played(0, 5), *played(1, 5), *played(2, 5)])
    ids = list(state.open)
    assert state.view.dashboard and state.shown.session.id == ids[0]
    for key, wanted in (("n", 1), ("right", 2), ("n", 0), ("b", 2), ("left", 1)):
        state = step(state, Pressed(key))
        assert state.shown.session.id == ids[wanted]
    for key, name in (("d", "dashboard"), ("p", "paused"), ("r", "reasons"), ("?", "help"), ("q", "leaving")):
        before, state = state, step(state, Pressed(key))
        assert getattr(state.view, name) is not getattr(before.view, name)
    assert step(state, Pressed("x")) == state
    assert step(opened(SINGLE), Pressed("d")) == opened(SINGLE), "one session has no dashboard"
    assert list(named("qD\x1b[C\x1bOA\x1b[15~ \x1b\t")) == ["q", "d", "right", "up", "space", "escape", "tab"]


def test_a_finished_session_lingers_and_then_the_next_one_is_followed() -> None:
    state = fold(opened(of_run()), [*played(0, 5), *played(1, 5), Settled(builders.plan(0), REJECTED, 0)])
    assert state.shown.session.id == "s00000" and state.shown.verdict == REJECTED
    state = step(state, Ticked(LINGER / 2))
    assert state.shown.session.id == "s00000"
    assert step(state, Ticked(LINGER * 2)).shown.session.id == "s00001"
    assert fold(opened(of_run()), [NotNeeded(builders.plan(4))]).open == {}


def test_messages_a_second_are_those_of_the_last_seconds() -> None:
    state = opened(of_run())
    for second in range(1, 40):
        state = fold(state, [*played(second, 8), Ticked(float(second))])
    said = sum(isinstance(event, Said) for event in builders.events(builders.plan())[:8])
    assert state.rate == pytest.approx(said)
    assert len(state.pulse) <= 12


COMMON = st.one_of(
    st.sampled_from(["q", "p", "d", "r", "?", "n", "b", "escape", "x", "tab"]).map(Pressed),
    st.floats(0, 100).map(Ticked),
    st.just(Answered("lead", builders.reply())),
)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_order_of_notes_can_be_folded_and_drawn(data: st.DataObject) -> None:
    """Sessions in any interleaving, keys and ticks anywhere: counts are exact, the page fits, nothing is changed."""
    queues = [played(slot, 12, data.draw(st.sampled_from([KEPT, REJECTED, None]))) for slot in range(3)]
    notes: list[ViewNote] = []
    while any(queues):
        if data.draw(st.integers(0, 3)) == 0:
            notes.append(data.draw(COMMON))
        queue = data.draw(st.sampled_from([q for q in queues if q]))
        notes.append(queue.pop(0))
    first = opened(of_run())
    state = fold(first, notes)
    assert fold(first, notes) == state, "the same notes give the same state"
    settled = [note for note in notes if isinstance(note, Settled)]
    assert state.tally.kept == sum(note.verdict.keep for note in settled)
    assert state.tally.rejected == len(settled) - state.tally.kept
    assert len(state.open) == 3 - len(settled)
    assert state.messages == sum(isinstance(n, Happened) and isinstance(n.event, Said) for n in notes)
    assert all(sum(counts.values()) == state.tally.kept for counts in state.counted.values())
    width, height = data.draw(st.integers(1, 120)), data.draw(st.integers(1, 50))
    assert [row.cell_len for row in page(state, width, height)] == [width] * height


def test_a_whole_run_can_be_folded(tmp_path: Path) -> None:
    notes: list[ViewNote] = []
    play_run(tmp_path / "run", card(sessions=5, length="short"), watch=notes.append, concurrency=3)
    state = fold(opened(of_run(goal=Goal(sessions=5))), notes)
    assert (state.tally.kept, len(state.open)) == (5, 0)
    assert "100%" in plain(state)


SHOWN = re.compile(r"<\S+> ")


def messages(state: State) -> list[str]:
    """The rows of the transcript in which a message begins."""
    return [row.partition("│")[0].strip() for row in plain(state).splitlines() if SHOWN.search(row)]


@pytest.mark.parametrize(
    ("keys", "until"),
    [
        (["up"], 59),
        (["up", "up", "down"], 59),
        (["page up"], 50),
        (["page up", "page up", "page down"], 50),
        (["home"], 1),
        (["home", "up"], 1),
        (["home", "end"], None),
        (["up", "down"], None),
        (["down"], None),
        (["page up", "page down", "page down"], None),
        (["page up", "r"], 50),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_keys_scroll_through_a_session(keys: list[str], until: int | None) -> None:
    state = fold(opened(SINGLE), [*played(3, 60), *map(Pressed, keys)])
    assert state.view.until == until
    assert ("scrolled back" in plain(state, 120)) == (until is not None)


def test_what_is_scrolled_to_stays_while_the_session_goes_on() -> None:
    notes = played(3, 60)
    back = fold(opened(SINGLE), [*notes[:41], Pressed("page up")])
    later = fold(back, notes[41:])
    assert messages(later) == messages(back) != messages(fold(opened(SINGLE), notes[:41]))
    assert messages(step(later, Pressed("end"))) == messages(fold(opened(SINGLE), notes))


def test_the_first_page_is_full() -> None:
    notes = played(3, 60)
    first = messages(step(fold(opened(SINGLE), notes), Pressed("home")))
    whole = [row.partition("│")[0].strip() for row in plain(fold(opened(SINGLE), notes), 80, 300).splitlines()]
    whole = [row for row in whole if SHOWN.search(row)]
    assert len(first) > 5 and first == whole[: len(first)]


def test_nobody_takes_away_what_is_being_read() -> None:
    """A finished session gives its place to an open one after a while, but not while somebody has scrolled back."""
    notes = [*played(0), *played(3, 9), Pressed("d")]
    watching = fold(opened(of_run()), notes)
    followed = watching.shown
    assert followed is not None and followed.full
    later = [Ticked(1), Ticked(1 + LINGER), Ticked(2 + 2 * LINGER)]
    gone, stays = fold(watching, later).shown, fold(watching, [Pressed("up"), *later]).shown
    assert gone is not None and gone.session.id != followed.session.id
    assert stays is not None and stays.session.id == followed.session.id
