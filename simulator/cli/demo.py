"""em demo"""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path

import click

from simulator.cli import options

SESSIONS = 3


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed plays other sessions.")
@options.data_option
def demo(seed: int, data: Path) -> None:
    """Three short sessions on the embedded model, played, filtered, exported.

    Needs no key, no network and no GPU. The model is very small: it shows the machine working, not good data.
    """
    from simulator.cli.export import write
    from simulator.cli.generate import begin

    name = next(name for n in count(1) if not (data / "runs" / (name := f"demo-{n}")).exists())
    goal = {"sessions": SESSIONS, "target_mb": None, "length": "short"}
    models: options.Names = {"people": options.EMBEDDED, "lead": None, "judge": None, "api_base": [], "dialect": None}
    asyncio.run(begin(name, data / "runs" / name, goal, seed, models, None, None, None, look=options.ViewMode.LINES))
    write(data / "runs" / name, data / "corpora" / name, ["jsonl", "txt"], False, False, None)
    click.echo(
        "The lines come from a model of 135 million parameters, to show the machine working without a key.\n"
        f"For real data name a real model, such as:  em generate --run first --sessions 20 --model anthropic/…\n"
        f"Look further:  em status {name}   em check {data / 'corpora' / name}/conversation_*.txt"
    )
