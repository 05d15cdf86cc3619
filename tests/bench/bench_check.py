"""`em check` without the command line: megabytes a second on one core, and peak memory at two sizes.

    python tests/bench/bench_check.py [--megabytes 5 50]

Prints one JSON object. Each measurement runs in a process of its own, so that its peak memory is its own: with the
index of near-duplicates, which grows by some kB a session, and without it. The documents are drawn from a fixed seed,
pass the filters, and are no near-duplicates of each other.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from simulator.corpus.check import check  # noqa: E402
from simulator.corpus.filters import Filters  # noqa: E402
from simulator.corpus.near_duplicates import NearDuplicates  # noqa: E402
from simulator.document import Document, TranscriptLine, parse_document, render_document  # noqa: E402
from simulator.line_checks import LineChecker  # noqa: E402
from simulator.world.policy import EngagementPolicy, QuotaPolicy  # noqa: E402
from simulator.world.style import StylePolicy  # noqa: E402
from simulator.world.world_files import read_text  # noqa: E402
from simulator.world.yaml_file import parse, validate  # noqa: E402
from tests.bench.memory import peak_mb  # noqa: E402
from tests.layout import LAYOUT  # noqa: E402

LEAD = "Em"
NICKS = ("ana", "bo", "cleo", "dev", "eli", "fay", "gus", "hana", "ivo", "jun", "kit")
LENGTHS = ((15, 3), (18, 3), (12, 2), (100, 18), (90, 16), (115, 20))
"""(messages, the lead's share of them): all within MEDIUM."""
MODELS = {"style": StylePolicy, "engagement": EngagementPolicy, "quota": QuotaPolicy}


def policies() -> tuple[StylePolicy, EngagementPolicy, QuotaPolicy]:
    return tuple(
        validate(model, parse(read_text(ROOT / "policies" / f"{name}.yaml", ROOT), name), name)
        for name, model in MODELS.items()
    )


def vocabulary() -> list[str]:
    """Words of the lines that the language rules leave alone."""
    cases = parse((ROOT / "tests/corpus/language_cases.yaml").read_text(encoding="utf-8"), "language_cases.yaml")
    lines = " ".join(cases["must_pass"].values()).lower().split()
    return sorted({word for word in lines if word.isalpha() and word.isascii()})


def document(draw: random.Random, words: list[str], manners: LineChecker) -> str:
    messages, own = draw.choice(LENGTHS)
    cast = draw.sample(NICKS, 6)
    lead = set(draw.sample(range(messages), own))
    lines = []
    for index in range(messages):
        nick = LEAD if index in lead else draw.choice(cast)
        text = ""
        while not text or next(manners.wording(text, nick=nick, politics_allowed=False, earlier=lines), None):
            text = " ".join(
                " ".join(draw.choices(words, k=draw.randint(5, 14))) + "." for _ in range(draw.randint(1, 3))
            )
        lines.append(TranscriptLine(nick, text))
    return render_document(LAYOUT.header("MEDIUM", "#general"), lines)


def write(path: Path, megabytes: float, manners: LineChecker) -> int:
    draw, words = random.Random(7), vocabulary()
    size = 0
    with path.open("w", encoding="utf-8") as file:
        while size < megabytes * 1e6:
            text = document(draw, words, manners)
            size += len(text.encode())
            file.write(json.dumps({"text": text}) + "\n")
    return size


class Forgetful(NearDuplicates):
    """Looks and remembers nothing."""

    def find(self, id: str, document: Document, *, remember: bool = True) -> tuple[str, float] | None:
        return super().find(id, document, remember=False)


def measure(path: Path, size: int, *, index: bool) -> dict[str, object]:
    filters = Filters(*policies(), LEAD, LAYOUT)
    near = NearDuplicates(filters.style) if index else Forgetful(filters.style)
    before = peak_mb()
    began = time.process_time()
    kept = documents = 0
    for _, verdict in check([path], filters, near):
        documents += 1
        kept += verdict.keep
    seconds = time.process_time() - began
    return {
        "near_duplicate_index": index,
        "megabytes": round(size / 1e6, 1),
        "documents": documents,
        "kept": kept,
        "cpu_seconds": round(seconds, 2),
        "mb_per_second": round(size / 1e6 / seconds, 2),
        "peak_mb": peak_mb(),
        "peak_mb_before": before,
    }


def line_cost(manners: LineChecker) -> float:
    """Microseconds for one line with twenty earlier ones, as a session asks it."""
    draw, words = random.Random(3), vocabulary()
    lines = (
        parse_document(document(draw, words, manners), LAYOUT).messages
        + parse_document(document(draw, words, manners), LAYOUT).messages
    )
    texts = [" ".join(draw.choices(words, k=14)) + "." for _ in range(3000)]
    for text in texts[:1000]:
        manners.faults(TranscriptLine(LEAD, text), cast=NICKS, earlier=lines[:20])
    began = time.process_time()
    for text in texts[1000:]:
        manners.faults(TranscriptLine(LEAD, text), cast=NICKS, earlier=lines[:20])
    return round((time.process_time() - began) / 2000 * 1e6, 1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=float, nargs="+", default=[5, 50])
    parser.add_argument("--file", type=Path)
    parser.add_argument("--size", type=int)
    parser.add_argument("--index", action=argparse.BooleanOptionalAction, default=True)
    given = parser.parse_args()
    if given.file:
        print(json.dumps(measure(given.file, given.size, index=given.index)))
        return
    manners = LineChecker(policies()[0], LEAD)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for megabytes in given.megabytes:
            path = Path(folder) / "documents.jsonl"
            size = write(path, megabytes, manners)
            for index in ("--index", "--no-index"):
                command = [sys.executable, __file__, "--file", str(path), "--size", str(size), index]
                results.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    print(json.dumps({"benchmark": "check", "line_microseconds": line_cost(manners), "runs": results}))


if __name__ == "__main__":
    main()
