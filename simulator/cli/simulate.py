"""em simulate"""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from pathlib import Path
from typing import Any

import click

from simulator.cli import options
from simulator.errors import NotMet


@click.command()
@click.option("--scenario", metavar="NAME", help="Play this script. Default: any that fits.")
@click.option("--engagement", type=click.Choice(["LOW", "MEDIUM", "HIGH"], case_sensitive=False), help="Level.")
@click.option("--channel", metavar="#NAME", help="Channel, such as '#general'.")
@click.option(
    "--messages", type=int, metavar="N", help="Number of messages, 10-20 or 80-120. Default: a short session."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same session.")
@options.model_options
@click.option("--live/--no-live", default=True, help="Show lines as they are said, or the whole session at the end.")
@click.option("--reasons", is_flag=True, help="Show who was chosen and why, and tries that were refused.")
@click.option("--prompts", is_flag=True, help="Show every prompt as it is sent.")
@options.json_option
@options.world_option
def simulate(
    scenario: str | None,
    engagement: str | None,
    channel: str | None,
    messages: int | None,
    seed: int,
    models: options.Names,
    live: bool,
    reasons: bool,
    prompts: bool,
    as_json: bool,
    world_dir: Path | None,
) -> None:
    """Play one session and show it.

    With --json, prints the events, one JSON object a line. Nothing is recorded; use `em generate` for that.
    Exit code 1 if the filters would reject the session.
    """
    asyncio.run(
        played(
            {"scenario": scenario, "engagement": engagement, "channel": channel, "messages": messages},
            seed,
            models,
            world_dir,
            live=live,
            reasons=reasons,
            prompts=prompts,
            as_json=as_json,
        )
    )


async def played(
    wanted: dict[str, Any],
    seed: int,
    names: options.Names,
    world_dir: Path | None,
    *,
    live: bool,
    reasons: bool,
    prompts: bool,
    as_json: bool,
) -> None:
    from simulator.cli import show
    from simulator.cli.spy import spied
    from simulator.corpus.filters import Filters
    from simulator.events import EVENT
    from simulator.generate import verdict_of
    from simulator.plan.planner import single
    from simulator.session.play import play
    from simulator.world.card import Engagement

    world = options.loaded(world_dir, quiet=as_json)
    if wanted["engagement"]:
        wanted["engagement"] = Engagement(wanted["engagement"].upper())
    plan = single(world, seed, **wanted)
    console = show.console()
    if not as_json:
        console.print(show.heading(plan))
    models = await options.opened(names, world, slots=1)
    rows, events = [], []
    try:
        playing = spied(models, console) if prompts else models
        async with aclosing(play(plan, world, playing)) as session:
            async for event in session:
                events.append(event)
                if as_json:
                    sys.stdout.write(EVENT.dump_json(event).decode() + "\n")
                    sys.stdout.flush()
                    continue
                rows += show.event(event, plan, reasons=reasons)
                if live:
                    for row in rows:
                        console.print(row)
                    rows.clear()
    finally:
        await models.aclose()
    for row in rows:
        console.print(row)
    _, verdict = verdict_of(Filters(world.style, world.engagement, world.quota, world.lead.nick), world, plan, events)
    if not as_json:
        for row in show.verdict(plan, verdict):
            console.print(row)
    if not verdict.keep:
        rules = ", ".join(dict.fromkeys(reason.rule for reason in verdict.reasons))
        raise NotMet(f"the filters reject this session: {rules}", remedy="another seed, or a better model")
