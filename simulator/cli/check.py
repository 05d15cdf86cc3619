"""em check"""

from __future__ import annotations

import json
from pathlib import Path

import click

from simulator.cli import options
from simulator.errors import NotMet


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.json_option
@options.world_option
def check(files: tuple[Path, ...], as_json: bool, world_dir: Path | None) -> None:
    """Hold anybody's documents to the filters; no model needed.

    Reads .txt files in the plan's format (one document a file) and .jsonl files with `text` and an optional `id`.
    With --json, exactly one line a document. Exit code 1 if any document is rejected.
    """
    from simulator.cli import lines
    from simulator.corpus.check import check as checked
    from simulator.corpus.filters import Filters

    world = options.loaded(world_dir, quiet=as_json)
    filters = Filters(world.style, world.engagement, world.quota, world.lead.nick)
    console = lines.console()
    kept = rejected = 0
    for ident, verdict in checked(files, filters):
        kept += verdict.keep
        rejected += not verdict.keep
        if as_json:
            reasons = [reason.model_dump() for reason in verdict.reasons]
            click.echo(json.dumps({"id": ident, "keep": verdict.keep, "reasons": reasons}, ensure_ascii=False))
            continue
        console.print(f"{'keep  ' if verdict.keep else 'reject'} {ident}", style="green" if verdict.keep else "red")
        for reason in verdict.reasons:
            where = f" at message {reason.message}" if reason.message is not None else ""
            console.print(f"       {reason.rule}{where}: {reason.evidence}")
    if not as_json:
        console.print(f"{kept} kept, {rejected} rejected")
    if rejected:
        raise NotMet(f"{rejected} of {kept + rejected} documents rejected")
