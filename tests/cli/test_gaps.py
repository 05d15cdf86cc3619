"""`em gaps` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytest import CaptureFixture, MonkeyPatch

from simulator.cli import em as program
from simulator.cli import run
from simulator.document import TranscriptLine, render_document
from simulator.journal.journal import Journal
from simulator.world import load
from simulator.world.yaml_file import parse
from tests import builders
from tests.cli.em import em
from tests.cli.hostile import ATTACKS, FORBIDDEN
from tests.layout import LAYOUT

LEAD = builders.LEAD


def log(folder: Path, lead: str, minutes: int = 60) -> Path:
    """A line a minute; the lead has every fourth, and is told off twice an hour."""
    lines = ["--- Log opened Sat Mar 03 09:00:00 2012"]
    attacks = list(ATTACKS.values())
    for n in range(minutes):
        at, nick, text = f"{9 + n // 60:02d}:{n % 60:02d}", ("ash", "bo", "cy")[n % 3], f"soup and tea, {n}"
        if n % 4 == 1:
            nick, text = lead, f"rain and cats, {n}"
        elif n % 20 == 2:
            text = f"{lead} shut up " + " ".join(attacks[n // 20 % len(attacks)].splitlines())
        lines.append(f"{at} < {nick}> {text}")
    path = folder / "#kitchen.log"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def corpus(folder: Path) -> Path:
    lines = [TranscriptLine(LEAD if n % 12 == 5 else "dot", f"soup and tea, {n}") for n in range(48)]
    text = render_document(LAYOUT.header("LOW", "#general"), lines)
    path = folder / "corpus.jsonl"
    path.write_text("".join(json.dumps({"id": f"d{n}", "text": text}) + "\n" for n in range(6)) + "not json\n")
    return path


def test_a_log_against_a_corpus(tmp_path: Path, capsys: CaptureFixture[str]) -> None:
    path, known = log(tmp_path, "emmy", 240), corpus(tmp_path)
    arguments = ("gaps", path, "--against", known, "--lead", "emmy", "--level", "low")
    done = em(*arguments, "--json", "--patch", "next.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    share = next(row for row in facts["figures"] if row["name"] == "share-LOW")
    assert share["finding"] == "above band" and share["here"]["value"] == 0.25 and share["here"]["n"] == 240
    assert len(facts["complaints"]) == 12 and facts["complaints"][0]["cause"]["text"] == "rain and cats, 1"
    assert "corpus.jsonl:7: not JSON" in done.stderr
    assert not FORBIDDEN.search(done.stdout)
    load.copy(tmp_path / "world")
    for name, content in parse((tmp_path / "next.yaml").read_text(), "next.yaml").items():
        (tmp_path / "world" / name).write_text(json.dumps(content))
    assert {*facts["scenarios"]} == {"scenarios/calibration/gap-quiet.yaml"}
    assert "gap-quiet" in load.load(tmp_path / "world").scenarios

    assert run(program, [*map(str, arguments), "--world", str(load.shipped())]) == 0
    shown = capsys.readouterr()
    assert "above band" in shown.out and "proposed script: scenarios/calibration/gap-quiet.yaml" in shown.out
    assert not FORBIDDEN.search(shown.out + shown.err)


def test_a_run_against_itself(tmp_path: Path) -> None:
    with builders.filled(tmp_path / "data" / "runs" / "trial", 6) as journal:
        assert isinstance(journal, Journal)
    done = em("gaps", "trial", "--against", "trial", "--json", cwd=tmp_path)
    facts = json.loads(done.stdout)
    assert facts["here"] == facts["corpus"] and facts["here"]["sessions"] == 6
    assert not any(row["gap"] for row in facts["figures"]) and not facts["quota"] and not facts["scenarios"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing", "--against", "empty.log"), "nothing: is neither a run nor a file or folder"),
        (("empty.log", "--against", "empty.log"), "empty.log: "),
        (("short.log", "--against", "short.log"), "no session to measure"),
        (("folder", "--against", "folder"), "folder: holds no logs"),
    ],
)
def test_what_cannot_be_measured_is_one_line(
    tmp_path: Path, arguments: tuple[str, ...], said: str, monkeypatch: MonkeyPatch, capsys: CaptureFixture[str]
) -> None:
    (tmp_path / "empty.log").write_text("")
    (tmp_path / "folder").mkdir()
    log(tmp_path, LEAD, 3).rename(tmp_path / "short.log")
    monkeypatch.chdir(tmp_path)
    assert run(program, ["gaps", *arguments, "--world", str(load.shipped())]) == 2
    done = capsys.readouterr()
    errors = [line for line in done.err.splitlines() if not line.startswith("world: ")]
    assert len(errors) == 1 and said in errors[0] and not done.out
