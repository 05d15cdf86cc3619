"""The deciding table: the must-haves after SFT, after SFT and DPO, and after SFT and SFT on the lines that DPO chose.

    python tests/bench/preference_table.py [--folder data/preferences] [--sessions 330] [--refused 220] [--seeds 1,2]

About an hour a seed on one busy core. Everything is kept in the folder, and a call goes on where the last one was cut:
at the newest checkpoint of a training, after the last subject of an evaluation. Prints one JSON object at the end, and
may be asked for it at any time (`--print`).

- The documents: scripted sessions, every message cut to its first words (`terse.py`).
- The pairs: another run of scripted sessions in which the lead's first try at every line is what the embedded model
  answers to the last messages as the assistant that it is, without card or rules. The line checks refuse what they
  find, the second try is scripted, and `em export --format dpo` makes the pairs; both sides are cut like the documents.
- SFT: `em train` on the documents. DPO goes on from it. The third arm goes on from it, too: the same prompts and chosen
  lines, the loss on the chosen line alone, twice over, which is as many tokens as the two sides of the pairs are.
- The score: `em evaluate` with the sizes in `SUITE`; one seed of an evaluation for all, so that all are asked the same.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulator.corpus.preferences import distance
from simulator.journal.journal import Journal
from simulator.llm.model import Message, Models, Prompt, PromptFormat, Reply
from simulator.llm.registry import OpenOptions, open_models
from simulator.llm.scripted import Scripted
from simulator.runs.admission import RunLimits
from simulator.runs.run import Run
from simulator.train.adapter import CARD
from simulator.train.callbacks import METRICS
from simulator.train.checkpoints import RECORD
from simulator.world.load import load
from tests.bench.terse import ROOT, corpus, cut
from tests.layout import NAMES
from tests.worlds import card, shipped

Row = dict[str, object]

ARMS = ("sft", "dpo", "more")
"""After SFT, after SFT and DPO, after SFT and SFT on the chosen lines."""
CONFIG = "policies/training-proof.yaml"
SHORT = {"validation_documents": 10, "calibration_documents": 6, "evaluations": 2, "checkpoints_kept": 2}
RATE, PAIRS_A_STEP = 1e-4, 4
"""Of both arms that go on from SFT: the same steps at the same rate."""
SUITE = "{probes: 20, samples: 1, sessions: 3, messages: 16, documents: 4}"
LAST_LINES, ANSWER_TOKENS = 2, 40
"""Of the assistant: what it is shown, and how much it may write."""
LEAST_DISTANCE = 0.5
"""Of the cut lines of a pair, as `policies/preferences.yaml` has it for whole ones."""
DPO, DONE = ".dpo.jsonl", "whole"
HELD_OUT = 0.1
"""Share of the pairs, and of the documents, that nothing is trained on."""


class AssistantFirst(Scripted):
    """The scripted lead, whose first try at a line is an assistant's answer to the last messages."""

    def __init__(self) -> None:
        super().__init__()
        self._embedded: Models | None = None

    async def reply(self, prompt: Prompt) -> Reply:
        """The embedded model's at first, and a scripted line when that was refused."""
        if prompt.call_id.attempt or prompt.text is None:
            return await super().reply(prompt)
        if self._embedded is None:
            self._embedded = await open_models("embedded", None, None, options=OpenOptions(dialect=PromptFormat.CHAT))
        lines = [line for line in prompt.text.splitlines()[:-1] if line.startswith("<")]
        shown = "\n".join(line.partition("> ")[2] for line in lines[-LAST_LINES:])
        asked = dataclasses.replace(
            prompt,
            text=None,
            messages=(Message("user", shown or "hi"),),
            stop=(),
            max_tokens=ANSWER_TOKENS,
            sentences=2,
        )
        return dataclasses.replace(await self._embedded.people.reply(asked), model=self.name)

    async def aclose(self) -> None:
        """Stops the server."""
        if self._embedded is not None:
            await self._embedded.aclose()


def em(*arguments: str, failing: tuple[int, ...] = (0,)) -> str:
    """Runs a command where it can be watched, and gives back what it printed."""
    print("$ em", *arguments, file=sys.stderr, flush=True)
    done = subprocess.run([sys.executable, "-m", "simulator", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode not in failing:
        sys.exit(f"em {' '.join(arguments)}: exit {done.returncode}")
    return done.stdout


def world(folder: Path) -> Path:
    """The shipped content with an evaluation of the size that fits."""
    made = folder / "world"
    if not made.exists():
        em("init", str(made))
        file = made / "policies" / "evaluation.yaml"
        text, count = re.subn(r"(?m)^  quick: .*$", f"  quick: {SUITE}", file.read_text())
        assert count == 1
        file.write_text(text)
    return made


def pairs(folder: Path, sessions: int, documents: Path) -> Path:
    """A corpus of the documents, split, with the pairs of a run of so many sessions beside them."""
    made = folder / "corpus"
    if (made / DONE).exists():
        return made
    run, whole = folder / "runs" / "refused", folder / "refused"
    asyncio.run(play(run, sessions))
    em("export", "refused", "--out", str(whole), "--format", "jsonl,dpo", "--allow-scripted", "--data", str(folder))
    found = [cut_pair(row) for held in (False, True) for row in read(whole / NAMES.split(held, DPO))]
    found = [row for row in found if distance(str(row["chosen"]), str(row["rejected"])) >= LEAST_DISTANCE]
    made.mkdir(exist_ok=True)
    for ending, rows in ((".jsonl", read(documents)), (DPO, found)):
        out = max(1, round(HELD_OUT * len(rows)))
        write(made / NAMES.split(False, ending), rows[:-out])
        write(made / NAMES.split(True, ending), rows[-out:])
    (made / DONE).touch()
    return made


async def play(run: Path, sessions: int) -> None:
    """Plays the run of the pairs to its end."""
    lead, wanted = AssistantFirst(), card("refused", seed=11, sessions=sessions, length="short")
    fresh = not run.exists()
    with Journal.create(run, wanted) if fresh else Journal.open(run) as journal:
        try:
            await Run(journal, shipped(), Models(Scripted(), lead), RunLimits(4)).go()
        finally:
            await lead.aclose()


def cut_pair(row: Row) -> Row:
    """A pair whose prompt and lines are cut as the documents are."""
    *lines, nick = str(row["prompt"]).split("\n")
    prompt = "\n".join([*map(cut, lines), nick])
    sides = {side: cut(f"{nick}{str(row[side]).rstrip()}").removeprefix(nick) + "\n" for side in ("chosen", "rejected")}
    return {**row, "prompt": prompt, **sides}


def read(path: Path) -> list[Row]:
    """The rows of a .jsonl file; none where there is no such file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def write(path: Path, rows: Sequence[Row]) -> None:
    """A .jsonl file of the rows."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def train(folder: Path, corpus_folder: Path, seed: int) -> None:
    """The three adapters of a seed."""
    out = folder / "adapters"
    shared = (
        "--config",
        CONFIG,
        "--allow-scripted",
        "--skip-rejected",
        "--data",
        str(folder),
        "--world",
        str(world(folder)),
    )
    base = adapter_of(out, "sft", seed)
    documents = ("train", str(corpus_folder), *shared, *settings({"seed": seed, "objective": "mixture", **SHORT}))
    go_on(documents, base)
    later: dict[str, float | str] = {
        "seed": seed,
        "learning_rate": RATE,
        "gradient_accumulation_steps": PAIRS_A_STEP,
        **SHORT,
        "evaluations": 1,
    }
    go_on((*documents, *settings(later), "--method", "dpo", "--from", str(base)), adapter_of(out, "dpo", seed))
    more(folder, corpus_folder, base, adapter_of(out, "more", seed), later)


def adapter_of(adapters: Path, arm: str, seed: int) -> Path:
    """Its folder."""
    return adapters / f"{arm}-{seed}"


def go_on(command: Sequence[str], out: Path) -> None:
    """A training, begun or gone on with, unless it is finished."""
    if not (out / CARD).exists():
        em(*command, "--out", str(out), *(("--resume",) if (out / RECORD).exists() else ()))


def settings(changes: dict[str, float | str]) -> tuple[str, ...]:
    """As `em train` takes them."""
    return tuple(part for key, value in changes.items() for part in ("--set", f"{key}={value}"))


def more(folder: Path, corpus_folder: Path, start: Path, out: Path, changes: dict[str, float | str]) -> None:
    """SFT on the chosen lines alone: no command of `em` makes that, since it is only wanted here."""
    if (out / CARD).exists():
        return
    from simulator.train.encoding import Encoded, TokenClass
    from simulator.train.objective import PRESETS
    from simulator.train.packing import make_schedule
    from simulator.train.run import train_adapter
    from simulator.train.settings import change_settings, read_settings
    from simulator.train.training import TrainingRequest, prepare_training

    wanted = change_settings(read_settings(ROOT / CONFIG), changes | {"objective": "lead", "num_epochs": 2})
    content = load(world(folder))
    request = TrainingRequest(corpus_folder, wanted, folder, True, True, "dpo", start)
    job = prepare_training(request, content)
    assert job.preference is not None
    rows = [
        Encoded(row.prompt + row.wanted, (TokenClass.PEOPLE,) * len(row.prompt) + (TokenClass.LEAD,) * len(row.wanted))
        for row in job.preference.training
    ]
    plan = make_schedule([len(row) for row in rows], wanted)
    job = dataclasses.replace(job, preference=None, training=tuple(rows), plan=plan, objective=PRESETS["lead"])
    print("training on the chosen lines", out, file=sys.stderr, flush=True)
    train_adapter(job, out, resume=(out / RECORD).exists(), tell=lambda _: None, say=print)


def score(folder: Path, corpus_folder: Path, seed: int) -> None:
    """The scorecard of a seed's adapters beside the base's; each subject is asked once and kept."""
    out = folder / f"scores-{seed}.json"
    if not out.exists():
        chosen = [part for arm in ARMS for part in ("--adapter", str(adapter_of(folder / "adapters", arm, seed)))]
        asked = ("evaluate", "--base", "embedded", *chosen, "--corpus", str(corpus_folder), "--out", str(out))
        em(*asked, "--json", "--data", str(folder), "--world", str(world(folder)), failing=(0, 1))


def table(folder: Path, seeds: Sequence[int]) -> dict[str, object]:
    """What there is by now: checks of every must-have, for base and arms, by seed; and how each was trained."""
    rows: dict[str, dict[str, dict[str, object]]] = {}
    for seed in seeds:
        path = folder / f"scores-{seed}.json"
        if path.exists():
            for result in json.loads(path.read_text())["results"]:
                if result["kind"] != "reference":
                    rows.setdefault(str(seed), {})[result["subject"]] = checks(result)
    trained = {out.parent.name: json.loads(out.read_text()) for out in sorted((folder / "adapters").glob(f"*/{CARD}"))}
    parts = {"documents": ".jsonl", "pairs": DPO}
    learnt = {part: len(read(folder / "corpus" / NAMES.split(False, ending))) for part, ending in parts.items()}
    curves = {
        name: [row for row in read(folder / "adapters" / name / METRICS) if row["kind"] == "validation"]
        for name in trained
    }
    steps = {name: each["steps"] for name, each in trained.items()}
    return {"corpus": learnt, "steps": steps, "curves": curves, "scores": rows}


def checks(result: dict[str, Any]) -> dict[str, object]:
    """Name of each check to its value, interval and number of observations."""
    return {
        f"{must['measure']}: {check['name']}": [check["value"], check["low"], check["high"], check["n"], check["met"]]
        for must in result["musts"]
        for check in must["checks"]
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("data/preferences"))
    parser.add_argument("--sessions", type=int, default=330, help="From which the documents are.")
    parser.add_argument("--refused", type=int, default=220, help="From which the pairs are.")
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--print", dest="only_print", action="store_true", help="What there is by now.")
    wanted = parser.parse_args()
    folder, seeds = wanted.folder.resolve(), [int(seed) for seed in wanted.seeds.split(",")]
    if not wanted.only_print:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        folder.mkdir(parents=True, exist_ok=True)
        documents = corpus(wanted.sessions, folder)
        both = pairs(folder, wanted.refused, documents)
        for seed in seeds:
            train(folder, both, seed)
            score(folder, both, seed)
    print(json.dumps(table(folder, seeds), indent=1))


if __name__ == "__main__":
    main()
