"""em adapters, --lead-adapter and the benchmark of the 24B's shape, as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator import files
from simulator.cli import em as program
from simulator.cli import run
from simulator.cli.adapters import vllm_rank
from simulator.evaluate.figure_checks import at_most
from simulator.evaluate.results_cache import ResultsCache
from simulator.evaluate.scorecard import TITLES, Criterion, Result
from simulator.intervals import share
from simulator.train import adapter, adapter_registry
from simulator.world.probe import MEASURES
from tests.cli.em import ROOT, em
from tests.train import models
from tests.train.adapters import bare


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        bare(tmp_path / "data" / "adapters" / name, name)
    return tmp_path / "data"


def ask(data: Path, *arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = run(program, ["adapters", *arguments, "--data", str(data)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_promote_show_and_roll_back(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, words in (
        (["promote", "one"], "current: one\n"),
        (["promote", "two"], "current: two, before: one\n"),
        (["rollback"], "current: one, left: two\n"),
        (["show", "current"], "name: one\n"),
        (["list"], "*  one "),
    ):
        code, out, err = ask(data, *arguments, capsys=capsys)
        assert code == 0 and words in out
        assert (f"{arguments[1]} was never evaluated: `em evaluate" in err) if arguments[0] == "promote" else err == ""
    code, out, err = ask(data, "rollback", capsys=capsys)
    assert (code, out) == (2, "") and err.startswith("em: ") and err.count("\n") == 1
    rows = json.loads(ask(data, "list", "--json", capsys=capsys)[1])
    assert [(row["name"], row["current"], row["fault"]) for row in rows] == [("one", True, None), ("two", False, None)]
    assert json.loads(ask(data, "promote", "two", "--json", capsys=capsys)[1]) == {"current": "two", "before": "one"}
    assert json.loads(ask(data, "rollback", "--json", capsys=capsys)[1]) == {"current": "one", "left": "two"}
    assert json.loads(ask(data, "show", "two", "--json", capsys=capsys)[1])["name"] == "two"


def test_another_base_is_allowed_and_said(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = adapter.read(data / "adapters" / "one").base.model_copy(update={"name": "models/big"})
    bare(data / "adapters" / "big", "big", base=other)
    ask(data, "promote", "one", capsys=capsys)
    code, out, err = ask(data, "promote", "big", capsys=capsys)
    assert (code, out) == (0, "current: big, before: one\n") and "another base: models/big" in err
    _, out, _ = ask(data, "show", "big", capsys=capsys)
    line = next(row for row in out.splitlines() if row.startswith("vLLM: "))
    assert "vllm serve models/big --enable-lora --max-lora-rank 32 --lora-modules lead=" in line


def concluded(data: Path, name: str, *states: bool | None, base: str | None = None) -> None:
    """An evaluation of an adapter, one must-have after the other met, fallen short of or not measured.

    `base`: digest of what it was evaluated on; None: of the base that it was trained on.
    """
    folder = data / "adapters" / name
    digest = f"{base or adapter.read(folder).base.digest}-{adapter_registry.weights_digest(folder)}"
    musts = tuple(
        Criterion(
            measure=measure,
            title=TITLES[measure],
            met=met,
            checks=() if met is None else (at_most("habits", share(0 if met else 12, 100), 0.01),) * 2,
        )
        for measure, met in zip(MEASURES, states, strict=False)
    )
    (data / "evaluations").mkdir(exist_ok=True)
    ResultsCache(data).conclude(Result(subject=name, kind="adapter", digest=digest, note="", musts=musts, nice=()))


def test_one_that_fell_short_is_not_promoted(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = data / "adapters" / "two" / adapter.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")  # the same weights would be the same adapter
    concluded(data, "one", True, True, True, True, True)
    assert ask(data, "promote", "one", capsys=capsys) == (0, "current: one\n", "")
    concluded(data, "two", False, True, None, True, True)
    for words in ([], ["--json"]):
        code, out, err = ask(data, "promote", "two", *words, capsys=capsys)
        assert (code, out) == (1, "") and err.count("\n") == 1
        told = "Doesn't offer help or act like an assistant (habits 12.0 %, wanted at most 1 %, and 1 more)"
        assert f"em: two: falls short: {told}; " in err and "--anyway" in err
    assert "name: one\n" in ask(data, "show", "current", capsys=capsys)[1]
    code, out, err = ask(data, "promote", "two", "--anyway", capsys=capsys)
    assert (code, out) == (0, "current: two, before: one\n") and "falls short" in err
    assert "two was evaluated without: Acknowledges being an AI casually when relevant\n" in err
    code, out, err = ask(data, "rollback", capsys=capsys)
    assert (code, err) == (0, ""), "the way back is always open"


def test_an_evaluation_on_a_gguf_of_the_base_counts(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which has another digest than the safetensors that the adapter was trained on."""
    concluded(data, "one", False, True, True, True, True, base="0123456789abcdef")
    code, _, err = ask(data, "promote", "one", capsys=capsys)
    assert code == 1 and "falls short" in err and "never evaluated" not in err


WRONG = {
    "nobody's name": (["show", "nobody"], 2, "no adapter `nobody`"),
    "none current": (["show", "current"], 2, "no adapter is current"),
    "no LoRA": (["gguf", "one", "--out", "x.gguf"], 2, "GGUF"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_one_line(case: str, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, wanted, words = WRONG[case]
    code, out, err = ask(data, *arguments, capsys=capsys)
    assert (code, out) == (wanted, "") and words in err and err.count("\n") == 1


def test_nothing_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(tmp_path, "list", capsys=capsys)
    assert (code, out) == (0, "") and "em train" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--lead-adapter", "nobody"], "no adapter `nobody`"),
        (["--lead-adapter", "one", "--model", "scripted"], "scripted"),
        (["--lead-adapter", "nowhere.gguf"], "nowhere.gguf"),
        (["--lead-adapter", "one", "--lead-dialect", "chat"], "prompt format `document`"),
    ],
)
def test_an_adapter_that_cannot_be_played_with_is_one_line(
    arguments: list[str], words: str, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EM_DATA", str(data))
    # Its GGUF, so that nothing is converted; the server is never started.
    (data / "adapters" / "one" / "adapter.gguf").write_bytes(b"GGUF")
    monkeypatch.setenv("EM_MODEL", "embedded")
    result = CliRunner().invoke(program, ["simulate", "--no-live", *arguments])
    line = str(result.exception)
    assert words in line and "\n" not in line


def test_help_is_at_hand_for_each(tmp_path: Path) -> None:
    done = em("adapters", "--help", cwd=tmp_path)
    assert done.returncode == 0
    for command in ("list", "show", "promote", "rollback", "gguf", "merge"):
        assert f"\n  {command} " in done.stdout


def test_a_corpus_is_handed_to_axolotl(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = models.export(tmp_path / "corpus", models.texts(6))
    asked = ["train", str(corpus), "--objective", "lead+turns", "--export-axolotl", str(tmp_path / "out")]
    assert run(program, [*asked, "--allow-scripted"]) == 0
    said = capsys.readouterr()
    assert "axolotl train" in said.out and "--max-lora-rank 32 --lora-modules lead=" in said.out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "axolotl.yaml",
        "training.jsonl",
        "validation.jsonl",
        files.LEDGER,
    }
    assert run(program, [*asked[:3], "mixture", *asked[4:]]) == 2
    assert "lead+turns comes nearest" in capsys.readouterr().err


def test_the_24b_shape_runs_small(tmp_path: Path) -> None:
    script = ROOT / "tests" / "bench" / "shape_24b.py"
    command = [sys.executable, str(script), "--tiny", "--steps", "1", "--sequences", "1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    said = json.loads(done.stdout)
    assert said["tokens_per_second"] > 0 and said["sequence"] == 1024 and said["unfilled"] < 0.2
    multiplied, own = 512 * 64 + 2 * (2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128), said["adapter_parameters"]
    assert said["model_flops_a_token"] > 4 * multiplied + 6 * own
    assert said["losses"][-1] < 7


@pytest.mark.parametrize(("rank", "served"), [(1, 8), (8, 8), (24, 32), (32, 32), (33, 64), (300, 320), (512, 512)])
def test_the_rank_that_is_printed_is_one_that_vllm_has(rank: int, served: int) -> None:
    assert vllm_rank(rank) == served
