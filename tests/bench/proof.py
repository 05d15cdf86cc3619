"""The whole path on real weights in one script: sessions, corpus, LoRA, a kill and a resume, a lead who speaks with it.

    make proof            (or: python tests/bench/proof.py [--sessions 1500] [--folder data/proof])

SmolLM2-135M is trained on scripted sessions with cut messages (`terse.py`) and `policies/training-proof.yaml`.
135 million parameters prove that the path and the measures work, not that the character does. Prints a JSON object at
the end: P(lead next) for the same held-out texts under each header before and after, the curve, the kill, and lines
that the trained lead said on the embedded server beside those of the same sessions without her adapter.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.terse import ROOT, corpus

SEEDS = (4, 5, 6)
"""Sessions that are played with and without the adapter."""


def em(*arguments: str) -> str:
    """Runs a command where it can be watched, and gives back what it printed. A rejected session is no failure."""
    print("$ em", *arguments, file=sys.stderr, flush=True)
    done = subprocess.run([sys.executable, "-m", "simulator", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"em {' '.join(arguments)}: exit {done.returncode}")
    return done.stdout


def rows(folder: Path, kind: str) -> list[dict[str, float]]:
    file = folder / "metrics.jsonl"
    whole = file.read_text().split("\n")[:-1] if file.exists() else ()  # the last one may be half written
    return [row for row in map(json.loads, whole) if row["kind"] == kind]


def trained(train: list[str], folder: Path) -> dict[str, object]:
    """Trains until the second checkpoint is whole, kills the process as hard as can be, and goes on to the end."""
    command = [sys.executable, "-m", "simulator", *train]
    print("$ em", *train, "   # to be killed", file=sys.stderr, flush=True)
    running = subprocess.Popen(command, cwd=ROOT)
    while running.poll() is None and (len(rows(folder, "validation")) < 3 or not _moved_on(folder)):
        time.sleep(0.5)
    killed = running.poll() is None
    running.send_signal(signal.SIGKILL)
    running.wait()
    at = rows(folder, "train")[-1]["step"]
    em(*train, "--resume")
    return {"killed": killed, "killed_after_step": at, "steps": rows(folder, "train")[-1]["step"]}


def _moved_on(folder: Path) -> bool:
    """A step was made after the last evaluation: its checkpoint is written, and something is lost by the kill."""
    return rows(folder, "train")[-1]["step"] > rows(folder, "validation")[-1]["step"]


def lines(*more: str) -> list[str]:
    """What the lead says in a few sessions."""
    said = []
    for seed in SEEDS:
        printed = em("simulate", "--engagement", "MEDIUM", "--seed", str(seed), "--json", *more)
        events = [json.loads(line) for line in printed.splitlines()]
        said += [f"<{e['nick']}> {e['text']}" for e in events if e["kind"] == "said" and "budget" in e["reasons"]]
    return said


def curve(found: list[dict[str, float]]) -> list[dict[str, float]]:
    names = ("step", "loss", "loss_speaker", "loss_lead", "loss_people", "swap_LOW", "swap_MEDIUM", "swap_HIGH", "auc")
    return [{name: round(row[name], 4) for name in names if name in row} for row in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=1500)
    parser.add_argument("--folder", type=Path, default=Path("data/proof"), help="A new folder; everything goes there.")
    wanted = parser.parse_args()
    if wanted.folder.exists():
        sys.exit(f"{wanted.folder}: is there already; remove it or name another with --folder")
    began, folder = time.monotonic(), wanted.folder.resolve()
    adapter = folder / "adapters" / "proof"
    os.environ |= {"EM_DATA": str(folder)}
    documents = corpus(wanted.sessions, folder)
    train = ["train", str(documents), "--base", "embedded", "--config", "policies/training-proof.yaml", "--out"]
    train += [str(adapter), "--allow-scripted", "--skip-rejected"]
    kill = trained(train, adapter)
    em("adapters", "promote", "proof")
    found = rows(adapter, "validation")
    card = json.loads(em("adapters", "show", "proof", "--json"))
    report = {
        "minutes": round((time.monotonic() - began) / 60, 1),
        "documents": card["documents"],
        "tokens": rows(adapter, "train")[-1]["tokens"],
        "tokens_per_second": rows(adapter, "train")[-1]["tokens_per_second"],
        "kill_and_resume": kill,
        "curve": curve(found),
        "chosen": {"step": card["steps"], "validation_loss": card["validation_loss"]},
        "lead_with_adapter": lines("--lead-adapter", "current"),
        "lead_without": lines(),
    }
    report["minutes_with_the_sessions"] = round((time.monotonic() - began) / 60, 1)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
