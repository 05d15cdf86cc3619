"""em log"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options
from simulator.errors import NotMet

if TYPE_CHECKING:
    from rich.text import Text

    from simulator.cli.search import Hit
    from simulator.journal.journal import Journal

PURPOSES = ("people", "lead", "guard", "judge", "retries")


@click.command()
@click.argument("name")
@click.option("--grep", "pattern", metavar="RE", help="Text that matches; RE2 syntax, `(?i)` in front ignores case.")
@click.option("--nick", metavar="N", help="What this nick said, tried, or was asked for.")
@click.option("--rule", metavar="R", help="Verdicts and refused tries by this rule.")
@click.option("--refused", is_flag=True, help="Only tries that the line checks refused.")
@click.option("--purpose", type=click.Choice(PURPOSES), help="Calls of models for this purpose.")
@click.option("--state", type=click.Choice(["kept", "rejected", "spare", "open"]), help="Only sessions in this state.")
@click.option("--session", metavar="S", help="Only this session.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after so many lines.")
@options.json_option
@options.data_option
def log(
    name: str,
    pattern: str | None,
    nick: str | None,
    rule: str | None,
    refused: bool,
    purpose: str | None,
    state: str | None,
    session: str | None,
    limit: int | None,
    as_json: bool,
    data: Path,
) -> None:
    """Search run NAME: one line for each message, or for what --rule, --refused or --purpose ask for.

    A message is shown as session, index among the messages of the document, time, nick and text. All conditions must
    hold. With --json, one object a line. The count goes to stderr; exit code 1 if nothing was found.
    """
    from simulator.cli import search
    from simulator.journal.journal import Journal
    from simulator.tui import lines, sanitize

    if purpose is not None and (rule is not None or refused):
        raise click.UsageError("--purpose asks for calls of models, --rule and --refused for lines: give one of them")
    matches = search.matcher(pattern)
    console, count = lines.console(), search.HitCount()
    with Journal.read(data / "runs" / name) as journal:
        if session is not None:
            search.known(journal, session)
        for hit in _found(journal, rule, refused, purpose, state, session):
            if (nick is not None and hit.nick != nick) or not matches(hit.text):
                continue
            if limit is not None and count.hits == limit:
                count.more = True
                break
            count.add(hit)
            if as_json:
                click.echo(sanitize.as_json(hit.facts))
            else:
                console.print(_row(hit), soft_wrap=True)
    if not count.hits:
        raise NotMet("nothing found", place=name)
    click.echo(str(count), err=True)


def _found(
    journal: Journal, rule: str | None, refused: bool, purpose: str | None, state: str | None, session: str | None
) -> Iterator[Hit]:
    from simulator.cli import search

    if purpose is not None:
        return search.calls(journal, purpose, state, session)
    if refused or rule is not None:
        return search.findings(journal, rule, state, session, tries_only=refused)
    return search.messages(journal, state, session)


def _row(hit: Hit) -> Text:
    """The hit as one line."""
    from rich.text import Text

    from simulator.tui import lines
    from simulator.tui.sanitize import sanitize

    style = lines.LEAD if hit.by_lead else lines.colour(hit.nick)
    place = "-" if hit.message is None else str(hit.message)
    return Text.assemble(
        (f"{hit.session} {place:>3} ", "dim"),
        (f"{sanitize(hit.what)} ", "yellow") if hit.what else "",
        (f"{sanitize(hit.shown)} ", style) if hit.shown else "",
        sanitize(hit.text),
    )
