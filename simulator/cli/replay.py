"""em replay"""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options

if TYPE_CHECKING:
    from rich.console import Console

    from simulator.plan.session_plan import AnySession
    from simulator.tui.state import Opened, ViewNote

SPEED = 30.0
"""Simulated seconds a second: a line every second or two, which can be read along."""


@click.command()
@options.run_argument
@click.argument("session")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=SPEED,
    show_default=True,
    metavar="X",
    help="Simulated seconds a second; `inf` shows everything at once.",
)
@click.option("--reasons", is_flag=True, help="Show who was chosen and why, and tries that were refused.")
@options.data_option
@options.world_option
def replay(name: str, session: str, speed: float, reasons: bool, data: Path, world_dir: Path | None) -> None:
    """Replay SESSION of run NAME with its timing; long silences are shortened.

    \b
    Keys: space pauses and continues, arrows step one event back or forward, + and - change the speed, q quits.
    In a pipe: plain lines, at the same pace.
    """
    from simulator.journal.journal import Journal
    from simulator.tui import lines, recording, terminal

    if math.isnan(speed):
        raise click.UsageError("--speed: a number above 0, or inf")
    world = options.loaded(world_dir)
    with Journal.read(data / "runs" / name) as journal:
        shown = recording.load_session(journal, session).session
        first, notes = recording.recorded_notes(journal, world, session, speed=speed)
    console = lines.console()
    if terminal.fits(console) and speed != math.inf:
        asyncio.run(_on_screen(console, first, notes, reasons))
    else:
        asyncio.run(_in_lines(console, shown, notes, speed, reasons))


async def _in_lines(console: Console, session: AnySession, notes: list[ViewNote], speed: float, reasons: bool) -> None:
    from simulator.runs.notes import Happened, NotNeeded, Settled
    from simulator.tui import lines
    from simulator.tui.recording import pause_between

    console.print(lines.heading(session))
    last: ViewNote | None = None
    for note in notes:
        rows = []
        if isinstance(note, Happened):
            await asyncio.sleep(pause_between(last, note, speed))
            last, rows = note, lines.event(note.event, session.setting.lead, reasons=reasons)
        elif isinstance(note, Settled):
            rows = lines.verdict(session.id, note.verdict)
        elif isinstance(note, NotNeeded):
            rows = lines.not_needed(session.id)
        for row in rows:
            console.print(row)
        console.file.flush()


async def _on_screen(console: Console, first: Opened, notes: list[ViewNote], reasons: bool) -> None:
    from simulator.tui.recording import Player
    from simulator.tui.terminal import Terminal

    player = Player(first, notes, reasons=reasons)
    async with Terminal(console, player.state, key=player.key) as screen:
        await player.play(screen)
