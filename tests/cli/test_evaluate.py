"""`em evaluate`: table, JSON, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.cli import run
from simulator.cli.evaluate import evaluate
from tests.evaluate.subjects import documents


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "held.jsonl"
    path.write_text("".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in documents(9)))
    return path


def told(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = run(evaluate, [str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_corpus_alone(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--out", tmp_path / "card.json", "--page", tmp_path / "new" / "card.html"]
    code, out, err = told(capsys, "--corpus", corpus, "--data", tmp_path, *files)
    assert code == 1 and "not measured" in err and "card.html: 0.0" in err and err.count("\n") == 3, err
    assert "held.jsonl falls short of" in (tmp_path / "new" / "card.html").read_text()
    assert "Participates by engagement level" in out and "95 % interval" in out and " n " in out
    code, out, _ = told(capsys, "--corpus", corpus, "--data", tmp_path, "--json")
    assert json.loads(out) == json.loads((tmp_path / "card.json").read_text())


def test_nothing_got_worse(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "card.json"
    told(capsys, "--corpus", corpus, "--data", tmp_path, "--out", path)
    assert told(capsys, "--regressions", path, path)[:2] == (0, "nothing got worse\n")
    card = json.loads(path.read_text())
    for must in card["results"][0]["musts"]:
        for check in must["checks"]:
            check["met"] = False
    worse = tmp_path / "worse.json"
    worse.write_text(json.dumps(card))
    code, out, err = told(capsys, "--regressions", path, worse)
    assert code == 1 and "participation: share of the messages" in out and "got worse" in err


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        ([], "nothing to evaluate"),
        (["--adapter", "x"], "nothing to evaluate"),
        (["--base", "no/such/folder"], "no provider"),
        (["--base", "embedded", "--api-base", "http://127.0.0.1:1/v1"], "runs here"),
        (["--corpus", "missing.jsonl"], "no such file|No such file|holds no"),
    ],
)
def test_what_cannot_be_evaluated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], cause: str
) -> None:
    code, out, err = told(capsys, *arguments, "--data", tmp_path)
    assert code == 2 and any(part in err for part in cause.split("|")) and not out, err
