"""The figures are the journal's, whatever state the run is in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from simulator.corpus import stats
from simulator.journal.journal import Journal
from simulator.journal.records import PersonMark
from simulator.report.gather import Figures, gather
from simulator.report.health_checks import checks, differences, verdict
from tests import builders
from tests.report.runs import card, mixed
from tests.worlds import card as scripted_card
from tests.worlds import play_run, shipped


def gathered(folder: Path) -> Figures:
    with Journal.read(folder) as journal:
        return gather(journal, shipped())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("runs")
    mixed(made / "trial")
    play_run(made / "played", scripted_card("played", sessions=60, length="short"))
    return made


@pytest.fixture(scope="module")
def runs(folder: Path) -> dict[str, Figures]:
    return {name: gathered(folder / name) for name in ("trial", "played")}


@pytest.mark.parametrize("name", ["trial", "played"])
def test_every_number_is_the_journals(folder: Path, runs: dict[str, Figures], name: str) -> None:
    figures, world = runs[name], shipped()
    with Journal.read(folder / name) as journal:
        quota = world.quota.only("short") if name == "played" else world.quota
        told = stats.status(journal, quota)
        tally = journal.tally()
    assert figures.tally == tally
    assert figures.marginals == told.marginals and figures.cost == told.outcomes.cost
    assert {r.name: r.rejected for r in figures.rules if r.rejected} == told.outcomes.rejections
    assert {r.name: r.refused for r in figures.rules if r.refused} == told.outcomes.retries
    states = [session.state for session in figures.sessions]
    assert [states.count(state) for state in ("kept", "rejected", "open")] == [tally.kept, tally.rejected, tally.open]


@pytest.mark.parametrize("name", ["trial", "played"])
def test_the_parts_add_up(runs: dict[str, Figures], name: str) -> None:
    figures = runs[name]
    kept = [session for session in figures.sessions if session.state == "kept"]
    for values in figures.marginals.values():
        assert sum(row.count for row in values.values()) == len(kept)
    assert sum(row.in_band for row in figures.lead.values()) == sum(session.in_band for session in kept)
    assert sum(row.lead_messages for row in figures.lead.values()) == sum(session.by_lead for session in kept)
    assert figures.diversity.messages == sum(session.messages for session in kept)
    assert sum(block.settled for block in figures.acceptance) == sum(s.state != "open" for s in figures.sessions)
    assert sum(block.accepted for block in figures.acceptance) == len(kept) + figures.spare
    for before, after in zip(figures.acceptance, figures.acceptance[1:], strict=False):
        assert before.last < after.first
    total = figures.cost["total"]
    assert total.calls == sum(row.calls for purpose, row in figures.cost.items() if purpose != "total")
    assert all(rule.cases for rule in figures.rules)


def test_a_finished_run_meets_its_quotas_and_bands(runs: dict[str, Figures]) -> None:
    figures = runs["played"]
    met = {check.name: check.met for check in checks(figures)}
    assert figures.scripted and met["quotas"] and met["lead's share"] and met["duplicates"]
    for values in figures.marginals.values():
        assert all(abs(row.count - row.target * 60) <= 1 for row in values.values())


@pytest.mark.parametrize(
    ("goal", "sessions", "quotas", "told", "lead"),
    [
        # asked for, played; is the check met, and how is it told
        (6, 1, None, "0 of 20 met, 2 on course, 18 too few to say", "1 of 1 in band, too few to say"),
        (60, 30, None, "0 of 20 met, 19 on course, 1 too few to say", "30 of 30 in band"),
        (60, 60, True, "20 of 20 met", "60 of 60 in band"),
        (20, 20, None, "15 of 20 met, 5 too few to say", "20 of 20 in band"),
        (1, 1, None, "2 of 20 met, 18 too few to say", "1 of 1 in band, too few to say"),
    ],
)
def test_a_quota_is_met_by_the_sessions_that_were_asked_for_and_enough_of_them(
    tmp_path: Path, goal: int, sessions: int, quotas: bool | None, told: str, lead: str
) -> None:
    play_run(tmp_path, scripted_card(sessions=sessions, length="short"))
    with Journal.open(tmp_path) as journal:
        journal.extend(journal.run.goal.model_copy(update={"sessions": goal}))
    found = {check.name: check for check in checks(gathered(tmp_path))}
    assert (found["quotas"].met, found["quotas"].figure) == (quotas, told)
    assert (found["lead's share"].met, found["lead's share"].figure) == (True if sessions >= 5 else None, lead)
    assert found["duplicates"].met is (True if sessions > 1 else None)


def _empty(journal: Journal) -> None:
    """Nothing was begun."""


def _open(journal: Journal) -> None:
    journal.begin(builders.plan())
    journal.event(builders.plan().id, builders.events(builders.plan())[0])


def _rejected(journal: Journal) -> None:
    for slot in range(2):
        journal.begin(builders.plan(slot))
        for event in builders.events(builders.plan(slot)):
            journal.event(builders.plan(slot).id, event)
        journal.settle(builders.plan(slot).id, 0, [("walls", 3, "number 3")])


def _spare(journal: Journal) -> None:
    builders.fill(journal, [builders.plan()])
    journal.begin(builders.plan(0, id="s00000.1", attempt=1))
    journal.spare("s00000.1", 100, 0.5)


@pytest.mark.parametrize(
    ("fill", "good", "line"),
    [
        (_empty, None, "Nothing yet."),
        (_open, None, "Nothing yet."),
        (_rejected, False, "No session was kept of 2 that were judged."),
        (_spare, None, "Right so far, 0 % of the goal"),
    ],
)
def test_a_run_in_any_state(tmp_path: Path, fill, good: bool | None, line: str) -> None:
    with Journal.create(tmp_path, card()) as journal:
        fill(journal)
    figures = gathered(tmp_path)
    told = verdict(figures)
    assert told[0] is good and told[1].startswith(line), told
    if fill is not _spare:
        assert {check.met for check in checks(figures)} == {None}
    assert differences(figures, figures) and all(row.same for row in differences(figures, figures))


@pytest.mark.parametrize(
    ("models", "marked", "good", "line"),
    [
        ({}, 0, None, "No rule was broken; no judge read the sessions, no guard read the lead's lines, no person marked"
                      " a session."),
        ({"judge": "some/judge"}, 0, True, "Right: every check is met; no guard read the lead's lines, no person marked"
                                           " a session."),
        ({}, 1, True, "Right: every check is met; no judge read the sessions, no guard read the lead's lines."),
        ({"judge": "some/judge", "guard": "some/guard"}, 1, True, "Right: every check is met."),
    ],
)  # fmt: skip
def test_the_first_line_names_what_nobody_looked_at(
    runs: dict[str, Figures], models: dict[str, str], marked: int, good: bool | None, line: str
) -> None:
    played = runs["played"]
    read = replace(played.card, models=replace(played.card.models, **models))
    turns = replace(played.realism, outside=0, windows={15: 1000, 100: 1000})
    words = replace(
        played.diversity, openings={who: {} for who in ("lead", "people")}, phrases={"lead": (), "people": ()}
    )
    figures = replace(played, card=read, marked=marked, realism=turns, diversity=words)
    assert verdict(figures) == (good, line)
    open_ended = replace(figures, done=0.5)
    assert verdict(open_ended)[0] is None and verdict(open_ended)[1].startswith("Right so far, 50 % of the goal")


def test_differences_name_what_sets_two_runs_apart(runs: dict[str, Figures]) -> None:
    rows = {row.what: row for row in differences(runs["trial"], runs["played"])}
    assert rows["people's model"].values == ("some/model", "scripted") and rows["kept"].values == ("30", "60")
    assert rows["rejected by walls"].values[1] == "0.0 %" and rows["world"].same


def test_another_world_is_told(tmp_path: Path) -> None:
    with Journal.create(tmp_path, builders.run_card(world="0" * 16)):
        pass
    assert gathered(tmp_path).other_world == shipped().digest


def test_a_reader_sees_one_moment(tmp_path: Path) -> None:
    with Journal.create(tmp_path, card()) as writer, Journal.read(tmp_path) as reader:
        with reader.moment():
            before = reader.tally()
            builders.fill(writer, [builders.plan()])
            assert reader.tally() == before
        assert reader.tally().kept == before.kept + 1


def test_what_people_said_is_in_the_list_in_the_transcript_and_in_the_first_line(tmp_path: Path) -> None:
    with builders.filled(tmp_path / "run", 3) as journal:
        first, second, _ = (row.session.id for row in journal.sessions("kept"))
        journal.mark(PersonMark(first, 2, False, "dull", "ann"))
        journal.mark(PersonMark(second, None, True, "", "bob"))
        figures = gather(journal, shipped())
    marks = {session.id: session.marks for session in figures.sessions if session.marks}
    assert marks == {first: ("marked bad",), second: ("marked good",)}
    assert (figures.marked, figures.marked_bad) == (2, 1)
    body = next(session.body for session in figures.sessions if session.id == first).decode()
    assert '["marked bad by ann",2,"dull"]' in body.replace(", ", ",")
    assert "people marked 1 session bad, which no export takes" in verdict(replace(figures, marked_bad=1))[1] or (
        verdict(figures)[0] is False
    )
