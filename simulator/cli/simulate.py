"""em simulate"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import options
from simulator.errors import NotMet

if TYPE_CHECKING:
    from rich.console import Console

    from simulator.corpus.verdict import Verdict
    from simulator.events import Event
    from simulator.llm.model import Models
    from simulator.plan.session_plan import SessionPlan
    from simulator.world.world import World


@click.command()
@click.option("--scenario", metavar="NAME", help="Play this script. Default: any that fits.")
@click.option("--engagement", type=click.Choice(["LOW", "MEDIUM", "HIGH"], case_sensitive=False), help="Level.")
@click.option("--channel", metavar="#NAME", help="Channel, such as '#general'.")
@click.option(
    "--messages", type=int, metavar="N", help="Number of messages, 10-20 or 80-120. Default: a short session."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same session.")
@options.model_options
@click.option(
    "--live/--no-live",
    default=None,
    help="Watch on the whole screen, or see all at the end. Default: line by line, as they are said.",
)
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
    live: bool | None,
    reasons: bool,
    prompts: bool,
    as_json: bool,
    world_dir: Path | None,
) -> None:
    """Play one session and show it.

    With --json, prints the events, one JSON object a line. Nothing is recorded; use `em generate` for that.
    Exit code 1 if the filters would reject the session.
    """
    look = {None: options.ViewMode.LINES, True: options.ViewMode.LIVE, False: options.ViewMode.QUIET}[live]
    wanted = {"scenario": scenario, "engagement": engagement, "channel": channel, "messages": messages}
    asyncio.run(played(wanted, seed, models, world_dir, look=look, reasons=reasons, prompts=prompts, as_json=as_json))


async def played(
    wanted: dict[str, Any],
    seed: int,
    names: options.Names,
    world_dir: Path | None,
    *,
    look: options.ViewMode,
    reasons: bool,
    prompts: bool,
    as_json: bool,
) -> None:
    """Plays one session and shows it. Raises NotMet if the filters reject it."""
    from simulator.cli.prompt_printer import print_prompts
    from simulator.corpus.filters import Filters
    from simulator.plan.planner import single
    from simulator.runs.run import verdict_of
    from simulator.session.play import play
    from simulator.tui import lines, terminal
    from simulator.world.strict import Engagement

    world = options.loaded(world_dir, quiet=as_json)
    if wanted["engagement"]:
        wanted["engagement"] = Engagement(wanted["engagement"].upper())
    plan = single(world, seed, **wanted)
    filters = Filters(world.style, world.engagement, world.quota, world.lead.nick)
    console = lines.console()

    def judged(events: list[Event]) -> Verdict:
        return verdict_of(filters, world, plan, events)[1]

    live = look is options.ViewMode.LIVE and not as_json and not prompts and terminal.fits(console)
    if not live and not as_json:
        console.print(lines.heading(plan))
    models = await options.opened(names, world, slots=1)
    try:
        if live:
            events = await _on_screen(plan, world, models, console, judged, reasons=reasons)
        else:
            show = _written if as_json else _printer(console, plan, reasons)
            events = []
            async with aclosing(play(plan, world, print_prompts(models, console) if prompts else models)) as session:
                async for event in session:
                    events.append(event)
                    if look is not options.ViewMode.QUIET or as_json:
                        show(event)
    finally:
        await models.aclose()
    if live:
        console.print(lines.heading(plan))
    if live or (look is options.ViewMode.QUIET and not as_json):
        for event in events:
            _printer(console, plan, reasons)(event)
    verdict = judged(events)
    if not as_json:
        for row in lines.verdict(plan.id, verdict):
            console.print(row)
    if not verdict.keep:
        rules = ", ".join(dict.fromkeys(reason.rule for reason in verdict.reasons))
        raise NotMet(f"the filters reject this session: {rules}", remedy="another seed, or a better model")


async def _on_screen(
    plan: SessionPlan,
    world: World,
    models: Models,
    console: Console,
    judged: Callable[[list[Event]], Verdict],
    *,
    reasons: bool,
) -> list[Event]:
    """Plays the session on the whole screen, which stays until somebody leaves it; returns what happened."""
    from simulator.runs.run import Began, Happened, Settled
    from simulator.session.play import play
    from simulator.tui.notes import Opened, Over, Pressed
    from simulator.tui.state import opened
    from simulator.tui.terminal import Terminal
    from simulator.tui.watched_model import watched

    events: list[Event] = []
    async with Terminal(console, opened(Opened("em simulate", world.engagement.bands))) as screen:
        if reasons:
            screen.note(Pressed("r"))
        screen.note(Began(plan))
        playing = watched(models, screen.note, screen.unpaused)
        async with aclosing(play(plan, world, playing)) as session:
            async for event in session:
                events.append(event)
                screen.note(Happened(plan, event))
                await asyncio.sleep(0)  # a model that answers at once must not keep the keys waiting
        screen.note(Settled(plan, judged(events), 0))
        screen.note(Over())
        await screen.left.wait()
    return events


def _printer(console: Console, plan: SessionPlan, reasons: bool) -> Callable[[Event], None]:
    from simulator.tui import lines

    def printed(event: Event) -> None:
        for row in lines.event(event, plan.setting.lead, reasons=reasons):
            console.print(row)

    return printed


def _written(event: Event) -> None:
    """The event as one line of JSON, at once."""
    from simulator.events import EVENT

    sys.stdout.write(EVENT.dump_json(event).decode() + "\n")
    sys.stdout.flush()
