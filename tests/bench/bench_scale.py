"""Does a run of a million sessions cost a million times what one costs? CPU and memory as the number grows.

    python tests/bench/bench_scale.py [plan play filters twins journal export] [--plan N] [--play N]
        [--filters N] [--twins N] [--journal N] [--export N ...] [--formats LIST] [--steps N]

Prints one JSON object: for every part a row at each step, with CPU seconds for each 10,000 sessions of that step and
the memory of the process at its end. Each part runs in a process of its own.

plan      sessions are planned.
play      sessions are played with the scripted model, filtered, compared, and written to a journal: a whole run.
filters   finished sessions are judged by the rules; nothing of one is kept for the next.
twins     each session is compared with all before it: played ones, with every longer word exchanged in each copy.
journal   played sessions are written again under other ids, event by event and call by call as a run does; then what
          `em status` and `em runs` ask for is asked.
export    played sessions are written again under other ids, a session at a time, and exported.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulator import rng
from simulator.corpus import stats
from simulator.corpus.export import ExportPolicy, ExportRequest, export
from simulator.corpus.filters import Filters
from simulator.corpus.near_duplicates import NearDuplicates
from simulator.document import Document, TranscriptLine
from simulator.events import Event
from simulator.journal.journal import Journal
from simulator.llm.model import Billing, CallId, Prompt, Purpose, Reply, Usage
from simulator.plan.planner import Planner
from simulator.plan.session_plan import SessionPlan
from simulator.runs.admission import RunLimits
from simulator.runs.notes import RunNote, Settled
from simulator.runs.run import Run
from simulator.runs.session_runner import verdict_of
from simulator.session.transcript import document, text
from tests import builders
from tests.bench.memory import peak_mb, resident_mb
from tests.layout import LAYOUT
from tests.worlds import card, play_run, scripted, shipped

PLAYED = 200
"""Different sessions that the large journals are made of."""
LONG_WORD = re.compile(r"[a-z]{4,}")

Row = dict[str, float]


class Steps:
    """A row for each step; the clock stands still outside `timed`."""

    def __init__(self, whole: int, steps: int) -> None:
        self._each, self._done, self._cpu, self.rows = max(whole // steps, 1), 0, 0.0, list[Row]()
        self._begun = 0.0

    def __enter__(self) -> None:
        self._begun = time.process_time()

    def __exit__(self, *_: object) -> None:
        """One more session."""
        self._cpu += time.process_time() - self._begun
        self._done += 1
        if self._done % self._each == 0:
            per = round(self._cpu / self._each * 10_000, 3)
            self.rows.append({"sessions": self._done, "cpu_s_per_10000": per, "rss_mb": resident_mb()})
            self._cpu = 0.0


def plan(number: int, steps: int, _: Path) -> object:
    planner, measured = Planner(shipped(), 3), Steps(number, steps)
    for slot in range(number):
        with measured:
            planner.plan(slot)
    return measured.rows


def play(number: int, steps: int, folder: Path) -> object:
    measured = Steps(number, steps)
    measured.__enter__()

    def watch(note: RunNote) -> None:
        if isinstance(note, Settled) and note.verdict.keep:
            measured.__exit__()
            measured.__enter__()

    with Journal.create(folder / "run", card(sessions=number)) as journal:
        asyncio.run(Run(journal, shipped(), scripted(), RunLimits(8), watch=watch).go())
    with Journal.open(folder / "run") as journal:
        begun = time.process_time()
        asyncio.run(Run(journal, shipped(), scripted(), RunLimits(8)).go())
        again = time.process_time() - begun
    return {"rows": measured.rows, "resume_cpu_s_per_10000": round(again / number * 10_000, 3)}


def filters(number: int, steps: int, folder: Path) -> object:
    own, world, measured = _played(folder), shipped(), Steps(number, steps)
    rules = Filters(world.style, world.engagement, world.quota, world.lead.nick, LAYOUT)
    for at in range(number):
        with measured:
            verdict_of(rules, world, *own[at % len(own)])
    return measured.rows


def twins(number: int, steps: int, folder: Path) -> object:
    own = [document(plan.setting, events, layout=LAYOUT) for plan, events in _played(folder)]
    measured, found = Steps(number, steps), 0
    index = NearDuplicates(shipped().style)
    for at in range(number):
        exchanged = _in_other_words(own[at % len(own)], at // len(own))
        with measured:
            found += index.find(str(at), exchanged) is not None
    return {"rows": measured.rows, "found": found}


def journal(number: int, steps: int, folder: Path) -> object:
    own, measured = _played(folder), Steps(number, steps)
    with Journal.create(folder / "large", card(sessions=number)) as journal:
        for plan, events in _again(own, number):
            with measured:
                _write(journal, plan, events)
        asked = {}
        for name, question in {
            "tally": journal.tally,
            "spent": journal.spent,
            "rejections": journal.rejections,
            "costs": journal.costs,
            "retried": journal.retried,
            "status": lambda: stats.status(journal, shipped().quota),
        }.items():
            begun = time.process_time()
            question()
            asked[name] = round((time.process_time() - begun) / number * 10_000, 4)
        size = sum(path.stat().st_size for path in (folder / "large").iterdir())
    return {"rows": measured.rows, "mb_per_10000": round(size / 1e6 / number * 10_000), "cpu_s_per_10000": asked}


def exporting(numbers: list[int], formats: str, folder: Path) -> Iterator[object]:
    own, there = _played(folder), 0
    for number in numbers:
        target = folder / "large"
        with Journal.open(target) if there else Journal.create(target, card(sessions=number)) as journal:
            for plan, events in _again(own, number, there):
                journal.keep(plan, events, len(text(plan.setting, events, layout=LAYOUT).encode()))
        there = number
        yield _in_a_process("--write", str(folder / "large"), "--formats", formats)


def write(folder: Path, formats: str) -> Row:
    world, before = shipped(), resident_mb()
    begun = time.process_time()
    with Journal.read(folder) as journal:
        policy = ExportPolicy.of(world)
        request = ExportRequest(formats.split(","), allow_scripted=True)
        done = export(journal, folder / "out", policy, request)
    cpu, number = time.process_time() - begun, done.training + done.validation
    per = round(cpu / number * 10_000, 3)
    row = {"sessions": number, "mb": round(done.bytes / 1e6), "cpu_s_per_10000": per}
    return {**row, "rss_mb_before": before, "peak_mb": peak_mb()}


def _played(folder: Path) -> list[tuple[SessionPlan, list[Event]]]:
    play_run(folder / "played", card(sessions=PLAYED))
    with Journal.read(folder / "played") as journal:
        return [(row.plan, journal.events(row.plan.id)) for row in journal.sessions("kept")]


def _again(
    own: list[tuple[SessionPlan, list[Event]]], number: int, first: int = 0
) -> Iterator[tuple[SessionPlan, list[Event]]]:
    for slot in range(first, number):
        plan, events = own[slot % len(own)]
        yield builders.changed(plan, id=f"s{slot:05d}", number=slot), events


def _write(journal: Journal, plan: SessionPlan, events: list[Event]) -> None:
    """As a run with a hosted model does: a call before each message."""
    journal.begin(plan)
    numbers = count()
    for event in events:
        if event.kind == "said":
            purpose = Purpose.LEAD if event.nick == plan.setting.lead else Purpose.PEOPLE
            call_id = CallId(next(numbers))
            prompt = Prompt(purpose, call_id, seed=1, max_tokens=90, temperature=0.9, text="", speaker=event.nick)
            usage = Usage(prompt=1500, cached=1450, completion=34)
            journal.call(plan.id, prompt, Reply(event.text, "some/model", usage, Billing.KNOWN, 0.0004, 1.0))
        journal.event(plan.id, event)
    size = len(text(plan.setting, events, layout=LAYOUT).encode())
    journal.spare(plan.id, size, None)
    journal.settle(plan.id, size, ())


def _in_other_words(one: Document, copy: int) -> Document:
    """Every longer word with letters of its own for this copy, so that many sessions of the same few are unalike."""
    if not copy:
        return one
    draw = rng.stream(copy, "words")
    letters = list("abcdefghijklmnopqrstuvwxyz")
    draw.shuffle(letters)
    other = str.maketrans("abcdefghijklmnopqrstuvwxyz", "".join(letters))
    lines = (
        TranscriptLine(line.nick, LONG_WORD.sub(lambda found: found[0].translate(other), line.text), line.action)
        for line in one.lines
    )
    return Document(one.header, tuple(lines))


PARTS = {"plan": plan, "play": play, "filters": filters, "twins": twins, "journal": journal}


def _in_a_process(*arguments: str) -> object:
    done = subprocess.run([sys.executable, __file__, *arguments], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", default=[*PARTS, "export"])
    parser.add_argument("--plan", type=int, default=20_000)
    parser.add_argument("--play", type=int, default=400)
    parser.add_argument("--filters", type=int, default=1_000)
    parser.add_argument("--twins", type=int, default=10_000)
    parser.add_argument("--journal", type=int, default=1_000)
    parser.add_argument("--export", type=int, nargs="+", default=[1_000, 5_000])
    parser.add_argument("--formats", default="jsonl,parquet")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--one", choices=PARTS, help="this part in this process")
    parser.add_argument("--write", type=Path, help="export this run in this process")
    given = parser.parse_args()
    if given.write:
        print(json.dumps(write(given.write, given.formats)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.one:
            gc.collect()
            print(json.dumps(PARTS[given.one](getattr(given, given.one), given.steps, folder)))
            return
        found: dict[str, object] = {}
        for part in given.parts:
            if part == "export":
                found[part] = list(exporting(given.export, given.formats, folder))
            else:
                number = str(getattr(given, part))
                found[part] = _in_a_process("--one", part, f"--{part}", number, "--steps", str(given.steps))
    print(json.dumps({"benchmark": "scale", **found}))


if __name__ == "__main__":
    main()
