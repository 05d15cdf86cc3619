"""`em stats` over a whole corpus: time and memory for 3 and 15 MB, diversity and realism, each in a process of its own.

    python tests/bench/bench_stats.py [--megabytes 3 15 150]

Prints one JSON object. A megabyte of sessions is played with the scripted model; the rest are the same sessions again
with every longer word exchanged, for each copy in another way, so that there are many of them and no two alike.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulator.corpus.diversity import Diversity
from simulator.corpus.facts import to_json
from simulator.corpus.reading import Text, documents
from simulator.corpus.realism import Realism
from simulator.document import parse_document
from simulator.journal.journal import Journal
from simulator.session.transcript import text
from simulator.world import load
from tests.bench.memory import peak_mb
from tests.layout import LAYOUT
from tests.worlds import card, play_run

PLAYED_MB = 1.0
LONG_WORD = re.compile(r"[a-z]{4,}")


def played(folder: Path) -> list[str]:
    """The lines of each session, without its header."""
    play_run(folder / "run", card(target_mb=PLAYED_MB))
    with Journal.read(folder / "run") as journal:
        return [text(row.plan.setting, journal.events(row.plan.id), layout=LAYOUT) for row in journal.sessions("kept")]


def write(path: Path, megabytes: float, texts: list[str]) -> int:
    vocabulary = sorted({word for one in texts for word in LONG_WORD.findall(one)})
    size = copy = 0
    with path.open("w", encoding="utf-8") as file:
        while True:
            others = list(vocabulary)
            if copy:
                random.Random(copy).shuffle(others)
            exchanged = dict(zip(vocabulary, others, strict=True))
            copy += 1
            for one in texts:
                head, channel, body = one.split("\n", 2)
                lines = [row.partition("> ") for row in body.splitlines()]
                said = [nick + mark + in_other_words(text, exchanged) for nick, mark, text in lines]
                made = "\n".join([head, channel, *said]) + "\n"
                size += len(made.encode())
                file.write(json.dumps({"text": made, "topic_group": "random"}) + "\n")
                if size >= megabytes * 1e6:
                    return size


def in_other_words(text: str, exchanged: dict[str, str]) -> str:
    return LONG_WORD.sub(lambda found: exchanged[found[0]], text)


def measure(path: Path, size: int, what: str) -> dict[str, object]:
    world = load.load(load.shipped())
    figures = world.realism
    before, began = peak_mb(), time.process_time()
    measured = Realism() if what == "realism" else Diversity(world.style, world.lead.nick, figures.habits)
    for item in documents([path], world.style.numbers.max_document_bytes):
        assert isinstance(item, Text)
        document = parse_document(item.text, LAYOUT)
        if isinstance(measured, Realism):
            measured.add(document)
        else:
            measured.add(item.id, document)
    counted = measured.table(figures) if isinstance(measured, Realism) else measured.table(world.quota.topics)
    facts = to_json(counted)
    seconds = time.process_time() - began
    return {
        "what": what,
        "megabytes": round(size / 1e6, 1),
        "sessions": facts["sessions"],
        "messages": facts["messages"],
        "cpu_seconds": round(seconds, 2),
        "mb_per_second": round(size / 1e6 / seconds, 2),
        "peak_mb": peak_mb(),
        "peak_mb_before": before,
        **({} if what == "realism" else {"near_duplicate_sessions": facts["near_duplicates"]["sessions"]["share"]}),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=float, nargs="+", default=[3, 15])
    parser.add_argument("--file", type=Path)
    parser.add_argument("--size", type=int)
    parser.add_argument("--what", choices=("diversity", "realism"))
    given = parser.parse_args()
    if given.file:
        print(json.dumps(measure(given.file, given.size, given.what)))
        return
    results = []
    with tempfile.TemporaryDirectory() as folder:
        texts = played(Path(folder))
        for megabytes in given.megabytes:
            path = Path(folder) / "documents.jsonl"
            size = write(path, megabytes, texts)
            for what in ("diversity", "realism"):
                command = [sys.executable, __file__, "--file", str(path), "--size", str(size), "--what", what]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                results.append(json.loads(done.stdout))
    print(json.dumps({"benchmark": "stats", "runs": results}))


if __name__ == "__main__":
    main()
