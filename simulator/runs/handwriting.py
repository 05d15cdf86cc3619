"""Runs written by hand: a sheet for each planned session; those that are whole become the run's sessions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator import __version__, clock, files
from simulator.corpus.near_duplicates import NearDuplicates
from simulator.corpus.verdict import Verdict
from simulator.document import Document
from simulator.errors import UsageError
from simulator.events import Acted, Event, Said
from simulator.journal.journal import Journal
from simulator.journal.model_choice import HAND, ModelChoice
from simulator.journal.records import Goal, RunCard
from simulator.plan.planner import Planner
from simulator.plan.session_plan import SessionPlan
from simulator.runs.session_runner import verdict_of, world_filters
from simulator.session.sheet import SheetFault, SheetLine, draft_sheet, read_sheet, sheet_events
from simulator.session.transcript import document
from simulator.world.world import World
from simulator.world.world_files import read_text

SUFFIX = ".txt"


@dataclass(frozen=True, slots=True)
class SheetRequest:
    """A run to be written by hand."""

    folder: Path
    """Of the run."""
    sheets: Path
    """Folder of the sheets."""
    name: str
    goal: Goal
    """A number of sessions, all together."""
    seed: int


@dataclass(frozen=True, slots=True)
class SheetReport:
    """What became of one sheet."""

    session: str
    state: str
    """`kept`: a session of the run; `faults`; `unwritten`: no line has words; `missing`: there is no file."""
    faults: tuple[str, ...] = ()
    """One line each, with the file and the line; of a kept session, where the sheet differs from what is on record."""


async def write_sheets(request: SheetRequest, world: World) -> list[Path]:
    """Plans the run's sessions and makes a sheet for each that has none yet; an existing file is left as it is.

    A run that exists gets more sessions if the goal is larger. Sessions stay as they were planned, also where the
    content has changed since. Raises UsageError if a run of that name was not written by hand.
    """
    made = []
    with _opened(request, world) as journal:
        planner = Planner(world, journal.run.seed, length=journal.run.goal.length)
        for slot in range(request.goal.sessions or 0):
            plan = planner.plan(slot)
            known = journal.session(plan.id)
            if known is None:
                journal.begin(plan)
            else:
                plan = known.plan
            path = _sheet(request.sheets, plan)
            if not path.exists():
                files.folder(path.parent)
                files.write(path, (await draft_sheet(plan, world)).encode())
                made.append(path)
    return made


def check_sheets(folder: Path, sheets: Path, world: World) -> Iterator[SheetReport]:
    """Checks every sheet of a run and records those without a fault; each is recorded as a whole, or not at all.

    What is recorded already stays as it is: `em mark … edit` or `em review` changes it. Raises UsageError as
    `write_sheets` does.
    """
    with Journal.open(folder) as journal:
        _refuse_others(journal, str(folder))
        checker = _SheetChecker(journal, sheets, world)
        for row in list(journal.sessions()):
            yield checker.recorded(row.plan) if row.state == "kept" else checker.checked(row.plan)


class _SheetChecker:
    """The checks of one run's sheets, in the order of the run: a sheet is held against all sessions before it."""

    def __init__(self, journal: Journal, sheets: Path, world: World) -> None:
        self._journal, self._sheets, self._world = journal, sheets, world
        self._filters = world_filters(world, journal.run.models)
        self._near = NearDuplicates(world.style)

    def recorded(self, plan: SessionPlan) -> SheetReport:
        """A session that is on record already."""
        events = self._journal.events(plan.id)
        self._near.find(plan.id, document(plan.setting, events, self._world.layout))
        return SheetReport(plan.id, "kept", self._changed(plan, events, self._journal.edited(plan.id, events)))

    def _changed(self, plan: SessionPlan, *versions: Sequence[Event]) -> tuple[str, ...]:
        """The first line of the sheet that was written anew after it was recorded: nobody else would tell.

        `versions`: the session as it was recorded and as people edited it; a line of either is no other one.
        """
        path = _sheet(self._sheets, plan)
        if not path.is_file():
            return ()
        said = (((e.nick, e.text) for e in events if isinstance(e, Said | Acted)) for events in versions)
        lines, _ = read_sheet(read_text(path, self._sheets))
        anew = [line for line, *known in zip(lines, *said, strict=False) if (line.nick, line.text) not in known]
        cause = f"is on record in other words; `em mark {self._journal.run.name} {plan.id} edit` changes a line"
        return tuple(SheetFault(line.number, cause).at(path.name) for line in anew[:1])

    def checked(self, plan: SessionPlan) -> SheetReport:
        """A sheet that is not; one without a fault is recorded."""
        path = _sheet(self._sheets, plan)
        if not path.is_file():
            return SheetReport(plan.id, "missing", (f"{path.name}: there is no such sheet",))
        lines, faults = read_sheet(read_text(path, self._sheets))
        if not faults and not any(line.text for line in lines):
            return SheetReport(plan.id, "unwritten")
        events, more = sheet_events(plan, self._world, lines)
        faults += more
        if not faults:
            made, verdict = verdict_of(self._filters, self._world, plan, events)
            faults = _faults(verdict, lines) or self._too_alike(plan, made)
            if not faults:
                self._journal.fill(plan.id, events, made.size)
                return SheetReport(plan.id, "kept")
        return SheetReport(plan.id, "faults", tuple(fault.at(path.name) for fault in faults))

    def _too_alike(self, plan: SessionPlan, made: Document) -> list[SheetFault]:
        found = self._near.find(plan.id, made)
        return [SheetFault(None, f"near-duplicate: {found[1]:.0%} like {found[0]}")] if found else []


def _sheet(sheets: Path, plan: SessionPlan) -> Path:
    return sheets / f"{plan.id}{SUFFIX}"


def _faults(verdict: Verdict, lines: Sequence[SheetLine]) -> list[SheetFault]:
    """What the filters say, with the sheet's line for each message."""
    numbers = [line.number for line in lines if not line.action]
    return [
        SheetFault(None if reason.message is None else numbers[reason.message], f"{reason.rule}: {reason.evidence}")
        for reason in verdict.reasons
    ]


def _opened(request: SheetRequest, world: World) -> Journal:
    if not request.folder.exists():
        models = ModelChoice(people=HAND)
        begun = {"world": world.digest, "version": __version__, "begun": clock.now()}
        return Journal.create(
            request.folder, RunCard(name=request.name, seed=request.seed, goal=request.goal, models=models, **begun)
        )
    journal = Journal.open(request.folder)
    try:
        _refuse_others(journal, str(request.folder))
        if (request.goal.sessions or 0) > (journal.run.goal.sessions or 0):
            journal.extend(journal.run.goal.model_copy(update={"sessions": request.goal.sessions}))
    except BaseException:
        journal.close()
        raise
    return journal


def _refuse_others(journal: Journal, place: str) -> None:
    if not journal.run.by_hand:
        raise UsageError("was not written by hand", place=place, remedy="choose another name for `em write`")
