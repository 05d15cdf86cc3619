"""Documents that two cores can train on by the hundred: scripted sessions, each message cut to its first words.

The plan's messages of two to four sentences make documents of some 500 tokens, of which one in seven says who speaks;
cut to seven words they have some 230, one in three. So half an hour holds the hundreds that a header takes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORDS = 7
_LINE = re.compile(r"(<\S+> )(.*)")


def em(*arguments: str, threads: int | None = None) -> str:
    environment = os.environ | ({"OMP_NUM_THREADS": str(threads)} if threads else {})
    command = [sys.executable, "-m", "simulator", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"em {' '.join(arguments)}: {done.stderr[-2000:]}")
    return done.stdout


def cut(line: str) -> str:
    """A message's first words, up to the end of its first sentence."""
    found = _LINE.fullmatch(line)
    if not found:
        return line
    kept: list[str] = []
    for word in found[2].split()[:WORDS]:
        kept.append(word)
        if len(kept) > 2 and word[-1] in ".!?":
            break
    return found[1] + " ".join(kept).rstrip(",;:")


def corpus(sessions: int, folder: Path) -> Path:
    """One .jsonl file of cut documents."""
    made = folder / "terse.jsonl"
    if made.exists():
        return made
    data = ("--data", str(folder))
    em("generate", "--run", "terse", "--sessions", str(sessions), "--length", "short", "--model", "scripted", *data)
    em("export", "terse", "--out", str(folder / "whole"), "--allow-scripted", "--format", "jsonl", *data)
    rows = []
    for file in ("em_character_training.jsonl", "validation.jsonl"):
        whole = map(json.loads, (folder / "whole" / file).read_text().splitlines())
        rows += [json.dumps(row | {"text": "".join(cut(x) + "\n" for x in row["text"].splitlines())}) for row in whole]
    made.write_text("\n".join(rows) + "\n")
    return made
