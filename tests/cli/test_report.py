"""`em report` as a command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.cli import run
from simulator.cli.evaluate import evaluate
from simulator.cli.report import report
from simulator.journal.journal import Journal
from tests import builders
from tests.evaluate.subjects import documents
from tests.report.runs import card


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        with Journal.create(tmp_path / "runs" / name, card(name)) as journal:
            builders.fill(journal, [builders.plan()])
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    code = run(report, [str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert out == ""
    return code, err


@pytest.mark.parametrize(
    ("arguments", "file"),
    [(["one"], "reports/one.html"), (["one", "two"], "reports/one-and-two.html"), (["one", "--out", "X"], "X")],
)
def test_where_it_is_written(
    data: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data)
    code, err = told(capsys, *arguments, "--data", data)
    assert code == 0 and file in err and "MB" in err
    assert (data / file).read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("arguments", [["none"], ["one", "none"]])
def test_an_unknown_run_is_one_line(data: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    code, err = told(capsys, *arguments, "--data", data)
    assert code == 2 and "no such run" in err and "Traceback" not in err
    assert not (data / "reports").exists()


def test_an_evaluation_is_shown_with_it(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the file that `em evaluate --out` wrote, here of a corpus alone, and the same figures."""
    rows = ({"id": name, "text": text} for name, text in documents())
    (data / "held.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run(evaluate, [f"--corpus={data / 'held.jsonl'}", f"--data={data}", f"--out={data / 'card.json'}"]) == 1
    capsys.readouterr()
    code, err = told(capsys, "one", "--scorecard", data / "card.json", "--data", data)
    whole = (data / "reports" / "one.html").read_text()
    assert code == 0 and 'id="h-character"' in whole and "held.jsonl" in whole, err
    code, err = told(capsys, "one", "--scorecard", data / "held.jsonl", "--data", data)
    assert code == 2 and "held.jsonl" in err and "em evaluate --out" in err and "Traceback" not in err


def test_while_the_run_is_going_on(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Journal.open(data / "runs" / "one") as journal:
        journal.begin(builders.plan(1))
        code, err = told(capsys, "one", "--data", data)
    assert code == 0 and "1 kept, 0 rejected, 1 open" in (data / "reports" / "one.html").read_text(), err
