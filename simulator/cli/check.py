"""em check"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options
from simulator.errors import NotMet

if TYPE_CHECKING:
    from simulator.corpus.filters import Filters
    from simulator.corpus.verdict import Verdict


@click.command()
@click.argument("what", nargs=-1, required=True, metavar="NAME|FILES…")
@options.json_option
@options.data_option
@options.world_option
def check(what: tuple[str, ...], as_json: bool, data: Path, world_dir: Path | None) -> None:
    """Run the filters on any documents; no model needed.

    NAME is a run, also of a real channel: its kept sessions. FILES are .txt files in the brief's format (one document a
    file) and .jsonl files with `text` and an optional `id`. With --json, exactly one line a document. Exit code 1 if
    any document is rejected.
    """
    from simulator.corpus.filters import Filters
    from simulator.tui.printing import say

    world = options.loaded(world_dir, quiet=as_json)
    filters = Filters(world.style, world.engagement, world.quota, world.lead.nick, world.layout)
    kept = rejected = 0
    rules: Counter[str] = Counter()
    for ident, verdict in _verdicts(what, data, filters):
        kept += verdict.keep
        rejected += not verdict.keep
        rules.update(list(dict.fromkeys(reason.rule for reason in verdict.reasons)))
        if as_json:
            reasons = [reason.model_dump() for reason in verdict.reasons]
            click.echo(json.dumps({"id": ident, "keep": verdict.keep, "reasons": reasons}, ensure_ascii=False))
            continue
        say(f"{'keep  ' if verdict.keep else 'reject'} {ident}", "green" if verdict.keep else "red")
        for reason in verdict.reasons:
            where = f" at message {reason.message}" if reason.message is not None else ""
            say(f"       {reason.rule}{where}" + (f": {reason.evidence}" if reason.evidence else ""))
    if not as_json:
        by_rule = ", ".join(f"{rule} {count}" for rule, count in rules.most_common())
        say(f"{kept} kept, {rejected} rejected" + (f": {by_rule}" if by_rule else ""))
    if rejected:
        raise NotMet(f"{rejected} of {kept + rejected} documents rejected")


def _verdicts(what: tuple[str, ...], data: Path, filters: Filters) -> Iterator[tuple[str, Verdict]]:
    from simulator.cli.named_sessions import names_a_run
    from simulator.corpus import check as checks

    if not names_a_run(what):
        yield from checks.check(map(Path, what), filters)
        return
    from simulator.journal.journal import Journal

    with Journal.read(data / "runs" / what[0]) as journal:
        yield from checks.kept(journal, filters)
