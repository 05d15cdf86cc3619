"""What a model is worth as a guard: how many of the labelled wrong lines it is against, and how many of the good ones.

    python tests/bench/bench_guard.py MODEL [--lines N] [--fresh] [--dialect chat|completion] [--api-base URL]

Prints one JSON object: caught and flagged with 95 % intervals, by kind, how often a wrong line was named after another
fault, and, where the server tells probabilities, how well these order the lines (AUC: 0.5 is chance). `--fresh`: the 60
lines of the set of that name; else N of the other sets' lines of the lead, half of them good.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulator import intervals
from simulator.journal.model_choice import ModelChoice
from simulator.llm.choices import chosen
from simulator.llm.model import CallId, Model, ModelWrapper, Prompt, Reply, Usage
from simulator.runs.opening import open_choice
from simulator.session.guard import Guard
from simulator.world.load import load, shipped
from simulator.world.policies.guard import NO_FAULT
from tests.corpus.meaning import LEAD, SETS, Row, rows

AT_ONCE = 60
FRESH = "fresh"
"""Set of lines by which guards are compared."""
TOKENS = ("prompt", "cached", "completion")


class Listening(ModelWrapper):
    """Keeps the answers."""

    def __init__(self, inner: Model) -> None:
        super().__init__(inner)
        self.usage, self.seconds = Usage(), 0.0
        self.answers: dict[int, str] = {}

    async def reply(self, prompt: Prompt) -> Reply:
        """The inner model's."""
        reply = await self.inner.reply(prompt)
        self.usage, self.seconds = self.usage + reply.usage, self.seconds + reply.seconds
        assert prompt.call_id.message is not None
        self.answers[prompt.call_id.message] = reply.text
        return reply


@dataclass(frozen=True, slots=True)
class Judged:
    """A line and what became of it."""

    row: Row
    category: str
    """NO_FAULT: it may be said."""
    p: float
    """Of a fault."""


def drawn(lines: int, *, only_fresh: bool) -> list[Row]:
    """The lines in an order that tells nothing."""
    rng = random.Random(7)
    if only_fresh:
        found = rows(FRESH)
    else:
        of_lead = [row for part in SETS if part != FRESH for row in rows(part) if row.line.nick == LEAD]
        halves = ([row for row in of_lead if row.wrong is wrong] for wrong in (True, False))
        found = [row for half in halves for row in rng.sample(half, lines // 2)]
    rng.shuffle(found)
    return found


async def judged(choice: ModelChoice, found: list[Row]) -> tuple[list[Judged], Listening]:
    """Every line, as the guard of a session would be asked about it."""
    world = load(shipped())
    models = await open_choice(choice, world, slots=1)
    assert models.guard is not None
    door, none = Listening(models.guard), world.guard.letter(NO_FAULT)
    guard, gate = Guard(world, door, LEAD, 1, "bench"), asyncio.Semaphore(AT_ONCE)

    async def one(number: int, row: Row) -> Judged:
        async with gate:
            fault = await guard.fault(row.line.text, row.before, CallId(number))
        shares = chosen(door.answers[number], world.guard.letters)
        p = 1 - shares[none] if none in shares else sum(shares.values())
        return Judged(row, NO_FAULT if fault is None else fault.rule.removeprefix("guard-"), p)

    try:
        return list(await asyncio.gather(*(one(number, row) for number, row in enumerate(found)))), door
    finally:
        await models.aclose()


def share(hits: int, total: int) -> list[float]:
    """The share with its interval."""
    found = intervals.share(hits, total)
    assert found is not None, "no line of the kind"
    return [round(each, 3) for each in (found.value, found.low, found.high)]


def auc(done: list[Judged]) -> float:
    """How often a wrong line has a greater probability than a good one; half for a tie."""
    pairs = [(a.p, b.p) for a in done if a.row.wrong for b in done if not b.row.wrong]
    return round(sum((a > b) + (a == b) / 2 for a, b in pairs) / len(pairs), 3)


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--lines", type=int, default=120)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--dialect")
    parser.add_argument("--api-base", action="append", default=[])
    given = parser.parse_args()
    named = {"people": "scripted", "guard": given.model, "dialect": given.dialect, "api_base": tuple(given.api_base)}
    choice = ModelChoice.model_validate({name: value for name, value in named.items() if value})
    done, door = asyncio.run(judged(choice, drawn(given.lines, only_fresh=given.fresh)))
    wrong, good = ([each for each in done if each.row.wrong is kind] for kind in (True, False))
    caught = [each for each in wrong if each.category != NO_FAULT]
    flagged = [each for each in good if each.category != NO_FAULT]
    missed = Counter(each.row.kind for each in wrong if each.category == NO_FAULT)
    facts = {
        "model": given.model,
        "lines": len(done),
        "caught": share(len(caught), len(wrong)),
        "flagged": share(len(flagged), len(good)),
        "auc": auc(done),
        "answers": dict(Counter(each.category for each in done).most_common()),
        "missed_by_kind": dict(missed),
        "missed": [each.row.line.text for each in wrong if each.category == NO_FAULT],
        "flagged_lines": [f"{each.category}: {each.row.line.text}" for each in flagged],
        "tokens_a_call": {name: round(getattr(door.usage, name) / len(done), 1) for name in TOKENS},
        "seconds_a_call": round(door.seconds / len(done), 2),
    }
    print(json.dumps(facts, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
