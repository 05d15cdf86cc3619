"""em mark"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options

if TYPE_CHECKING:
    from simulator.journal.reviews import Reviews


@click.command()
@options.run_argument
@click.argument("session", required=False)
@click.argument("verdict", required=False, type=click.Choice(["bad", "good", "edit", "choose"]))
@click.option("--line", type=click.IntRange(min=0), metavar="N", help="One message, counted from 0 as in `em check`.")
@click.option("--why", default="", help="In your own words.")
@click.option("--text", help="With `edit`: the new words of the --line; the checks of every line are run on them.")
@click.option("--alike", is_flag=True, help="With `edit`: also where the same nick said the same in other sessions.")
@click.option("--undo", is_flag=True, help="Take your marks of SESSION back, or of one --line of it, or your edit.")
@options.person_option
@options.data_option
@options.world_option
def mark(
    name: str,
    session: str | None,
    verdict: str | None,
    line: int | None,
    why: str,
    text: str | None,
    alike: bool,
    undo: bool,
    person: str,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Record your verdict on a session of run NAME; it overrides the filters' and the judge's.

    `em export` leaves out every session that is marked bad, as a whole or in one message, and writes edited lines as
    they were edited; the original stays in the journal. `choose` keeps a spare session for its slot. Works while the
    run is being played. Without SESSION, lists marks and edits. `em review NAME` does the same on a page.
    """
    from simulator.journal.journal import Journal
    from simulator.journal.records import LineEdit, PersonMark
    from simulator.journal.reviews import Reviews

    folder = data / "runs" / name
    if session is None:
        with Journal.read(folder) as journal:
            _list(journal)
        return
    if undo == (verdict is not None):
        raise click.UsageError("say bad, good, edit or choose, or --undo")
    if (verdict == "edit") != (text is not None) or (verdict == "edit" and line is None):
        raise click.UsageError("`edit` needs --line and --text, which nothing else takes")
    with Reviews.open(folder) as journal:
        place = f"{session}{'' if line is None else f' message {line}'}"
        if undo:
            click.echo(f"{session}: {_take_back(journal, session, line, person)} taken back")
        elif verdict == "choose":
            journal.choose(session, person)
            click.echo(f"{session}: kept for its slot")
        elif verdict == "edit" and line is not None and text is not None:
            from simulator.review import editing

            world = options.loaded(world_dir, quiet=True)
            done = editing.edit(journal, world, LineEdit(session, line, text, why, person), alike=alike)
            for changed, index in done.lines:
                click.echo(f"{changed} message {index}: edited")
            for cause in done.left:
                click.echo(f"em: left as it is: {cause}", err=True)
        else:
            journal.mark(PersonMark(session, line, verdict == "good", why, person))
            click.echo(f"{place}: {verdict}")


def _list(journal: Reviews) -> None:
    from simulator.tui.sanitize import sanitize

    for mark in journal.marks():
        place = mark.session if mark.line is None else f"{mark.session} message {mark.line}"
        reason = f": {mark.why}" if mark.why else ""
        click.echo(sanitize(f"{'good' if mark.good else 'bad '} {place}, {mark.person}{reason}"))
    for edit in journal.edits():
        click.echo(sanitize(f"edit {edit.session} message {edit.line}, {edit.person}: {edit.text}"))


def _take_back(journal: Reviews, session: str, line: int | None, person: str) -> str:
    from simulator.review import editing

    marks = journal.unmark(session, line, person)
    edited = [each.line for each in journal.edits(session) if each.person == person and line in (None, each.line)]
    for each in edited:
        editing.restore(journal, session, each, person)
    return f"{marks} marks" + (f" and {len(edited)} edits" if edited else "")
