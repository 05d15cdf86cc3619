"""What a newcomer meets in the first hour: a wrong turn names the next step, and what is counted is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.corpus.verdict import Reason
from simulator.events import Passed, Refused
from simulator.journal.journal import Journal
from simulator.journal.model_choice import ModelChoice
from simulator.journal.records import RunKind
from simulator.tui import lines
from simulator.tui.lines import size
from tests import builders
from tests.cli.em import em
from tests.cli.inside import em as inside

DOOR = "em_data_generator.py"
SCRIPTED = ("--model", "scripted")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of six sessions called `trial`."""
    folder = tmp_path_factory.mktemp("hour")
    done = em("generate", "--run", "trial", "--sessions", "6", "--length", "short", *SCRIPTED, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "sessions: 6 kept, 0 rejected, " in done.stderr and " of text; " in done.stderr
    assert " messages played in " in done.stderr
    assert "read them: em show trial; next: em export trial --out DIR --allow-scripted" in done.stderr
    return folder


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((DOOR, "--status"), "nothing was generated yet"),
        ((DOOR, "--resume"), "begin with `python em_data_generator.py --batch 10`"),
        ((DOOR, "--batch", "1", *SCRIPTED), "say --allow-scripted"),
        ((DOOR, "--full", *SCRIPTED), "say --allow-scripted"),
        (("status",), "name a run; there is none under data/runs, begin one with `em generate --run NAME"),
        (
            ("simulate", "--messages", "14", "--engagement", "MEDIUM"),
            "MEDIUM is impossible with 14 messages, since no whole number of 14 messages is 15% to 20% of them;"
            " 13 or 15 work",
        ),
        (
            ("simulate", "--messages", "15", "--length", "long"),
            "--messages says how long the session is: leave it out, or --length",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_wrong_turn_in_a_fresh_folder(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    done = em(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and told in done.stderr, done.stderr
    assert not list(tmp_path.iterdir()), "nothing was played or written"


@pytest.mark.parametrize("command", ["show", "status", "resume", "replay", "log", "report", "review", "mark", "export"])
def test_who_names_no_run_is_told_which_there_are(place: Path, command: str) -> None:
    done = inside(command, cwd=place)
    assert done.returncode == 2
    assert "name a run: trial; `em runs` says what they are" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("status", "trail"), "no such run; did you mean trial?"),
        (("show", "else"), "no such run; `em runs` lists the runs"),
        (("generate", "--run", "trial", "--sessions", "1", *SCRIPTED), "continue with `em resume trial`"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_wrong_turn_beside_a_run(place: Path, arguments: tuple[str, ...], told: str) -> None:
    done = inside(*arguments, cwd=place)
    assert done.returncode == 2 and told in done.stderr, done.stderr


def test_a_scripted_run_is_not_gone_on_with_where_it_could_not_be_exported(tmp_path: Path) -> None:
    assert em(DOOR, "--batch", "1", *SCRIPTED, "--allow-scripted", cwd=tmp_path).returncode == 0
    for wanted in (("--batch", "1"), ("--resume",)):
        done = em(DOOR, *wanted, cwd=tmp_path)
        assert done.returncode == 2 and "say --allow-scripted" in done.stderr
    with Journal.read(tmp_path / "em_character_data") as journal:
        assert journal.tally().kept == 1


def test_the_world_is_named_once(tmp_path: Path) -> None:
    done = em(DOOR, "--batch", "1", *SCRIPTED, "--allow-scripted", cwd=tmp_path)
    assert done.stderr.count("world: ") == 1, done.stderr


@pytest.mark.parametrize("length", ["short", "long"])
def test_simulate_takes_a_length(tmp_path: Path, length: str) -> None:
    done = em("simulate", *SCRIPTED, "--length", length, "--json", cwd=tmp_path)
    said = sum(json.loads(line)["kind"] == "said" for line in done.stdout.splitlines())
    assert (10 <= said <= 20) == (length == "short") and (80 <= said <= 120) == (length == "long")


def test_a_table_in_a_pipe_is_whole(tmp_path: Path) -> None:
    name, model = "a-run-with-a-name-that-no-terminal-of-forty-columns-can-show", "openai/a-model-with-a-long-name-too"
    card = builders.run_card().model_copy(update={"name": name, "models": ModelChoice(people=model)})
    with Journal.create(tmp_path / "data" / "runs" / name, card) as journal:
        builders.fill(journal, [builders.plan(0), builders.plan(1)])
    done = em("runs", cwd=tmp_path, env={"COLUMNS": "40"})
    head, row = (line.split() for line in done.stdout.splitlines())
    assert (head[0], head[-2:], row[0], row[-2]) == ("name", ["model", "begun"], name, model)
    shown = em("show", name, cwd=tmp_path, env={"COLUMNS": "40"})
    assert len(shown.stdout.splitlines()) == 3 and "…" not in shown.stdout
    cells = em("world", "--coverage", cwd=tmp_path, env={"COLUMNS": "40"})
    assert "…" not in cells.stdout and "participation  MEDIUM  #culture-war  short" in cells.stdout


KINDS = {
    RunKind.PLAYED: ModelChoice(people="openai/x"),
    RunKind.SCRIPTED: ModelChoice(people="openai/x", lead="scripted"),
    RunKind.BY_HAND: ModelChoice(people="hand"),
    RunKind.IMPORTED: ModelChoice(people="imported"),
    RunKind.JOINED: ModelChoice(people="imported", channel="ircs://irc.example.org/#general"),
    RunKind.STAGED: ModelChoice(people="imported", lead="scripted", people_played_by="scripted"),
}


@pytest.mark.parametrize("kind", RunKind)
def test_runs_says_what_a_run_is(tmp_path: Path, kind: RunKind) -> None:
    card = builders.run_card().model_copy(update={"models": KINDS[kind]})
    assert card.kind is kind
    Journal.create(tmp_path / "data" / "runs" / card.name, card).close()
    assert f" {kind.value} " in inside("runs", cwd=tmp_path).stdout


@pytest.mark.parametrize("written", ["\r\n", "\ufeff\r\n"], ids=["windows", "windows with a byte order mark"])
def test_a_document_is_read_alike_however_its_lines_end(place: Path, tmp_path: Path, written: str) -> None:
    text = inside("show", "trial", "s00000", "--format", "text", cwd=place).stdout
    told = []
    for number, data in enumerate((text, written.strip("\r\n") + text.replace("\n", "\r\n"))):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "talk.txt").write_bytes(data.encode())
        told.append(em("check", f"{number}/talk.txt", cwd=tmp_path).stdout)
    assert told[0] == told[1] and "garbled" not in told[0] and "header" not in told[0]


def test_sizes_are_read_at_a_glance() -> None:
    assert [size(count) for count in (0, 1, 999, 1_000, 99_499, 99_500, 15_000_000)] == [
        "0 bytes", "1 byte", "999 bytes", "1 kB", "99 kB", "0.10 MB", "15.00 MB"
    ]  # fmt: skip


@pytest.mark.parametrize(("evidence", "wanted"), [("", "(observing)"), ("so it is", "(observing: so it is)")])
def test_a_rule_without_evidence_is_named_alone(evidence: str, wanted: str) -> None:
    held_back = Refused(text="hello there", rule="observing", evidence=evidence)
    event = Passed(index=0, at=0.0, nick="ann", why="observing", refused=(held_back,))
    row = lines.event(event, "ann", reasons=True)[0].plain
    assert row.strip() == f"ann tried {wanted}: hello there"
    reason = lines.reason(Reason(rule="observing", message=3, evidence=evidence)).plain
    assert reason.strip() == f"observing at message 3{evidence and ': '}{evidence}"
