"""`em stats` on a run and on files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.cli import run
from simulator.cli.stats import stats
from tests.worlds import card, exported, play_run


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    play_run(folder / "runs" / "trial", card(sessions=24))
    exported(folder / "runs" / "trial", folder / "out")
    return folder


def told(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = run(stats, [str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_run_and_its_export_measure_the_same(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "trial", "--json", "--data", data)
    of_run = json.loads(out)
    names = ("em_character_training.jsonl", "validation.jsonl")
    of_files = json.loads(told(capsys, *(data / "out" / name for name in names), "--json")[1])
    assert code == 0 and of_run["sessions"] == 24
    for part in ("sessions", "messages", "words", "openings", "nicks", "topics"):
        if part != "topics":
            assert of_run[part] == of_files[part], part
    assert of_run["topics"]["groups"] == of_files["topics"]["groups"]


def test_text_files_have_no_topics(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, *sorted((data / "out").glob("*.txt")), "--json")
    assert code == 0 and json.loads(out)["topics"] is None


@pytest.mark.parametrize("realism", [[], ["--realism"]])
def test_tables_for_people(data: Path, capsys: pytest.CaptureFixture[str], realism: list[str]) -> None:
    code, out, err = told(capsys, "trial", "--data", data, *realism)
    assert code in (0, 1) and "24 sessions" in out and "Traceback" not in err
    assert ("turn-taking" if realism else "openings") in out


def test_round_robin_is_not_met(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    talk = "".join(f"<p{number % 8}> well then {number}\n" for number in range(104))
    path = tmp_path / "robin.jsonl"
    record = json.dumps({"text": f"ENGAGEMENT: LOW\nCHANNEL: #general\n{talk}"})
    path.write_text(f"{record}\n" * 20 + "not json\n")
    code, out, err = told(capsys, path, "--realism")
    assert code == 1 and "OUTSIDE" in out
    assert "outside the range" in err and "left out: robin.jsonl:21" in err


@pytest.mark.parametrize(("name", "cause"), [("missing", "no such run"), ("missing.txt", "no such file")])
def test_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, cause: str) -> None:
    code, _, err = told(capsys, name, "--data", tmp_path)
    assert code == 2 and cause in err


@pytest.mark.parametrize("arguments", [[], ["--realism"]])
def test_too_little_to_measure(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    path = tmp_path / "short.txt"
    path.write_text("ENGAGEMENT: LOW\nCHANNEL: #general\n<a> hello there\n")
    code, _, err = told(capsys, path, *arguments)
    assert code == (2 if arguments else 0), err
