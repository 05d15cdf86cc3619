"""Runs written by hand: what is whole is recorded once, every fault has its file and line, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from simulator import clock
from simulator.corpus.check import kept
from simulator.corpus.export import ExportPolicy, export
from simulator.corpus.filters import Filters
from simulator.errors import UsageError
from simulator.events import Event, Joined, Said
from simulator.journal.journal import Journal
from simulator.journal.records import Goal, ReviewAction, ReviewKind
from simulator.plan.planner import Planner
from simulator.plan.session_plan import SessionPlan
from simulator.runs import service
from simulator.runs.handwriting import SheetReport, SheetRequest, check_sheets, write_sheets
from simulator.runs.request import ResumeRequest
from simulator.session.play import play
from simulator.session.sheet import draft_sheet, read_sheet
from simulator.world.world import World
from tests.layout import LAYOUT
from tests.worlds import scripted, shipped

SESSIONS = 4


@cache
def _patient() -> World:
    """The shipped world, in which prepared lines are not taken for a very small model's."""
    numbers = shipped().style.numbers.model_copy(update={"small_model_lines": 10_000})
    return replace(shipped(), style=shipped().style.model_copy(update={"numbers": numbers}))


def _request(folder: Path, sessions: int = SESSIONS) -> SheetRequest:
    return SheetRequest(folder / "run", folder / "sheets", "gold", Goal(sessions=sessions, length="short"), 1)


def _written(folder: Path) -> SheetRequest:
    """All sheets filled in with what the scripted model says in the same sessions."""
    request = _request(folder)
    for path in asyncio.run(write_sheets(request, shipped())):
        plan = _plan(request, path.stem)
        texts = [event.text for event in asyncio.run(_played(plan)) if isinstance(event, Said)]
        rows = path.read_text().splitlines()
        path.write_text("\n".join(f"{row} {texts.pop(0)}" if row.startswith("<") else row for row in rows))
    return request


async def _played(plan: SessionPlan) -> list[Event]:
    return [event async for event in play(plan, shipped(), scripted())]


def _plan(request: SheetRequest, session: str) -> SessionPlan:
    with Journal.read(request.folder) as journal:
        found = journal.session(session)
    assert found is not None
    return found.plan


def _check(request: SheetRequest) -> dict[str, SheetReport]:
    return {report.session: report for report in check_sheets(request.folder, request.sheets, _patient())}


def test_sheets_that_are_whole_become_sessions_with_the_exact_budget(tmp_path: Path) -> None:
    request = _written(tmp_path)
    assert {report.state for report in _check(request).values()} == {"kept"}
    with Journal.read(request.folder) as journal:
        for row in journal.sessions():
            events = journal.events(row.plan.id)
            said = [event.nick for event in events if isinstance(event, Said)]
            assert (len(said), said.count("Em")) == (row.plan.messages, row.plan.lead_messages)
            assert [event.index for event in events] == list(range(len(events)))
            joins = sum(change.kind == "join" for change in row.plan.script.presence)
            assert sum(isinstance(event, Joined) for event in events) <= joins
    assert {report.state for report in _check(request).values()} == {"kept"}, "checked again: each is recorded once"


def test_an_export_says_that_it_was_written_by_hand_and_a_check_reads_what_was_edited(tmp_path: Path) -> None:
    request, world = _written(tmp_path), _patient()
    _check(request)
    with Journal.open(request.folder) as journal:
        row = next(journal.sessions("kept"))
        journal.act([ReviewAction(row.plan.id, 0, ReviewKind.EDIT, "ann", "How can I help you today?")])
        policy = ExportPolicy.of(world)
        export(journal, tmp_path / "out", policy)
        filters = Filters(world.style, world.engagement, world.quota, world.lead.nick, LAYOUT)
        found = dict(kept(journal, filters))
    card = (tmp_path / "out" / "README.md").read_text()
    assert "Every line was written by hand" in card and "models" not in card.split("## Limits")[1]
    assert [ident for ident, verdict in found.items() if not verdict.keep] == [row.plan.id]


def test_a_line_written_anew_after_it_was_recorded_is_named(tmp_path: Path) -> None:
    request = _written(tmp_path)
    _check(request)
    path = request.sheets / "s00001.txt"
    rows = path.read_text().splitlines()
    number = next(number for number, row in enumerate(rows) if row.startswith("<"))
    rows[number] = rows[number].partition(">")[0] + "> something else by now"
    path.write_text("\n".join(rows))
    found = _check(request)
    assert {report.state for report in found.values()} == {"kept"}
    assert [fault.split(";")[0] for report in found.values() for fault in report.faults] == [
        f"s00001.txt:{number + 1}: is on record in other words"
    ]
    with Journal.open(request.folder) as journal:
        journal.act([ReviewAction("s00001", 0, ReviewKind.EDIT, "ann", "something else by now")])
    assert not any(report.faults for report in _check(request).values()), "the sheet says what an edit says"


def _said(row: str, text: str) -> str:
    """A row of the lead's with other words."""
    return f"<Em>{text}" if row.startswith("<Em>") else row


FAULTS: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "an offer": (lambda rows: [_said(row, " How can I help you today?") for row in rows], "How can I help"),
    "no words": (lambda rows: [_said(row, "") for row in rows], "not written yet"),
    "a stranger": (lambda rows: [r.replace("<Em>", "<zz>") for r in rows], "zz is not in this session"),
    "a line too many": (lambda rows: [*rows, "<Em> nah, not today, I am off."], "planned are"),
    "no line": (lambda rows: [*rows, "and then?"], "is neither `<nick> text` nor a note"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_file_and_line_and_nothing_is_recorded(name: str, tmp_path: Path) -> None:
    change, cause = FAULTS[name]
    request = _written(tmp_path)
    path = sorted(request.sheets.iterdir())[1]
    whole = path.read_text()
    path.write_text("\n".join(change(whole.splitlines())))
    report = _check(request)[path.stem]
    assert report.state == "faults" and any(cause in fault and fault.startswith(path.name) for fault in report.faults)
    with Journal.read(request.folder) as journal:
        assert not journal.events(path.stem)
    path.write_text(whole)
    assert _check(request)[path.stem].state == "kept"


def test_who_is_not_there_does_not_speak(tmp_path: Path) -> None:
    request = _written(tmp_path)
    for path in sorted(request.sheets.iterdir()):
        presence = _plan(request, path.stem).script.presence
        late = next((change for change in presence if change.kind == "join" and change.at > 0), None)
        if late is not None:
            rows = path.read_text().splitlines()
            first = next(number for number, row in enumerate(rows) if row.startswith("<"))
            rows[first] = f"<{late.nick}> evening all"
            path.write_text("\n".join(rows))
            assert any("is not in the channel here" in fault for fault in _check(request)[path.stem].faults)
            return
    pytest.fail("nobody of these sessions comes late")


def test_sheets_are_never_written_again_and_a_run_grows(tmp_path: Path) -> None:
    request = _written(tmp_path)
    texts = {path.name: path.read_text() for path in request.sheets.iterdir()}
    assert len(asyncio.run(write_sheets(_request(tmp_path, SESSIONS + 2), shipped()))) == 2
    assert {name: (request.sheets / name).read_text() for name in texts} == texts
    states = [report.state for report in _check(request).values()]
    assert states == ["kept"] * SESSIONS + ["unwritten"] * 2


def test_other_runs_are_refused_and_a_run_by_hand_is_not_resumed_by_a_model(tmp_path: Path) -> None:
    request = _written(tmp_path)
    with pytest.raises(UsageError, match="em write gold --check"):
        asyncio.run(service.resume(ResumeRequest(request.folder), shipped()))


def test_a_draft_has_every_line_of_the_plan_and_every_card() -> None:
    plan = Planner(shipped(), 3).plan(0)
    sheet = asyncio.run(draft_sheet(plan, shipped()))
    lines, faults = read_sheet(sheet)
    assert not faults and len(lines) == plan.messages and not any(line.text for line in lines)
    assert sum(line.nick == plan.setting.lead for line in lines) == plan.lead_messages
    for nick in plan.setting.members:
        zone = shipped().personas[nick].timezone
        there = f" ({clock.of_day(plan.setting.begins, zone)} there)" if zone else ""
        assert f"# {nick}{there}: " in sheet
    assert max(map(len, sheet.splitlines())) <= 120


def test_a_draft_is_whole_where_a_rule_refuses_whatever_the_model_behind_it_says() -> None:
    rule = shipped().style.rules[0].model_copy(update={"who": "lead", "patterns": ("[a-z]",), "unless": ()})
    rules = (*shipped().style.rules, rule)
    strict = replace(shipped(), style=shipped().style.model_copy(update={"rules": rules}))
    plan = Planner(strict, 3).plan(0)
    lines, _ = read_sheet(asyncio.run(draft_sheet(plan, strict)))
    assert sum(line.nick == plan.setting.lead for line in lines) == plan.lead_messages
    assert len(lines) == plan.messages
