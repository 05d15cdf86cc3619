"""em review"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options

if TYPE_CHECKING:
    from simulator.journal.model_choice import ModelChoice
    from simulator.world.world import World


@click.command()
@options.run_argument
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="On 127.0.0.1. Default: one that is free.")
@click.option("--no-browser", is_flag=True, help="Print the address and open nothing.")
@options.person_option
@options.model_options
@options.data_option
@options.world_option
def review(
    name: str,
    port: int,
    no_browser: bool,
    person: str,
    models: ModelChoice,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Read, judge and mend the sessions of run NAME on a page of this machine.

    One session at a time as an IRC client shows it, with what filters, guard and judge say at each line: keep, reject,
    mark a line bad, edit it in place, undo, search; all by key (`?` lists them). Works while the run is being played.
    With --model a line can be asked for again, and a session played on from any line. Ctrl-C ends it.
    """
    world = options.loaded(world_dir)
    wanted = models if models.model_fields_set & {"people", "lead"} else None
    asyncio.run(_serve(data / "runs" / name, world, person, wanted, port, browser=not no_browser))


async def _serve(
    folder: Path, world: World, person: str, choice: ModelChoice | None, port: int, *, browser: bool
) -> None:
    """Serves the page until the program is interrupted."""
    import webbrowser

    from simulator.review.desk import Desk
    from simulator.review.server import served

    models = None
    if choice is not None:
        from simulator.runs.opening import open_choice

        models = await open_choice(choice.with_defaults().model_copy(update={"judge": None}), world, 1)
    desk = Desk(folder, world, person, models)
    try:
        async with served(desk, port) as address:
            click.echo(f"em review: {address} (Ctrl-C ends it)", err=True)
            if browser:
                webbrowser.open(address)
            await asyncio.Event().wait()
    finally:
        await desk.close()
        if models is not None:
            await models.aclose()
