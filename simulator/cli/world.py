"""em world"""

from __future__ import annotations

import json
from pathlib import Path

import click

from simulator.cli import options


@click.command()
@click.option("--schema", is_flag=True, help="Print the JSON schemas of all files, for editors.")
@options.json_option
@options.world_option
def world(schema: bool, as_json: bool, world_dir: Path | None) -> None:
    """Validate and describe the content: personas, scenarios, topics, policies."""
    if schema:
        from simulator.world.load import schemas

        click.echo(json.dumps(schemas(), indent=2, ensure_ascii=False))
        return
    found = options.loaded(world_dir, quiet=as_json)
    facts = {
        "digest": found.digest,
        "lead": found.lead.nick,
        "people": len(found.people),
        "passersby": sum(p.role.value == "passerby" for p in found.people),
        "ties": found.ties.number_of_edges(),
        "scenarios": {
            pattern: sorted(name for name, s in found.scenarios.items() if s.pattern == pattern)
            for pattern in found.quota.patterns
        },
        "topics": {group: len(topics) for group, topics in found.topics.items()},
        "rules": sorted(found.style.named()),
    }
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    click.echo(f"lead       {facts['lead']}")
    click.echo(f"people     {facts['people']}, {facts['passersby']} of them passing through, {facts['ties']} ties")
    for pattern, names in facts["scenarios"].items():
        click.echo(f"{pattern:14} {len(names):3} scripts")
    for group, count in facts["topics"].items():
        click.echo(f"{group:14} {count:3} topics")
    click.echo("valid")
