"""em simulate"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options
from simulator.errors import NotMet

if TYPE_CHECKING:
    from simulator.journal.model_choice import ModelChoice
    from simulator.runs.notes import SessionView
    from simulator.runs.request import SessionRequest
    from simulator.world.strict import Length
    from simulator.world.world import World


@click.command()
@click.option("--scenario", metavar="NAME", help="Play this script. Default: any that fits.")
@click.option("--engagement", metavar="LEVEL", help="Level, of those in policies/engagement.yaml.")
@click.option("--channel", metavar="#NAME", help="Channel, of those in policies/quota.yaml.")
@click.option("--length", type=click.Choice(["short", "long"]), help="Short or long. Default: short.")
@click.option(
    "--messages", type=int, metavar="N", help="Number of messages, 10-20 or 80-120. Default: any of that length."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same session.")
@options.model_options
@click.option(
    "--live/--no-live",
    default=None,
    help="Full-screen view, or only the result. Default: line by line, as they are said.",
)
@click.option("--reasons", is_flag=True, help="Show who was chosen and why, and tries that were refused.")
@click.option("--prompts", is_flag=True, help="Show every prompt as it is sent.")
@options.json_option
@options.world_option
def simulate(
    scenario: str | None,
    engagement: str | None,
    channel: str | None,
    length: Length | None,
    messages: int | None,
    seed: int,
    models: ModelChoice,
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
    from simulator.runs.request import SessionRequest
    from simulator.tui import lines, terminal
    from simulator.tui.session_views import JsonView, PrintedView, ScreenSessionView

    if messages is not None and length is not None:
        raise click.UsageError("--messages says how long the session is: leave it out, or --length")
    world = options.loaded(world_dir, quiet=as_json)
    level = options.level(engagement, world) if engagement else None
    request = SessionRequest(seed, models, scenario, level, channel, messages or length)
    console = lines.console()
    view: SessionView
    if as_json:
        view = JsonView()
    elif live and not prompts and terminal.fits(console):
        view = ScreenSessionView(console, reasons=reasons)
    else:
        view = PrintedView(console, at_once=live is not False, reasons=reasons, prompts=prompts)
    play_shown(request, world, view)


def play_shown(request: SessionRequest, world: World, view: SessionView) -> None:
    """Plays one session, shown by `view`. Raises NotMet if the filters reject it."""
    from simulator.runs.service import play_session

    verdict = asyncio.run(play_session(request, world, view)).verdict
    if not verdict.keep:
        rules = ", ".join(dict.fromkeys(reason.rule for reason in verdict.reasons))
        raise NotMet(f"the filters reject this session: {rules}", remedy="another seed, or a better model")
