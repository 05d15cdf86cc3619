"""em gaps"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import options

if TYPE_CHECKING:
    from simulator.gaps.feedback_terms import FeedbackLine, FeedbackReaction
    from simulator.gaps.gap_report import GapReport
    from simulator.gaps.measures import Measure
    from simulator.intervals import Figure

SHOWN = 20
"""Complaints that are shown; --json has all."""
WHOLE = 160
"""Columns of the tables in a pipe."""


@click.command()
@click.argument("what", nargs=-1, required=True, metavar="LOG|RUN…")
@click.option("--against", required=True, metavar="CORPUS",
              help="What the lead was trained on: a run, a folder of `em export`, a .jsonl file.")  # fmt: skip
@click.option("--lead", metavar="NICK", help="The lead's nick in logs. Default: as on the card.")
@click.option("--level", metavar="LEVEL",
              help="Level that was set in logs and imported runs, which do not tell.")  # fmt: skip
@options.log_format_option
@click.option("--patch", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write weights and scenario stubs for the next run, as YAML.")  # fmt: skip
@options.json_option
@options.data_option
@options.world_option
def gaps(
    what: tuple[str, ...],
    against: str,
    lead: str | None,
    level: str | None,
    kind: str,
    patch: Path | None,
    as_json: bool,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Compare the lead's behaviour in a real channel with the brief and the corpus.

    Share by level, assistant habits, answers when addressed, length of lines, complaints and corrections with the line
    that caused them, what the lead does after being told off, topics that people bring and the corpus lacks. Every
    figure has its 95 % interval and n; what the interval does not show is not called a gap.

    --patch proposes new weights for policies/quota.yaml and a script for each gap. Quoted people are p1, p2, …; read
    the file before you pass it on. policies/gaps.yaml says what is looked for. No model is needed.
    """
    from simulator import files
    from simulator.corpus.file_names import Names
    from simulator.evaluate.language import Language
    from simulator.gaps import gap_report, sources
    from simulator.gaps import patch as patches
    from simulator.tui.sanitize import as_json as shown_json

    if patch is not None:
        files.check(patch, files.is_sealed, "--patch")
    world = options.loaded(world_dir, quiet=as_json)
    language = Language(world.evaluation, world.style)
    nick = world.lead.nick
    wish = sources.GapRequest(
        runs=data / "runs",
        lead=nick,
        shown_lead=lead or nick,
        layout=world.layout,
        corpus=Names.of(world.names.output).split(False, ".jsonl"),
        level=options.level(level, world, "--level") if level else None,
        most=world.style.numbers.max_document_bytes,
        format=kind,
    )
    left_out: list[str] = []
    here = sources.talks(what, wish, left_out)
    there = sources.talks([against], wish, left_out)
    found = gap_report.gaps(here, there, world, world.gaps, language)
    _tell_left_out(left_out)
    if patch is not None:
        title = f"em gaps {' '.join(Path(name).name for name in what)} --against {Path(against).name}"
        text = files.sealed(patches.as_yaml(found.patch, title), "# {}")
        files.write(patch, text, files.is_sealed, option="--patch", remedy="name a writable file")
    if as_json:
        click.echo(shown_json(_facts(found), indent=2))
    else:
        _show(found, patch)


def _tell_left_out(left_out: list[str]) -> None:
    from simulator.tui.sanitize import sanitize

    for cause in left_out[:SHOWN]:
        click.echo(f"em: left out: {sanitize(cause)}", err=True)
    if len(left_out) > SHOWN:
        click.echo(f"em: left out: {len(left_out) - SHOWN} more", err=True)


def _facts(found: GapReport) -> dict[str, Any]:
    def size(counted: tuple[int, int, int]) -> dict[str, int]:
        return dict(zip(("sessions", "messages", "lead_messages"), counted, strict=True))

    patch = found.patch
    return {
        "here": size(found.here),
        "corpus": size(found.there),
        "figures": [_row(row) for row in found.rows],
        "human_claims": [
            {
                "source": claim.talk.source,
                "session": claim.talk.id,
                "index": claim.index,
                "words": claim.words,
                "text": claim.talk.messages[claim.index].text,
            }
            for claim in found.human_claims
        ],
        "complaints": [_remark(remark) for remark in found.complaints],
        "praise": [_remark(remark) for remark in found.praise],
        "reaction": {"here": _reaction(found.reaction), "corpus": _reaction(found.reaction_there)},
        "topics": [
            {
                "terms": [asdict(term) for term in topic.terms],
                "here": _figure(topic.here),
                "corpus": _figure(topic.there),
                "sessions": topic.sessions,
                "group": topic.group,
                "messages": [{"source": t.source, "session": t.id, "index": place} for t, place in topic.lines],
            }
            for topic in found.topics
        ],
        "quota": {
            axis.name: {
                key: {"before": axis.before[key], "after": weight, "reasons": list(axis.reasons.get(key, ()))}
                for key, weight in axis.after.items()
            }
            for axis in patch.axes
            if axis.moved
        },
        "scenarios": [stub.path for stub in patch.stubs],
    }


def _row(row: Measure) -> dict[str, Any]:
    return {
        "name": row.name,
        "unit": row.unit,
        "here": _figure(row.here),
        "corpus": _figure(row.there),
        "band": [row.band.least, row.band.most] if row.band else None,
        "finding": row.finding.value,
        "gap": row.gap,
    }


def _remark(remark: FeedbackLine) -> dict[str, Any]:
    return {
        "kind": remark.kind,
        "source": remark.talk.source,
        "session": remark.talk.id,
        "index": remark.index,
        "nick": remark.nick,
        "text": remark.text,
        "words": remark.words,
        "cause": {"index": remark.cause, "text": remark.lead_line},
    }


def _reaction(reaction: FeedbackReaction) -> dict[str, Any]:
    figures = {name: _figure(getattr(reaction, name)) for name in ("before", "after", "change")}
    return {"remarks": reaction.remarks, **figures}


def _figure(found: Figure | None) -> dict[str, float] | None:
    return None if found is None else {name: round(value, 5) for name, value in asdict(found).items()}


def _cell(found: Figure | None, unit: str = "share") -> str:
    """Value, interval and n in few columns; shares in %."""
    if found is None:
        return "-"
    value, low, high = (number * (100 if unit == "share" else 1) for number in (found.value, found.low, found.high))
    return f"{value:.1f} ({low:.1f}..{high:.1f}) {found.n}"


def _show(found: GapReport, patch: Path | None) -> None:
    from rich.table import Table

    from simulator.gaps.patch import figure
    from simulator.tui.lines import console
    from simulator.tui.sanitize import columns, sanitize

    out = console()
    for name, (sessions, messages, lead_messages) in (("here", found.here), ("corpus", found.there)):
        out.print(f"{name}: {sessions} sessions, {messages} messages, {lead_messages} of the lead's")
    table = Table(box=None, pad_edge=False)
    for column in ("% (95 % interval) n", "here", "corpus or band"):
        table.add_column(column, no_wrap=True)
    table.add_column("")
    for row in found.rows:
        against = f"{row.band.least:.0%} to {row.band.most:.0%}" if row.band else _cell(row.there, row.unit)
        style = "red" if row.gap else None
        table.add_row(row.title, _cell(row.here, row.unit), against, row.finding.value, style=style)
    if not out.is_terminal:
        out.width = WHOLE  # a program wants every column whole
    out.print(table)
    for name, reaction in (("here", found.reaction), ("corpus", found.reaction_there)):
        shares = [figure(share) for share in (reaction.before, reaction.after, reaction.change)]
        counted = (
            f"{reaction.remarks} times, the lead's share {shares[0]} before, {shares[1]} after, change {shares[2]}"
        )
        out.print(f"told to talk less, {name}: {counted if reaction.remarks else 'never'}")
    out.print(f"claims to be human: {len(found.human_claims)}", style="red" if found.human_claims else None)
    for claim in found.human_claims[:SHOWN]:
        text = claim.talk.messages[claim.index].text
        place = f"{sanitize(claim.talk.source)}, {sanitize(claim.talk.id)}, message {claim.index}"
        out.print(f"  {place}: {sanitize(text)}")
    out.print(f"complaints: {len(found.complaints)}, praise: {len(found.praise)}")
    for remark in found.complaints[:SHOWN]:
        talk = remark.talk
        out.print(f"  {remark.kind}: {sanitize(talk.source)}, {sanitize(talk.id)}, message {remark.index}")
        out.print(f"    {remark.cause}: <{talk.lead}> {sanitize(remark.lead_line)}")
        out.print(f"    {remark.index}: <{sanitize(remark.nick)}> {sanitize(remark.text)}")
    if len(found.complaints) > SHOWN:
        out.print(f"  … and {len(found.complaints) - SHOWN} more; --json has all")
    if found.topics:
        table = Table(box=None, pad_edge=False)
        for column in ("people bring, corpus lacks", "% of messages", "in the corpus", "sessions", "group"):
            table.add_column(column, no_wrap=column.startswith(("%", "in")))
        for topic in found.topics:
            cells = (_cell(topic.here), _cell(topic.there))
            table.add_row(columns(topic.title), *cells, str(topic.sessions), topic.group or "-")
        out.print(table)
    else:
        out.print("no topic that the corpus lacks")
    proposal = found.patch
    for axis in proposal.axes:
        if axis.moved:
            moves = ", ".join(f"{key} {axis.before[key]:g} to {w:g}" for key, w in axis.after.items()
                              if w != axis.before[key])  # fmt: skip
            out.print(f"proposed weights, {axis.name}: {moves}")
    for stub in proposal.stubs:
        out.print(f"proposed script: {stub.path}")
    if proposal.empty:
        out.print("nothing to change")
    elif patch is None:
        out.print("--patch FILE writes the proposal")
