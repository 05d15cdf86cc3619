"""em runs"""

from __future__ import annotations

import json
from pathlib import Path

import click

from simulator.cli import options


@click.command()
@options.data_option
@options.json_option
def runs(data: Path, as_json: bool) -> None:
    """List the runs."""
    from rich.table import Table

    from simulator.journal.journal import FILE, Journal
    from simulator.tui import lines

    found = []
    for path in sorted((data / "runs").glob(f"*/{FILE}")):
        with Journal.read(path.parent) as journal:
            run, tally = journal.run, journal.tally()
        found.append(
            {
                "name": run.name,
                "goal": run.goal.told,
                "kept": tally.kept,
                "rejected": tally.rejected,
                "megabytes": round(tally.bytes / 1e6, 3),
                "model": run.models["people"],
                "scripted": run.scripted,
                "begun": run.begun,
            }
        )
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    if not found:
        click.echo(f"no runs under {data / 'runs'}; begin one with `em generate --run NAME --sessions N`", err=True)
        return
    table = Table(box=None, pad_edge=False)
    for column in found[0]:
        table.add_column(column, justify="right" if column in ("kept", "rejected", "megabytes") else "left")
    for row in found:
        table.add_row(*(str(value) for value in row.values()))
    lines.console().print(table)
