"""em world."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import options
from simulator.errors import NotMet

if TYPE_CHECKING:
    from simulator.world.world import World

AXES = ("engagement", "channel", "length", "pattern", "group")


@click.command()
@click.option("--schema", is_flag=True, help="Print the JSON schemas of all files, for editors.")
@click.option(
    "--coverage", is_flag=True, help="Print which scripts serve which cells of the quotas; fails on an empty one."
)
@click.option("--watch", is_flag=True, help="Check again whenever a file changes, and print what changed.")
@options.json_option
@options.world_option
def world(schema: bool, coverage: bool, watch: bool, as_json: bool, world_dir: Path | None) -> None:
    """Validate and describe the content: personas, scenarios, topics, policies."""
    if watch:
        from simulator.cli.world_watch import watch_world

        if schema or coverage or as_json:
            raise click.UsageError("--watch goes with --world alone")
        watch_world(world_dir)
        return
    if schema:
        from simulator.world.schemas import schemas

        click.echo(json.dumps(schemas(), indent=2, ensure_ascii=False))
        return
    found = options.loaded(world_dir, quiet=as_json)
    if coverage:
        _coverage(found, as_json=as_json)
        return
    facts: dict[str, Any] = {
        "digest": found.digest,
        "lead": found.lead.nick,
        "people": len(found.people),
        "passersby": sum(p.role.value == "passerby" for p in found.people),
        "ties": len({frozenset((person.nick, tie.to)) for person in found.personas.values() for tie in person.ties}),
        "scenarios": {
            pattern: sorted(name for name, s in found.scenarios.items() if s.pattern == pattern)
            for pattern in found.quota.patterns
        },
        "natural": sorted(name for name, script in found.scenarios.items() if not script.core),
        "topics": {group: len(topics) for group, topics in found.topics.items()},
        "rules": sorted(found.style.named()),
    }
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    click.echo(f"lead       {facts['lead']}")
    click.echo(f"people     {facts['people']}, {facts['passersby']} of them passing through, {facts['ties']} ties")
    for pattern, names in facts["scenarios"].items():
        natural = len(set(names) & set(facts["natural"]))
        click.echo(f"{pattern:14} {len(names):3} scripts, {natural} of them natural conversations")
    for group, count in facts["topics"].items():
        click.echo(f"{group:14} {count:3} topics")
    click.echo("valid")


def _coverage(found: World, *, as_json: bool) -> None:
    """One row for pattern, level, channel and length; columns are topic groups, numbers are scripts."""
    from rich.table import Table

    from simulator.plan.forecast import coverage
    from simulator.tui.lines import console

    cells = coverage(found)
    if as_json:
        rows = [{**dict(zip(AXES, c.values(), strict=True)), "scripts": names} for c, names in cells.served.items()]
        rows += [{**dict(zip(AXES, cell.values(), strict=True)), "scripts": []} for cell in cells.empty]
        click.echo(json.dumps({"cells": rows, "unused": cells.unused}, indent=1))
    else:
        counts: dict[tuple[str, ...], Counter[str]] = {}
        for cell, names in cells.served.items():
            level, channel, length, pattern, group = cell.values()
            counts.setdefault((pattern, level, channel, length), Counter())[group] = len(names)
        table = Table(box=None, pad_edge=False)
        for column in ("pattern", "level", "channel", "length", *found.quota.topics):
            of_topics = column in found.quota.topics
            table.add_column(column, justify="right" if of_topics else "left", overflow="fold", no_wrap=not of_topics)
        for row, scripts in sorted(counts.items()):
            shown = (str(scripts[g] or "") if g in scripts else "-" for g in found.quota.topics)
            table.add_row(*row, *shown)
        out = console()
        out.print(table)
        out.print("`-`: the group is confined to another channel, or no script serves the cell")
        scripted = len(cells.served)
        out.print(
            f"{scripted} cells served, {len(cells.empty)} empty; fewest scripts in a cell: "
            f"{min(map(len, cells.served.values()))}; scripts without a cell: {', '.join(cells.unused) or 'none'}"
        )
    if cells.empty:
        first = ", ".join(cells.empty[0].values())
        raise NotMet(f"{len(cells.empty)} cells without a script, such as {first}", remedy="write one for them")
