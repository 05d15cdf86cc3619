"""Fits the weights of `policies/turns.yaml` to real logs: on one half of them, judged on the other.

    python tests/bench/fit_turns.py [--sweeps 3] [--sessions 80] FOLDER...

Each folder is one source, with the same weight as every other: .txt files of `<nick> text` and `* nick text` lines,
bots and system lines taken out; what one person says in a row is one turn. Stretches of 100 turns go to the two halves
in turn. Prints one JSON object: how far simulated sessions lie from either half before and after, how far the halves
lie from each other, the fitted weights.

The distance is the root mean square over all statistics of (simulated - real) / deviation, where the deviation is that
between stretches of 250 real messages, a 3.29th of the 5-95 % range in `policies/realism.yaml`; reply distances count
as log ratios over 0.5. Real sessions are cut to the simulated lengths first, so that both are censored alike.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import exp, log, sqrt
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulator.corpus.facts import to_json
from simulator.corpus.realism import Realism, join_turns
from simulator.document import Document, parse_document
from simulator.llm.model import Models
from simulator.llm.scripted import Scripted
from simulator.plan.planner import Planner
from simulator.plan.session_plan import SessionPlan
from simulator.session import transcript
from simulator.session.play import play
from simulator.world.policy import TurnPolicy
from simulator.world.world import World
from tests.layout import LAYOUT
from tests.worlds import shipped

STRETCH = 100
ADDRESSING = ("direct", "mention")
"""How often people are named is a choice of the content, not of the weights: the sources differ by a factor of 70."""
LOG_SCALE = 0.5
STEP = 0.4
"""First change of a weight, as a natural logarithm."""
Figures = Mapping[str, float]


def halves(folder: Path) -> tuple[list[Document], list[Document]]:
    """The stretches of one source, in turn."""
    stretches: list[Document] = []
    for file in sorted(folder.glob("*.txt")):
        lines = join_turns(parse_document(file.read_text(errors="replace"), LAYOUT).lines)
        starts = range(0, len(lines) - STRETCH + 1, STRETCH)
        stretches += [Document(None, tuple(lines[start : start + STRETCH])) for start in starts]
    return stretches[::2], stretches[1::2]


def figures(documents: Iterable[Document], world: World) -> dict[str, float]:
    """Statistics of whole documents, and of the same documents cut to sessions of 15."""
    whole, short = Realism(), Realism()
    for document in documents:
        if len(document.lines) >= 80:
            whole.add(document)
            for start in range(0, len(document.lines) - 14, 15):
                short.add(Document(None, document.lines[start : start + 15]))
        else:
            short.add(document)
    found = {f"long.{name}": value for name, value in whole.figures().items()}
    found |= {f"short.{name}": value for name, value in short.figures().items() if not name.startswith("w100")}
    for kind in ("back", "answer"):
        row = to_json(whole.table(world.realism))["reply_distance"][kind]
        if row["messages"] >= 100:
            found |= {f"reply.{kind}.{name}": row[name] for name in ("p25", "p50", "p75")}
            found[f"reply.{kind}.never"] = row["never"]
    return {name: value for name, value in found.items() if name.split(".")[-1] not in ADDRESSING}


def pooled(sources: Iterable[Figures]) -> dict[str, float]:
    """Means over the sources that could measure it."""
    sources = list(sources)
    names = {name: None for source in sources for name in source}
    return {name: fmean(source[name] for source in sources if name in source) for name in names}


def distance(found: Figures, real: Figures, world: World) -> float:
    turn = world.realism.turn_taking
    ranges = {
        f"{scope}.{name}": figure for scope in ("w15", "w100", "all") for name, figure in getattr(turn, scope).items()
    }
    terms = []
    for name, value in real.items():
        if name not in found:
            continue
        kind, _, statistic = name.partition(".")
        if kind == "reply":
            terms.append((log(max(found[name], 0.01) / max(value, 0.01)) / LOG_SCALE) ** 2)
        elif statistic in ranges:
            least, _, most = ranges[statistic]
            terms.append(((found[name] - value) / ((most - least) / 3.29)) ** 2)
    return sqrt(fmean(terms))


def simulated(plans: Iterable[SessionPlan], world: World) -> dict[str, float]:
    async def documents() -> list[Document]:
        made = []
        for plan in plans:
            events = [event async for event in play(plan, world, Models(Scripted(), Scripted()))]
            made.append(transcript.document(plan.setting, events, actions=True, layout=LAYOUT))
        return made

    return figures(asyncio.run(documents()), world)


def with_weights(turns: TurnPolicy, logs: Mapping[str, float]) -> TurnPolicy:
    """The policy with the weights whose natural logarithms are given."""
    value = {name: round(exp(number), 3) for name, number in logs.items()}
    recency = tuple(value.pop(f"recency{rank}") for rank in range(len(turns.recency) - 1))
    hazard = value.pop("answers")
    chance = tuple(min(0.95, round(hazard * own, 3)) for own in turns.answers.chance)
    changed = {
        "recency": (*recency, 1.0),
        "answers": {"chance": chance, "lead": turns.answers.lead},
        "address_recency": (1.0, value.pop("address_second")),
    }
    return TurnPolicy.model_validate(turns.model_dump() | value | changed)


def weights(turns: TurnPolicy) -> dict[str, float]:
    """Natural logarithms of the weights that are fitted; `answers` is a factor on all chances of an answer."""
    names = ("chattiness", "silent_so_far", "mentioned", "tie", "address_asker")
    found = {name: log(getattr(turns, name)) for name in names}
    found |= {f"recency{rank}": log(weight) for rank, weight in enumerate(turns.recency[:-1])}
    return found | {"answers": 0.0, "address_second": log(turns.address_recency[1])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--sweeps", type=int, default=3)
    parser.add_argument("--sessions", type=int, default=80)
    wanted = parser.parse_args()
    world = shipped()
    fitting = [Planner(world, 1).plan(slot) for slot in range(wanted.sessions)]
    judging = [Planner(world, 2).plan(slot) for slot in range(wanted.sessions)]
    split = [halves(folder) for folder in wanted.folders]
    first, second = (pooled(figures(half, world) for half in side) for side in zip(*split, strict=True))

    best = weights(world.turns)
    before = least = distance(simulated(fitting, world), first, world)
    for step in [STEP / 2**sweep for sweep in range(wanted.sweeps)]:  # one weight after the other, in ever finer steps
        for name in best:
            for change in (step, -step):
                tried = {**best, name: best[name] + change}
                turns = with_weights(world.turns, tried)
                found = distance(simulated(fitting, replace(world, turns=turns)), first, world)
                if found < least:
                    best, least = tried, found
                    print(f"{found:.4f} {name}", file=sys.stderr, flush=True)
                    break
    fitted = with_weights(world.turns, best)
    old, new = simulated(judging, world), simulated(judging, replace(world, turns=fitted))
    report = {
        "stretches": {
            folder.name: [len(half) for half in side] for folder, side in zip(wanted.folders, split, strict=True)
        },
        "fitted_on_first_half": {"before": round(before, 3), "after": round(least, 3)},
        "other_sessions_against_first_half": {
            "before": round(distance(old, first, world), 3),
            "after": round(distance(new, first, world), 3),
        },
        "other_sessions_against_second_half": {
            "before": round(distance(old, second, world), 3),
            "after": round(distance(new, second, world), 3),
        },
        "halves_apart": round(distance(first, second, world), 3),
        "reply": {
            name: [round(side[name], 3) for side in (first, second, old, new)]
            for name in first
            if name.startswith("reply")
        },
        "weights": {name: fitted.model_dump()[name] for name in TurnPolicy.model_fields if name in _SHOWN},
    }
    print(json.dumps(report, indent=1))


_SHOWN = {"chattiness", "recency", "silent_so_far", "answers", "mentioned", "tie", "address_recency", "address_asker"}

if __name__ == "__main__":
    main()
