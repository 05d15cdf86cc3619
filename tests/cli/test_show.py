"""One session, and the table of all of them, for eyes, for programs, and as the training document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.events import EVENT, Said
from simulator.journal.journal import Journal
from simulator.journal.records import ReviewAction, ReviewKind
from simulator.journal.reviews import Reviews
from simulator.plan.session_plan import SessionPlan
from simulator.session.transcript import text
from tests import builders
from tests.cli.hostile import ATTACKS, FORBIDDEN
from tests.cli.inside import em
from tests.layout import LAYOUT

FORMAT = ("--format", "text")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two kept sessions, two rejected, one open, and one with hostile lines."""
    folder = tmp_path_factory.mktemp("show")
    with builders.filled(folder / "data" / "runs" / "trial", 2) as journal:
        plan = builders.plan(9)
        journal.begin(plan)
        for index, line in enumerate(ATTACKS.values()):
            journal.event(plan.id, Said(index=index, at=36000 + index, nick="ash", text=line))
    return folder


def events_of(run: Path, session: str) -> tuple[SessionPlan, list]:
    with Journal.read(run / "data" / "runs" / "trial") as journal:
        return journal.session(session).plan, journal.events(session)


def test_a_page_holds_every_line_and_the_evidence_stands_at_its_message(run: Path) -> None:
    done = em("show", "trial", "s00002", cwd=run)
    assert done.returncode == 0, done.stderr
    rows = done.stdout.splitlines()
    plan, events = events_of(run, "s00002")
    said = [event for event in events if isinstance(event, Said)]
    for event in said:
        assert event.text in done.stdout
    for message in (3, 5):
        place = next(number for number, row in enumerate(rows) if said[message].text in row)
        assert rows[place + 1].strip() == f"^ walls: {builders.EVIDENCE}"
    assert (
        f"{plan.messages} of {plan.messages} messages, {plan.lead_messages} of {plan.lead_messages} by Em"
        in done.stdout
    )
    assert f"rejected: {plan.id}" in done.stdout and "leak: " in done.stdout
    assert "tried" not in done.stdout and "recency" not in done.stdout
    reasons = em("show", "trial", "s00002", "--reasons", cwd=run).stdout
    assert "tried (leak" in reasons and "recency 1.1" in reasons and "says nothing" in reasons
    assert "`em resume` continues it" in em("show", "trial", "s00004", cwd=run).stdout


def test_text_is_exactly_the_training_document(run: Path) -> None:
    done = em("show", "trial", "s00001", "--format", "text", cwd=run)
    plan, events = events_of(run, "s00001")
    assert done.stdout == text(plan.setting, events, layout=LAYOUT)


def test_json_is_everything(run: Path) -> None:
    facts = json.loads(em("show", "trial", "s00002", "--json", cwd=run).stdout)
    plan, events = events_of(run, "s00002")
    assert SessionPlan.model_validate(facts["plan"]) == plan
    assert [EVENT.validate_python(event) for event in facts["events"]] == events
    assert (facts["state"], facts["verdict"]["keep"]) == ("rejected", False)
    assert [reason["message"] for reason in facts["verdict"]["reasons"]] == [3, 5, None]
    calls = json.loads(em("show", "trial", "s00000", "--json", cwd=run).stdout)["calls"]
    assert [(call["purpose"], call["prompt_tokens"]) for call in calls] == [
        ("people", 100),
        ("lead", 100),
        ("retries", 100),
    ]


def test_edited_lines_stand_as_they_are_exported_and_json_has_both(run: Path) -> None:
    with Reviews.open(run / "data" / "runs" / "trial") as journal:
        journal.act([ReviewAction("s00001", 0, ReviewKind.EDIT, "ann", "words of a second hand")])
    page, made, facts = (em("show", "trial", "s00001", *more, cwd=run).stdout for more in ((), FORMAT, ("--json",)))
    with Journal.read(run / "data" / "runs" / "trial") as journal:
        assert made == text(journal.session("s00001").plan.setting, journal.edited("s00001"), layout=LAYOUT)
    assert "words of a second hand" in page and "1 message as a person edited it" in page
    found = json.loads(facts)
    assert found["edits"] == [{"message": 0, "text": "words of a second hand", "by": "ann"}]
    assert "words of a second hand" not in json.dumps(found["events"])


def test_the_table_has_a_row_for_each_session(run: Path) -> None:
    rows = json.loads(em("show", "trial", "--json", cwd=run).stdout)
    assert [row["id"] for row in rows] == ["s00000", "s00001", "s00002", "s00003", "s00004", "s00009"]
    for row in rows:
        _, events = events_of(run, row["id"])
        said = [event.nick for event in events if isinstance(event, Said)]
        assert (row["messages"], row["lead"]) == (len(said), said.count("Em"))
    assert rows[2]["rules"] == ["walls", "leak"]
    table = em("show", "trial", cwd=run).stdout
    assert all(row["id"] in table and row["script"] in table for row in rows)


@pytest.mark.parametrize("arguments", [(), ("--reasons",), ("--json",)])
def test_hostile_lines_stay_text(run: Path, arguments: tuple[str, ...]) -> None:
    done = em("show", "trial", "s00009", *arguments, cwd=run)
    assert done.returncode == 0
    assert not FORBIDDEN.search(done.stdout)
    if arguments == ("--json",):
        assert [event["text"] for event in json.loads(done.stdout)["events"]] == list(ATTACKS.values())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("nothing",), "no such run"), (("trial", "s1"), "em show trial"), (("trial", "--format", "text"), "one session")],
)
def test_what_is_not_there_is_one_line(run: Path, arguments: tuple[str, ...], told: str) -> None:
    done = em("show", *arguments, cwd=run)
    assert (done.returncode, told in done.stderr) == (2, True)
