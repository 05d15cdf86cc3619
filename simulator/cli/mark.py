"""em mark"""

from __future__ import annotations

from pathlib import Path

import click

from simulator.cli import options


@click.command()
@click.argument("name")
@click.argument("session", required=False)
@click.argument("verdict", required=False, type=click.Choice(["bad", "good"]))
@click.option("--line", type=click.IntRange(min=0), metavar="N", help="One message, counted from 0 as in `em check`.")
@click.option("--why", default="", help="In your own words.")
@click.option("--undo", is_flag=True, help="Take the marks of SESSION back, or of one --line of it.")
@options.data_option
def mark(
    name: str, session: str | None, verdict: str | None, line: int | None, why: str, undo: bool, data: Path
) -> None:
    """Say what you think of a session of the run NAME: its word beats the filters' and the judge's.

    `em export` leaves out every session that is marked bad, as a whole or in one message. Without SESSION, lists the
    marks.
    """
    from simulator.journal.journal import Journal
    from simulator.journal.records import PersonMark

    folder = data / "runs" / name
    if session is None:
        with Journal.read(folder) as journal:
            for each in journal.marks():
                place = each.session if each.line is None else f"{each.session} message {each.line}"
                click.echo(f"{'good' if each.good else 'bad '} {place}{': ' if each.why else ''}{each.why}")
        return
    if undo == (verdict is not None):
        raise click.UsageError("say bad or good, or --undo")
    with Journal.open(folder) as journal:
        if undo:
            click.echo(f"{session}: {journal.unmark(session, line)} marks taken back")
            return
        journal.mark(PersonMark(session, line, verdict == "good", why))
    click.echo(f"{session}{'' if line is None else f' message {line}'}: {verdict}")
