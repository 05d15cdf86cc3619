"""em init"""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Copy the shipped world into FOLDER for editing; play it with --world FOLDER, or from inside the folder."""
    from simulator.world import load

    for part in load.copy(folder):
        click.echo(part)
