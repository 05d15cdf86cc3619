"""em show"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import options
from simulator.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from simulator.corpus.verdict import Verdict
    from simulator.events import Event
    from simulator.journal.journal import Journal
    from simulator.journal.records import SessionRow
    from simulator.world.world import World


@click.command()
@options.run_argument
@click.argument("session", required=False)
@click.option("--reasons", is_flag=True, help="Show who was chosen and why, and tries that were refused.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["page", "text"]),
    default="page",
    show_default=True,
    help="`text` is the training document, exactly.",
)
@options.json_option
@options.data_option
@options.world_option
def show(
    name: str,
    session: str | None,
    reasons: bool,
    form: str,
    as_json: bool,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Show one SESSION of run NAME: heading, transcript, and the verdict with its evidence at the message it is about.

    Lines that a person edited stand as edited, as in an export. Without SESSION: a table of all sessions. With --json:
    plan, events, edits, calls and verdict in full.
    """
    from simulator.journal.journal import Journal
    from simulator.tui import lines, recording, sanitize

    with Journal.read(data / "runs" / name) as journal:
        if session is None:
            if form == "text":
                raise click.UsageError("--format text: name one session; `em export` writes all documents")
            rows = _table(journal)
            click.echo(sanitize.as_json(rows, indent=2)) if as_json else _print_table(rows, lines.console())
            return
        row = recording.load_session(journal, session)
        if as_json:
            click.echo(sanitize.as_json(_facts(journal, row), indent=2))
        elif form == "text":
            _document(journal, row, options.loaded(world_dir, quiet=True))
        else:
            verdict = recording.recorded_verdict(journal, row)
            events, edits = journal.edited(session), len(journal.edits(session))
            _page(lines.console(), row, events, verdict, edits=edits, reasons=reasons)


def _table(journal: Journal) -> list[dict[str, Any]]:
    said = journal.said()
    found = []
    for row in journal.sessions():
        session, counts = row.session, said.get(row.session.id, {})
        setting, cell = session.setting, session.cell
        messages, by_lead = sum(counts.values()), counts.get(setting.lead, 0)
        found.append(
            {
                "id": session.id,
                "state": row.state,
                "level": setting.engagement,
                "channel": setting.channel,
                "script": f"{cell.pattern}/{session.scenario}",
                "messages": messages,
                "n": max(session.messages, messages),
                "lead": by_lead,
                "k": max(session.lead_messages, by_lead),
                "share": round(by_lead / messages, 4) if messages else None,
                "rules": list(dict.fromkeys(rule for rule, _, _ in journal.reasons(session.id))),
            }
        )
    return found


COLOURS = {"kept": "green", "rejected": "red", "spare": "dim", "open": "yellow"}


def _print_table(rows: list[dict[str, Any]], console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in ("session", "state", "level", "channel", "script", "messages", "lead", "share", "rules"):
        table.add_column(
            column,
            justify="right" if column in ("messages", "lead", "share") else "left",
            no_wrap=column not in ("script", "rules"),
            overflow="fold",
        )
    for row in rows:
        whole = row["messages"] == row["n"]
        table.add_row(
            row["id"],
            Text(row["state"], style=COLOURS[row["state"]]),
            row["level"],
            row["channel"],
            row["script"],
            str(row["n"]) if whole else f"{row['messages']}/{row['n']}",
            f"{row['lead']}/{row['k']}",
            f"{row['share']:.0%}" if row["share"] is not None else "-",
            ", ".join(row["rules"]),
        )
    console.print(table)


def _facts(journal: Journal, row: SessionRow) -> dict[str, Any]:
    from simulator.events import EVENT
    from simulator.tui import recording

    verdict = recording.recorded_verdict(journal, row)
    ident = row.session.id
    return {
        "id": ident,
        "state": row.state,
        "score": row.score,
        "plan": row.session.model_dump(mode="json"),
        "events": [EVENT.dump_python(event, mode="json") for event in journal.events(ident)],
        "edits": [{"message": each.line, "text": each.text, "by": each.person} for each in journal.edits(ident)],
        "calls": [call_facts(call) for call in journal.calls(ident)],
        "verdict": verdict.model_dump(mode="json") if verdict else None,
    }


def call_facts(call: Any) -> Mapping[str, Any]:
    """A model's answer as plain values."""
    reply = call.reply
    return {
        "session": call.session,
        "key": str(call.call_id),
        "purpose": call.purpose,
        "speaker": call.speaker,
        "model": reply.model,
        "text": reply.text,
        "prompt_tokens": reply.usage.prompt,
        "cached_tokens": reply.usage.cached,
        "completion_tokens": reply.usage.completion,
        "billing": reply.billing.value,
        "cost_usd": reply.cost_usd,
        "seconds": round(reply.seconds, 3),
        "attempts": reply.attempts,
    }


def _document(journal: Journal, row: SessionRow, world: World) -> None:
    """Byte for byte where a program reads it; on a terminal nothing in it is a command."""
    import sys

    from simulator.session.transcript import text
    from simulator.tui.sanitize import sanitize

    try:
        made = text(row.session.setting, journal.edited(row.session.id), world.layout)
    except ValueError as error:
        raise UsageError(str(error), place=journal.run.name, remedy="this session is no training document") from None
    click.echo("\n".join(map(sanitize, made.split("\n"))) if sys.stdout.isatty() else made, nl=False)


def _page(
    console: Console, row: SessionRow, events: list[Event], verdict: Verdict | None, *, edits: int, reasons: bool
) -> None:
    """Heading, transcript with the evidence below the message it is about, verdict. `edits`: lines in other words."""
    from rich.text import Text

    from simulator.events import Said
    from simulator.tui import lines

    session, setting = row.session, row.session.setting
    console.print(lines.heading(session))
    about = "; ".join(filter(None, (setting.topic, setting.angle)))
    if about:
        console.print(Text(f"   {about}", style="dim"))
    against = verdict.reasons if verdict else ()
    message = 0
    for event in events:
        for line in lines.event(event, setting.lead, reasons=reasons):
            console.print(line)
        if isinstance(event, Said):
            for found in against:
                if found.message == message:
                    console.print(lines.evidence(found))
            message += 1
    by_lead = sum(isinstance(event, Said) and event.nick == setting.lead for event in events)
    share = f" ({by_lead / message:.0%})" if message else ""
    # A session that nobody planned is not counted until it is over.
    n, k = max(session.messages, message), max(session.lead_messages, by_lead)
    console.print(Text(f"   {message} of {n} messages, {by_lead} of {k} by {setting.lead}{share}", style="dim"))
    if edits:
        edited = "1 message as a person edited it" if edits == 1 else f"{edits} messages as people edited them"
        console.print(Text(f"   {edited}; the originals: --json", style="dim"))
    if verdict is not None:
        for line in lines.verdict(session.id, verdict):
            console.print(line)
    elif row.state == "spare":
        console.print(lines.not_needed(session.id)[0])
    else:
        console.print(Text(f"   open: {session.id}, `em resume` continues it", style="yellow"))
