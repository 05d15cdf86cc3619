"""em write"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options
from simulator.errors import NotMet

if TYPE_CHECKING:
    from simulator.world.world import World

STATES = {"kept": "kept", "faults": "with faults", "unwritten": "not written yet", "missing": "missing"}
"""What became of a sheet, in words for the user."""


@click.command()
@click.argument("name")
@click.option("--sessions", type=click.IntRange(min=1), metavar="N", help="Sheets to write, all together.")
@click.option("--length", type=click.Choice(["short", "long"]), help="Only sessions of this length. Default: both.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed plans the same sessions.")
@click.option("--check", is_flag=True, help="Check the sheets and record those that are whole.")
@click.option(
    "--sheets", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Default: data/sheets/NAME."
)
@options.data_option
@options.world_option
def write(
    name: str,
    sessions: int | None,
    length: str | None,
    seed: int,
    check: bool,
    sheets: Path | None,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Write sessions by hand: a text file for each, with who speaks when, what about, and everybody's card.

    Fill in the words in any editor. --check holds the sheets to the budget, the script and all filters, names the line
    of each fault, and records what is whole as the run NAME, which is exported like any other.
    """
    folder, sheets = data / "runs" / name, sheets or data / "sheets" / name
    if check == (sessions is not None):
        raise click.UsageError("give --sessions N to make sheets, or --check to check them")
    world = options.loaded(world_dir)
    if sessions is None:
        _check(folder, sheets, world)
        return
    from simulator.cli.generate import read_goal
    from simulator.runs.handwriting import SheetRequest, write_sheets

    goal = read_goal(sessions=sessions, target_mb=None, length=length, oversample=1.0)
    made = asyncio.run(write_sheets(SheetRequest(folder, sheets, name, goal, seed), world))
    click.echo(f"{len(made)} sheets in {sheets}; then: em write {name} --check")


def _check(folder: Path, sheets: Path, world: World) -> None:
    """Prints every fault, then the counts. Raises NotMet where a sheet has one."""
    from simulator.runs.handwriting import check_sheets

    states: Counter[str] = Counter()
    for report in check_sheets(folder, sheets, world):
        states[report.state] += 1
        for fault in report.faults:
            click.echo(fault)
    click.echo("sheets: " + ", ".join(f"{states[state]} {words}" for state, words in STATES.items()))
    if states["faults"] or states["missing"]:
        raise NotMet(f"{states['faults'] + states['missing']} sheets have faults", remedy="mend them and check again")
