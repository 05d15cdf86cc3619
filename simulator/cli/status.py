"""em status and em runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from simulator.cli import options

STALE = 15
"""Seconds after which a run that says nothing new may be dead."""


@click.command()
@click.argument("name")
@options.json_option
@options.data_option
@options.world_option
def status(name: str, as_json: bool, data: Path, world_dir: Path | None) -> None:
    """How far run NAME is, against its quotas; may be asked while the run is going on."""
    from simulator.corpus import stats
    from simulator.journal.journal import Journal

    world = options.loaded(world_dir, quiet=as_json)
    with Journal.read(data / "runs" / name) as journal:
        facts = stats.status(journal, world.quota)
        activity = journal.activity()
    if activity is not None:
        facts["activity"] = {"line": activity.line, "at": activity.at}
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        show(facts)


def _age(at: str) -> str:
    """How long ago a wall time was, in words; a run that is being played says what it does every few seconds."""
    from datetime import datetime

    from simulator import clock

    seconds = round(clock.wall() - datetime.fromisoformat(at).timestamp())
    if seconds < STALE:
        return "now"
    return f"last heard of {seconds // 60} min ago" if seconds >= 120 else f"last heard of {seconds} s ago"


def show(facts: dict[str, Any]) -> None:
    """A status as tables."""
    from rich.table import Table

    from simulator.journal.records import Goal
    from simulator.tui.lines import console

    out = console()
    wanted = Goal.model_validate(facts["goal"]).told
    out.print(
        f"{facts['run']['name']}: {facts['kept']} kept, {facts['rejected']} rejected, {facts['open']} open,"
        f" {facts['bytes'] / 1e6:.2f} MB; goal {wanted}, {facts['done']:.0%} done"
    )
    if "activity" in facts:
        out.print(f"{_age(facts['activity']['at'])}: {facts['activity']['line']}")
    if facts["scripted"]:
        out.print("scripted: no language model wrote these lines", style="yellow")
    table = Table(box=None, pad_edge=False)
    for column in ("quota", "value", "sessions", "share", "target", ""):
        table.add_column(column, justify="left" if column in ("quota", "value", "") else "right")
    for dimension, values in facts["marginals"].items():
        for number, (value, row) in enumerate(values.items()):
            table.add_row(
                dimension if number == 0 else "",
                value,
                str(row["count"]),
                f"{row['share']:.1%}",
                f"{row['target']:.0%}",
                row["standing"],
            )
    out.print(table)
    for title, counts in (
        ("rejected by rule", facts["rejections"]),
        ("lines sent back by rule", facts["retries"]),
        ("requests that failed", facts["failures"]),
    ):
        if counts:
            out.print(f"{title}: " + ", ".join(f"{rule} {n}" for rule, n in counts.items()))
    for purpose, row in facts["cost"].items():
        dollars = row["dollars"]
        price = f"${dollars:.4f}" if isinstance(dollars, float) else str(dollars or "-")
        out.print(
            f"{purpose}: {row['calls']} calls, {row['prompt_tokens']} prompt tokens ({row['cached_share']:.0%} cached),"
            f" {row['completion_tokens']} completion tokens, {price}"
        )
    out.print(f"next: {facts['next']}")


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
                "model": run.models.people,
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
