"""A run is told in lines from its notes alone, one session after the other, and shows what people typed as text."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console

from simulator.corpus.verdict import Reason, Verdict
from simulator.events import Acted, Joined, Parted, Passed, Refused, Renamed, Said, TopicSet
from simulator.journal.journal import Journal
from simulator.runs.notes import Began, Happened, NotNeeded, RunNote, Settled
from simulator.tui import lines
from simulator.tui.run_views import LinesView
from tests import builders
from tests.worlds import card, play_run

KEPT = Verdict(keep=True)


def shown(notes: list[RunNote], *, reasons: bool = False, width: int = 80, colour: bool = False) -> str:
    out = StringIO()
    system = "truecolor" if colour else None
    console = Console(file=out, width=width, force_terminal=colour, markup=False, highlight=False, color_system=system)
    view = LinesView(console, reasons=reasons)
    for note in notes:
        view.note(note)
    return out.getvalue()


def test_sessions_that_run_at_once_are_shown_one_after_the_other() -> None:
    a, b = builders.plan(0), builders.plan(1)

    def said(plan, number: int, text: str) -> Happened:
        return Happened(plan, Said(index=number, at=36000, nick="ash", text=text))

    first = [Began(a), Began(b), said(b, 0, "b one"), said(a, 0, "a one"), Settled(b, KEPT, 9)]
    text = shown([*first, said(a, 1, "a two"), Settled(a, KEPT, 9)])
    order = [text.index(part) for part in ("a one", "a two", f"kept: {a.id}", "b one", f"kept: {b.id}")]
    assert order == sorted(order)


def test_every_kind_of_event_looks_as_in_a_client() -> None:
    plan = builders.plan()
    refused = (Refused(text="as before", rule="repetition"),)
    events = [
        TopicSet(index=0, at=36000, nick="ash", text="soup"),
        Joined(index=1, at=36001, nick="bo"),
        Said(
            index=2, at=36060, nick="bo", text="hello [red]there[/red] <script>", reasons={"tie": 1.3}, refused=refused
        ),
        Acted(index=3, at=36061, nick="bo", text="waves"),
        Renamed(index=4, at=36062, nick="bo", to="bo_away"),
        Renamed(index=5, at=36063, nick="bo", to="bo"),
        Passed(index=6, at=36064, nick=plan.setting.lead, why="kept quiet"),
        Parted(index=7, at=36065, nick="bo"),
    ]
    notes: list[RunNote] = [Began(plan), *(Happened(plan, event) for event in events)]
    text = shown(notes)
    for line in (
        "10:00 --- topic: soup",
        "10:00 --> bo joined",
        "10:01 <bo> hello [red]there[/red] <script>",
        "10:01 * bo waves",
        "10:01 --- bo is now known as bo_away",
        "10:01 --- bo is back",
        "10:01 <-- bo left",
    ):
        assert line in text
    assert "kept quiet" not in text and "repetition" not in text
    full = shown(notes, reasons=True)
    assert "says nothing (kept quiet)" in full and "bo tried (repetition" in full and "tie 1.3" in full


def test_rejections_show_their_evidence_and_spares_say_so() -> None:
    a, b = builders.plan(0), builders.plan(1)
    verdict = Verdict(keep=False, reasons=(Reason(rule="leak", message=3, evidence="[/INST]"),))
    text = shown([Began(a), Settled(a, verdict, 9), Began(b), NotNeeded(b)])
    assert "leak at message 3: [/INST]" in text
    assert f"spare: {b.id}" in text


def test_the_lead_has_a_colour_of_her_own() -> None:
    plan = builders.plan()
    lead = plan.setting.lead
    assert lines.style(lead, lead) not in {lines.style(nick, lead) for nick in plan.setting.cast}
    assert lines.style("ash", lead) == lines.style("ash", "bo")
    said = Happened(plan, Said(index=0, at=36000, nick=plan.setting.lead, text="hello"))
    assert "\x1b[" in shown([Began(plan), said], colour=True)
    assert "\x1b[" not in shown([Began(plan), said])


def test_a_whole_run_can_be_watched(tmp_path: Path) -> None:
    notes: list[RunNote] = []
    play_run(tmp_path / "run", card(sessions=5, length="short"), watch=notes.append, concurrency=3)
    text = shown(notes, width=200)
    with Journal.read(tmp_path / "run") as journal:
        for row in journal.sessions("kept"):
            assert f"kept: {row.plan.id}" in text
            for event in journal.events(row.plan.id):
                if isinstance(event, Said):
                    assert event.text[:40] in text
