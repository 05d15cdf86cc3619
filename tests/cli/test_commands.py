"""What the commands print and how they exit, for good input and bad."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest

from simulator.cli import COMMANDS
from simulator.events import EVENT
from simulator.world.load import legacy_digest
from tests.cli.em import EM, em

SCRIPTED = ("--model", "scripted")
KEY = "sk-test-0123456789abcdefghij"


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS), ("em_data_generator.py",)])
def test_help(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = em(*command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: ")
    assert not done.stderr


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    done = em("--help", cwd=tmp_path, env={"PYTHONPROFILEIMPORTTIME": "1"})
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert not imported & {"litellm", "pydantic", "rich", "networkx", "sqlite3", "ruamel", "xllamacpp", "asyncio"}


def test_simulate_prints_events_as_json(tmp_path: Path) -> None:
    done = em("simulate", *SCRIPTED, "--engagement", "HIGH", "--messages", "20", "--json", cwd=tmp_path)
    events = [EVENT.validate_json(line) for line in done.stdout.splitlines()]
    said = [event for event in events if event.kind == "said"]
    assert len(said) == 20
    assert 5 <= sum(event.nick == "Em" for event in said) <= 7
    assert done.returncode == 0, done.stderr
    assert not done.stderr


def test_the_same_seed_simulates_the_same(tmp_path: Path) -> None:
    first, again, other = (em("simulate", *SCRIPTED, "--seed", seed, "--json", cwd=tmp_path) for seed in "334")
    assert first.stdout == again.stdout != other.stdout


def test_no_colour_where_none_is_wanted(tmp_path: Path) -> None:
    done = em("simulate", *SCRIPTED, cwd=tmp_path, env={"NO_COLOR": "1", "FORCE_COLOR": ""})
    assert "\x1b" not in done.stdout + done.stderr
    assert "<Em>" in done.stdout


def test_reasons_show_who_was_chosen_and_why(tmp_path: Path) -> None:
    done = em("simulate", *SCRIPTED, "--reasons", cwd=tmp_path)
    assert "chance" in done.stdout
    assert "recency" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("simulate", "--scenario", "no-such"), 2, "no scenario is called `no-such`"),
        (("simulate", "--messages", "14", "--engagement", "MEDIUM"), 2, "no whole number of 14 messages"),
        (("simulate", "--messages", "50"), 2, "10-20 or 80-120"),
        (("simulate", "--channel", "#nowhere"), 2, "no channel `#nowhere`"),
        (("simulate", "--engagement", "EXTREME"), 2, "EXTREME"),
        (("simulate", "--model", "no-such-provider/x"), 2, "no-such-provider/x"),
        (("simulate", "--model", "anthropic/claude-sonnet-4-5"), 3, "ANTHROPIC_API_KEY"),
        (("simulate", "--model", "gguf:no/such.gguf"), 2, "no/such.gguf"),
        (("simulate", "--model", "openai/x", "--api-base", "http://127.0.0.1:9/v1"), 3, "127.0.0.1:9"),
        (("simulate", "--model", "openai/x", "--api-base", f"http://me:{KEY}@127.0.0.1:9/v1"), 2, "password"),
        (("simulate", "--world", "nowhere"), 2, "em init"),
        (("plan", "--sessions", "3", "--target-mb", "1"), 2, "give one of"),
        (("generate", "--run", "x"), 2, "give one goal"),
        (("generate", "--run", "x", "--sessions", "1", "--oversample", "0.5", *SCRIPTED), 2, "--oversample"),
        (("generate", "--run", "x", "--sessions", "1", "--target-mb", "1"), 2, "give one goal"),
        (("generate", "--run", "../x", "--sessions", "1", *SCRIPTED), 2, "--run"),
        (("generate", "--run", "x", "--sessions", "0"), 2, "--sessions"),
        (("resume", "nothing"), 2, "no such run"),
        (("status", "nothing"), 2, "no such run"),
        (("export", "nothing", "--out", "o"), 2, "no such run"),
        (
            ("generate", "--run", "x", "--sessions", "1", "--engine", "ray", "--address", "x"),
            2,
            "--address `x`: not the",
        ),
        (("export", "nothing", "--out", "o", "--allow-imported", "--opted-in"), 2, "--allow-imported takes everybody"),
        (("export", "nothing", "--out", "o", "--allow-imported", "--only-nicks", "a"), 2, "--allow-imported takes"),
        (("export", "nothing", "--out", "o", "--shard-mb", "0"), 2, "--shard-mb"),
        (("check", "nothing.jsonl"), 2, "nothing.jsonl"),
        (("check", "nothing", "other"), 2, "the name of one run alone"),
        (("chekc", "x"), 2, "chekc"),
        (("em_data_generator.py",), 2, "give one of"),
        (("em_data_generator.py", "--full", "--status"), 2, "give one of"),
        (("em_data_generator.py", "--status"), 2, "no such run"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_bad_input_is_one_clear_line(tmp_path: Path, arguments: tuple[str, ...], code: int, told: str) -> None:
    env = {"OPENAI_API_KEY": KEY} if "--api-base" in arguments else None
    done = em(*arguments, cwd=tmp_path, env=env)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert KEY not in done.stderr + done.stdout
    besides = ("world:", "Usage:", "Try ", "sessions: 0")
    said = [line for line in done.stderr.splitlines() if not line.startswith(besides)]
    assert len([line for line in said if line.strip()]) == 1, done.stderr


def _journal_of(folder: Path) -> Path:
    return folder / "data" / "runs"


def test_a_run_from_beginning_to_end(tmp_path: Path) -> None:
    made = em("generate", "--run", "a", "--sessions", "5", *SCRIPTED, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert "5 kept" in made.stderr
    again = em("generate", "--run", "a", "--sessions", "5", *SCRIPTED, cwd=tmp_path)
    assert (again.returncode, "em resume" in again.stderr) == (2, True)
    status = json.loads(em("status", "a", "--json", cwd=tmp_path).stdout)
    assert (status["kept"], status["scripted"]) == (5, True)
    assert json.loads(em("runs", "--json", cwd=tmp_path).stdout)[0]["kept"] == 5
    refused = em("export", "a", "--out", "o", cwd=tmp_path)
    assert (refused.returncode, "--allow-scripted" in refused.stderr) == (2, True)
    assert not (tmp_path / "o").exists()
    assert em("resume", "a", "--sessions", "8", cwd=tmp_path).returncode == 0
    done = em("export", "a", "--out", "o", "--allow-scripted", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "o" / "em_character_training.jsonl").read_text().splitlines()]
    held = [json.loads(line) for line in (tmp_path / "o" / "validation.jsonl").read_text().splitlines()]
    assert len(rows) + len(held) == 8
    assert all(row["scripted"] for row in rows)
    for written in ("o/em_character_training.jsonl", "o/conversation_00001.txt"):
        checked = em("check", written, "--json", cwd=tmp_path)
        assert checked.returncode == 0, checked.stdout


def test_a_run_that_could_not_begin_leaves_its_name_free(tmp_path: Path) -> None:
    for _ in range(2):
        done = em("generate", "--run", "x", "--sessions", "1", "--model", "gguf:nowhere.gguf", cwd=tmp_path)
        assert done.returncode == 2 and "nowhere.gguf" in done.stderr
    assert not (tmp_path / "data" / "runs" / "x").exists()
    assert em("generate", "--run", "x", "--sessions", "1", "--model", "scripted", cwd=tmp_path).returncode == 0
    assert "em export x --out DIR --allow-scripted" in em("status", "x", cwd=tmp_path).stdout


def test_check_reads_what_anybody_wrote(tmp_path: Path) -> None:
    text = "ENGAGEMENT: HIGH\nCHANNEL: #general\n<a> How can I help you today? I am here.\n"
    (tmp_path / "d.jsonl").write_text(json.dumps({"id": "one", "text": text}) + '\n{"id": "two", "te\n')
    (tmp_path / "e.txt").write_text(text)
    done = em("check", "d.jsonl", "e.txt", "--json", cwd=tmp_path)
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert len(verdicts) == 3
    assert verdicts[0]["id"] == "one"
    assert {"rule": "assistant-language", "message": 0} in [
        {"rule": reason["rule"], "message": reason["message"]} for reason in verdicts[0]["reasons"]
    ]
    assert [reason["rule"] for reason in verdicts[1]["reasons"]] == ["malformed"]
    assert set(verdicts[0]) == {"id", "keep", "reasons"}


def test_interrupted_it_saves_and_says_so(tmp_path: Path) -> None:
    command = [str(EM), "generate", "--run", "long", "--sessions", "20000", *SCRIPTED]
    child = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    journal = _journal_of(tmp_path) / "long" / "journal.sqlite"
    try:
        while not (journal.exists() and '"kept": 0' not in em("status", "long", "--json", cwd=tmp_path).stdout):
            assert child.poll() is None
        second = em("resume", "long", cwd=tmp_path)
        assert (second.returncode, "another process is writing this run" in second.stderr) == (2, True)
        child.send_signal(signal.SIGINT)
        _, told = child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode == 130
    assert "Traceback" not in told
    assert "saved" in told
    kept = json.loads(em("status", "long", "--json", cwd=tmp_path).stdout)["kept"]
    assert kept > 0
    assert em("resume", "long", "--sessions", str(kept + 2), cwd=tmp_path).returncode == 0


def test_a_changed_world_is_not_mixed_into_a_run(tmp_path: Path) -> None:
    assert em("init", "w", cwd=tmp_path).returncode == 0
    assert em("generate", "--run", "a", "--sessions", "1", *SCRIPTED, "--world", "w", cwd=tmp_path).returncode == 0
    policy = tmp_path / "w" / "policies" / "turns.yaml"
    policy.write_text(policy.read_text().replace("retries: 2", "retries: 3"))
    done = em("resume", "a", "--sessions", "2", "--world", "w", cwd=tmp_path)
    assert (done.returncode, "was begun with the content" in done.stderr) == (2, True)


def test_a_run_under_the_legacy_digest_is_resumed_while_its_files_are_unchanged(tmp_path: Path) -> None:
    """Before probes and the policies of single commands were in it, another digest stood on a run's card."""
    assert em("init", "w", cwd=tmp_path).returncode == 0
    assert em("generate", "--run", "a", "--sessions", "1", *SCRIPTED, "--world", "w", cwd=tmp_path).returncode == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "runs" / "a" / "journal.sqlite")) as journal:
        journal.execute("UPDATE run SET world = ?", [legacy_digest(tmp_path / "w")])
        journal.commit()
    policies = tmp_path / "w" / "policies"
    (policies / "training.yaml").write_text((policies / "training.yaml").read_text() + "# a remark\n")
    done = em("resume", "a", "--sessions", "2", "--world", "w", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (policies / "turns.yaml").write_text((policies / "turns.yaml").read_text() + "# a remark\n")
    done = em("resume", "a", "--sessions", "3", "--world", "w", cwd=tmp_path)
    assert (done.returncode, "was begun with the content" in done.stderr) == (2, True)


def test_all_faults_of_a_world_are_lines(tmp_path: Path) -> None:
    assert em("init", "w", cwd=tmp_path).returncode == 0
    for name in ("bot", "training"):
        path = tmp_path / "w" / "policies" / f"{name}.yaml"
        path.write_text(path.read_text() + "nonsense: 1\n")
    done = em("world", "--world", "w", cwd=tmp_path)
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines), done.stdout) == (2, 2, "")
    assert lines[0].startswith("em: policies/bot.yaml:") and lines[1].startswith("em: policies/training.yaml:")


def test_no_key_gets_anywhere(tmp_path: Path) -> None:
    """A key in the environment and in an address reaches no file, no output."""
    em(
        "generate", "--run", "a", "--sessions", "1", "--model", "openai/x", "--api-base", "http://127.0.0.1:9/v1",
        cwd=tmp_path, env={"OPENAI_API_KEY": KEY},
    )  # fmt: skip
    em("generate", "--run", "b", "--sessions", "1", *SCRIPTED, cwd=tmp_path, env={"OPENAI_API_KEY": KEY})
    em("export", "b", "--out", "o", "--allow-scripted", cwd=tmp_path, env={"OPENAI_API_KEY": KEY})
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path


def test_the_plans_own_commands(tmp_path: Path) -> None:
    door = "em_data_generator.py"
    single = em(door, "--test", "--single", *SCRIPTED, cwd=tmp_path)
    assert single.returncode == 0, single.stderr
    assert "chance" in single.stdout
    assert not (tmp_path / "em_character_data").exists()
    batch = em(door, "--batch", "10", *SCRIPTED, "--allow-scripted", cwd=tmp_path)
    assert batch.returncode == 0, batch.stderr
    out = tmp_path / "em_character_data"
    names = {path.name for path in out.iterdir()}
    assert {"em_character_training.jsonl", "generation_progress.json", "generation_stats.json"} <= names
    assert len(list(out.glob("conversation_*.txt"))) == 10
    assert json.loads((out / "generation_progress.json").read_text())["kept"] == 10
    assert em(door, "--batch", "2", *SCRIPTED, "--allow-scripted", cwd=tmp_path).returncode == 0
    assert len(list(out.glob("conversation_*.txt"))) == 12
    status = em(door, "--status", cwd=tmp_path)
    assert (status.returncode, "12 kept" in status.stdout) == (0, True)
    assert em(door, "--resume", "--allow-scripted", cwd=tmp_path).returncode == 0


def test_status_says_what_a_run_is_doing(tmp_path: Path) -> None:
    from simulator import clock
    from simulator.journal.journal import Journal
    from tests.worlds import card

    folder = tmp_path / "data" / "runs" / "a"
    for at, told in ((clock.now(), "now: "), ("2026-01-05T00:00:00+00:00", "last heard of ")):
        with Journal.open(folder) if folder.exists() else Journal.create(folder, card("a", sessions=9)) as journal:
            journal.record_activity("3 sessions open, 7 messages; reading 1,762 tokens, 38 %", at)
            shown = em("status", "a", cwd=tmp_path).stdout
            assert f"{told}" in shown and "reading 1,762 tokens, 38 %" in shown
    assert json.loads(em("status", "a", "--json", cwd=tmp_path).stdout)["activity"]["line"].startswith("3 sessions")
