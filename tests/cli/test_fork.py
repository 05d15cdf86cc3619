"""A fork for another character by YAML alone, from `em init` to a staged channel; no trace of the first world."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from simulator.world import load
from tests.cli.em import em
from tests.irc.channel import real_server
from tests.train import models
from tests.worlds import shipped

PACKED = re.compile(r"[A-Za-z0-9+/=_-]{80,}")
"""What a page holds as base64."""
OTHERS = ("schemas", "base", ".vscode")
"""Folders whose files say nothing of the world's own, or hold examples of the shipped one for editors."""


def traces() -> re.Pattern[str]:
    """The names by which the shipped world calls its lead, people, channels, levels, header and files."""
    world = shipped()
    names = [*world.personas, *world.engagement.levels, *world.names.channels.values(), world.names.output]
    names += [row.partition("{")[0].strip() for row in world.names.header.splitlines()]
    return re.compile(r"(?<![\w#-])(?:" + "|".join(map(re.escape, names)) + r")(?![\w-])")


def clean(text: str, where: str) -> None:
    found = traces().search(PACKED.sub("", text))
    assert found is None, f"{where}: …{text[max(0, found.start() - 80) : found.end() + 40]}…"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example world, which is then the one that every command takes."""
    folder = tmp_path_factory.mktemp("fork")
    assert em("init", ".", "--example", "bridge", cwd=folder).returncode == 0
    small = "  quick: {probes: 3, samples: 1, sessions: 1, messages: 16, documents: 2}"
    rules = folder / "policies" / "evaluation.yaml"
    rules.write_text(re.sub(r"^  quick: .*$", small, rules.read_text(), flags=re.MULTILINE))
    return folder


def run(place: Path, *arguments: str, code: int = 0) -> str:
    done = em(*arguments, cwd=place)
    assert done.returncode == code, done.stderr
    for said in (done.stdout, done.stderr):
        clean(said, f"em {' '.join(arguments)}")
    return done.stdout + done.stderr


def test_a_fork_is_played_exported_trained_measured_and_staged(place: Path) -> None:
    prompts = run(place, "simulate", "--model", "scripted", "--seed", "3", "--prompts", "--engagement", "busy")
    assert re.search(r"WATCH: BUSY\W+STATION: #(bridge|mess)\W", prompts) and "Vex" in prompts
    run(place, "generate", "--run", "log", "--sessions", "20", "--model", "scripted", "--length", "short")
    for told in (("status", "log"), ("show", "log", "s00000"), ("check", "log"), ("stats", "log"), ("log", "log")):
        run(place, *told)
    run(place, "export", "log", "--out", "corpus", "--allow-scripted", "--format", "jsonl,txt,chatml")
    rows = [json.loads(row) for row in (place / "corpus/patience_log_training.jsonl").read_text().splitlines()]
    assert {row["engagement"] for row in rows} == {"CALM", "BUSY"}
    assert all(row["text"].startswith(f"WATCH: {row['engagement']}\nSTATION: {row['channel']}\n") for row in rows)
    run(place, "check", "corpus/conversation_00001.txt")
    run(place, "report", "log", "--out", "report.html")
    models.save(place / "base", vocabulary=260)  # bytes alone: no token of it comes from the first world's documents
    settings = ("precision=fp32", "lora_r=2", "too_long=cut", "packing=false", "gradient_accumulation_steps=12")
    few = ("evaluations=1", "calibration_documents=0", "validation_documents=1", "objective=all")
    changes = [part for setting in (*settings, *few) for part in ("--set", setting)]
    proof = ("--config", "policies/training-proof.yaml")
    told = run(
        place, "train", "corpus", "--base", "base", *proof, "--out", "data/adapters/vex", "--allow-scripted", *changes
    )
    assert re.search(r"checkpoint [3-9] of [3-9]", told), told
    files = ("--corpus", "corpus", "--out", "card.json", "--page", "card.html")
    run(place, "evaluate", "--base", "base", "--adapter", "vex", *files, code=1)
    for path in place.rglob("*"):
        if path.suffix in (".jsonl", ".json", ".txt", ".html", ".md") and path.parts[len(place.parts)] not in OTHERS:
            clean(path.read_text(), str(path.relative_to(place)))


def test_a_fork_is_staged(place: Path) -> None:
    real_server()
    run(place, "stage", "--model", "scripted", "--messages", "30", "--tempo", "inf", "--people", "4", "--run", "staged")
    shown = run(place, "show", "staged", "s00000")
    assert "Vex" in shown
    run(place, "report", "staged", "--out", "staged.html")
    clean((place / "staged.html").read_text(), "staged.html")


def test_every_example_is_a_world(tmp_path: Path) -> None:
    for name in load.examples():
        folder = tmp_path / name
        assert em("init", folder, "--example", name, cwd=tmp_path).returncode == 0
        world = load.load(folder)
        assert world.lead.nick != shipped().lead.nick and world.engagement.levels != shipped().engagement.levels
        assert not set(world.names.channels.values()) & set(shipped().names.channels.values())
        coverage = em("world", "--coverage", "--world", folder, cwd=tmp_path)
        assert coverage.returncode == 0, coverage.stderr
