"""em status and em runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options

if TYPE_CHECKING:
    from simulator.corpus.facts import Status
    from simulator.journal.records import RecordedActivity, RunCard, RunProgress

STALE = 15
"""Seconds after which a run that says nothing new may be dead."""


@click.command()
@options.run_argument
@options.json_option
@options.data_option
@options.world_option
def status(name: str, as_json: bool, data: Path, world_dir: Path | None) -> None:
    """Show the progress of run NAME against its quotas, also while it is running."""
    from simulator.corpus import stats
    from simulator.journal.journal import Journal

    world = options.loaded(world_dir, quiet=as_json)
    with Journal.read(data / "runs" / name) as journal:
        facts = stats.status(journal, world.quota)
        activity = journal.activity()
    if as_json:
        now = {} if activity is None else {"activity": {"line": activity.line, "at": activity.at}}
        click.echo(json.dumps({**facts.to_json(), **now}, indent=2, ensure_ascii=False))
    else:
        show(facts, activity)


def _age(at: str) -> str:
    """How long ago a wall time was, in words; a run that is being played says what it does every few seconds."""
    from datetime import datetime

    from simulator import clock

    seconds = round(clock.wall() - datetime.fromisoformat(at).timestamp())
    if seconds < STALE:
        return "now"
    return f"last heard of {seconds // 60} min ago" if seconds >= 120 else f"last heard of {seconds} s ago"


def of_the_writers(people: str, lead: str | None) -> str | None:
    """What has to be said of a run whose lines, or the lead's, a very small model writes."""
    from simulator.journal.model_choice import DEFAULT

    if DEFAULT not in (people, lead):
        return None
    return (
        f"{DEFAULT}: a very small model, to show that the program works; sessions that read so are kept for want of a"
        " better one"
    )


def show(facts: Status, activity: RecordedActivity | None = None) -> None:
    """A status as tables, with what the run does at the moment."""
    from rich.table import Table

    from simulator.tui import lines

    out, progress, outcomes = lines.console(), facts.progress, facts.outcomes
    out.print(
        f"{facts.run.name}: {progress.kept} kept, {progress.rejected} rejected and {progress.open} open sessions,"
        f" {lines.size(progress.bytes)} of text; goal {progress.goal.in_words}, {progress.done:.0%} done"
    )
    if activity is not None:
        out.print(f"{_age(activity.at)}: {activity.line}")
    if facts.scripted:
        out.print("scripted: no language model wrote these lines", style="yellow")
    if (note := of_the_writers(facts.run.models.people, facts.run.models.lead)) is not None:
        out.print(note, style="yellow")
    table = Table(box=None, pad_edge=False)
    for column in ("quota", "value", "sessions", "share", "target", ""):
        table.add_column(column, justify="left" if column in ("quota", "value", "") else "right")
    for dimension, values in facts.marginals.items():
        for number, (value, row) in enumerate(values.items()):
            table.add_row(
                dimension if number == 0 else "",
                value,
                str(row.count),
                f"{row.share:.1%}",
                f"{row.target:.0%}",
                row.standing,
            )
    out.print(table)
    for title, counts in (
        ("rejected by rule", outcomes.rejections),
        ("lines refused by rule", outcomes.retries),
        ("requests that failed", outcomes.failures),
    ):
        if counts:
            out.print(f"{title}: " + ", ".join(f"{rule} {n}" for rule, n in counts.items()))
    for purpose, cost in outcomes.cost.items():
        dollars = cost.dollars
        price = f"${dollars:.4f}" if isinstance(dollars, float) else str(dollars or "-")
        out.print(
            f"{purpose}: {cost.calls} calls, {cost.prompt_tokens} prompt tokens ({cost.cached_share:.0%} cached),"
            f" {cost.completion_tokens} completion tokens, {price}"
        )
    out.print(f"next: {progress.next}")


@click.command()
@options.data_option
@options.json_option
def runs(data: Path, as_json: bool) -> None:
    """List the runs."""
    from rich.table import Table

    from simulator.journal.database import FILE
    from simulator.journal.journal import Journal
    from simulator.tui import lines

    found = []
    for path in sorted((data / "runs").glob(f"*/{FILE}")):
        with Journal.read(path.parent) as journal:
            found.append((journal.run, journal.tally()))
    if as_json:
        click.echo(json.dumps([_run_facts(run, tally) for run, tally in found], indent=2))
        return
    if not found:
        click.echo(f"no runs under {data / 'runs'}; begin one with `em generate --run NAME --sessions N`", err=True)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("name", "kind", "goal", "kept", "rejected", "text", "model", "begun"):
        table.add_column(column, justify="right" if column in ("kept", "rejected", "text") else "left", overflow="fold")
    for run, tally in found:
        table.add_row(
            run.name,
            run.kind.value,
            run.goal.in_words,
            str(tally.kept),
            str(tally.rejected),
            lines.size(tally.bytes),
            run.models.people_played_by or run.models.people,
            run.begun[:10],
        )
    lines.console().print(table)


def _run_facts(run: RunCard, tally: RunProgress) -> dict[str, str | int | float | bool]:
    return {
        "name": run.name,
        "kind": run.kind.value,
        "goal": run.goal.in_words,
        "kept": tally.kept,
        "rejected": tally.rejected,
        "megabytes": round(tally.bytes / 1e6, 3),
        "model": run.models.people,
        "scripted": run.scripted,
        "begun": run.begun,
    }
