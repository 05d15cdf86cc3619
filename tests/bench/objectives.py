"""What the loss sees, and whether the header then works: the presets side by side on one corpus, base and seed.

    python tests/bench/objectives.py [--sessions 800] [--runs all:0.05,lead:0.05,...] [--at-once 1] [--folder DIR]

Prints one JSON object; about an hour on two cores. The corpus: scripted short sessions, every message cut to its first
words, so that a document has some 200 tokens and an hour holds some hundred of them. Each run is `em train` with
`policies/training-proof.yaml`; its rows are read from metrics.jsonl: raw P(lead next) of the same held-out texts under
each header, their rise from LOW to HIGH, balanced accuracy and AUC on what happened, and the loss of each class of
token, of which e^loss_lead is the perplexity of the lead's own words.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.terse import corpus, em

RUNS = "all:0.05,lead:0.05,lead+turns:0.05,mixture:0.05,all:0.2,lead+turns:0.2"
"""Preset and dropout: the plan's dropout is 0.2; two presets at both tell the two causes apart."""


def run(name: str, documents: Path, folder: Path, threads: int | None) -> dict[str, object]:
    objective, _, dropout = name.partition(":")
    out = folder / name.replace(":", "-").replace("+", "-")
    changes = {"lora_dropout": dropout, "validation_share": 0.1, "validation_documents": 24, "evaluations": 2}
    changes |= {"calibration_documents": 24, "checkpoints_kept": 2}
    settings = [part for key, value in changes.items() for part in ("--set", f"{key}={value}")]
    if not (out / "card.json").exists():
        train = ("train", str(documents), "--config", "policies/training-proof.yaml", "--objective", objective)
        flags = ("--allow-scripted", "--skip-rejected", "--out", str(out), "--data", str(folder))
        em(*train, *settings, *flags, threads=threads)
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    tokens = {row["step"]: row["tokens"] for row in rows if row["kind"] == "train"} | {0: 0}
    kept = [
        {"tokens": tokens[row["step"]], **{k: round(v, 4) for k, v in row.items() if isinstance(v, float)}}
        for row in rows
        if row["kind"] == "validation"
    ]
    return {"objective": objective, "dropout": float(dropout), "steps": rows[-1]["step"], "validation": kept}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=800)
    parser.add_argument("--runs", default=RUNS)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="Keep what is made here, and go on from it. Default: nowhere.")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder = (wanted.folder or Path(passing)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        documents = corpus(wanted.sessions, folder)
        threads = 1 if wanted.at_once > 1 else None
        with ThreadPoolExecutor(wanted.at_once) as pool:
            rows = list(pool.map(lambda name: run(name, documents, folder, threads), wanted.runs.split(",")))
    print(json.dumps({"sessions": wanted.sessions, "runs": rows}, indent=1))


if __name__ == "__main__":
    main()
