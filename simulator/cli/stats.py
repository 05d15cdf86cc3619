"""em stats"""

from __future__ import annotations

import json
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options
from simulator.cli.named_sessions import file_pieces, names_a_run, real_sessions, run_pieces
from simulator.errors import NotMet, UsageError

if TYPE_CHECKING:
    from simulator.corpus.diversity import DiversityFacts
    from simulator.corpus.phrase_budget import Opening, Phrase
    from simulator.corpus.quality import Quality
    from simulator.corpus.reading import Broken
    from simulator.corpus.realism import RealismFacts, StatisticRange
    from simulator.world.realism_reference import Reference
    from simulator.world.world import World

PHRASES = 10
"""So many are shown; --json has more."""


@click.command()
@click.argument("what", nargs=-1, required=True, metavar="NAME|FILES…")
@click.option("--realism", is_flag=True, help="Turn-taking against real channels instead. Exit code 1 if it is off.")
@click.option("--quality", is_flag=True, help="The data card's measures of a run, and the machine against people.")
@click.option(
    "--against", multiple=True, metavar="RUN|FILE", help="With --quality: sessions of real channels; may be repeated."
)
@options.json_option
@options.data_option
@options.world_option
def stats(
    what: tuple[str, ...],
    realism: bool,
    quality: bool,
    against: tuple[str, ...],
    as_json: bool,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Measure how varied, and with --realism how lifelike, the sessions of a run or other documents are.

    NAME is a run, of which the kept sessions count. FILES are .txt files in the brief's format (one document a file)
    and .jsonl files with `text`, and perhaps `id`, `topic_group` and `topic`. No model is needed.

    \b
    Without --realism: near-duplicate messages and sessions, distinct words, self-similarity, openings, recurring
    phrases, balance of nicks and topics. What goes beyond policies/realism.yaml is marked OVER.
    With --quality: what a data card says, with intervals. --against names imported runs or documents of real channels,
    from which a small classifier tries to tell the sessions apart.
    With --realism: exit code 1 if more statistics than it allows lie outside the range of real channels.
    """
    from simulator.corpus.diversity import Diversity
    from simulator.corpus.facts import to_json
    from simulator.corpus.realism import Realism, RealismFacts

    world = options.loaded(world_dir, quiet=as_json)
    if against and not quality:
        raise click.UsageError("--against belongs to --quality")
    if quality:
        if realism or not names_a_run(what):
            raise click.UsageError("--quality is of one run, and without --realism")
        _quality(what[0], against, world, data, as_json=as_json)
        return
    figures = world.realism
    broken: list[Broken] = []
    pieces = run_pieces(data / "runs" / what[0], world) if names_a_run(what) else file_pieces(what, world, broken)
    facts: RealismFacts | DiversityFacts
    if realism:
        measured = Realism()
        for _, document, _, _ in pieces:
            measured.add(document)
        facts = measured.table(figures)
    else:
        diversity = Diversity(world.style, world.lead.nick, figures.habits)
        for id, document, group, topic in pieces:
            diversity.add(id, document, group=group, topic=topic)
        finished = not names_a_run(what) or _finished(data / "runs" / what[0])
        facts = diversity.table(world.quota.topics, finished=finished)
    for fault in broken:
        click.echo(f"em: left out: {fault.cause}", err=True)
    if not facts.sessions:
        raise UsageError("no session to measure", place=what[0], remedy="name a run with kept sessions, or documents")
    if as_json:
        click.echo(json.dumps(to_json(facts), indent=2, ensure_ascii=False))
    elif isinstance(facts, RealismFacts):
        _show_realism(facts)
    else:
        _show_diversity(facts, figures)
    if isinstance(facts, RealismFacts):
        _hold(facts, what[0])


def _quality(name: str, against: tuple[str, ...], world: World, data: Path, *, as_json: bool) -> None:
    """Prints the measures of a data card."""
    from simulator.corpus.facts import to_json
    from simulator.corpus.quality import measured, quality
    from simulator.journal.journal import Journal

    real = real_sessions(against, world, data)
    with Journal.read(data / "runs" / name) as journal:
        of = measured(journal, world)
        if not of.documents:
            raise UsageError("no session to measure", place=name, remedy="name a run with kept sessions")
        found = quality(journal, world, of, real)
    if as_json:
        click.echo(json.dumps({**to_json(found), "patch": found.machine.patch}, indent=2, ensure_ascii=False))
    else:
        _show_quality(found)


def _show_quality(found: Quality) -> None:
    """The measures as tables."""
    from rich.table import Table

    from simulator.corpus.quality import rows, with_interval
    from simulator.tui.lines import console

    out, table = console(), Table(box=None, pad_edge=False)
    out.print(f"{found.sessions} sessions; text in blocks of {found.text.words} words")
    for column in ("measure", "value", "95 % interval", "n"):
        table.add_column(column, justify="left" if column == "measure" else "right")
    for row in rows(found):
        table.add_row(*row)
    out.print(table)
    if found.separability:
        for view, seen in found.separability.views.items():
            for side, grams in (("ours", seen.ours), ("real", seen.real)):
                line = f"told by {view}, {side}: {'  '.join(map(repr, grams))}"
                out.print(line, markup=False, highlight=False)
    machine = found.machine
    if machine.rules:
        out.print(f"the machine against people: {machine.judged} sessions judged, {machine.bad} rejected")
        table = Table("rule", "of", "right when against", "finds of what people reject", box=None, pad_edge=False)
        for each in machine.rules:
            table.add_row(each.rule, each.kind, with_interval(each.precision), with_interval(each.recall))
        out.print(table)
    if machine.patch:
        out.print(machine.patch, markup=False, highlight=False)


def _finished(folder: Path) -> bool:
    from simulator.journal.journal import Journal

    with Journal.read(folder) as journal:
        return journal.run.goal.done(journal.tally()) >= 1


def _hold(facts: RealismFacts, place: str) -> None:
    if not facts.windows[15]:
        raise UsageError("no session has 15 messages", place=place, remedy="there is no turn-taking to measure")
    if facts.outside > facts.allowed:
        raise NotMet(
            f"{facts.outside} statistics outside the range of real channels, {facts.allowed} are allowed",
            place=place,
            remedy="adjust the weights in policies/turns.yaml",
        )


def _show_realism(facts: RealismFacts) -> None:
    """The statistics as a table."""
    from rich.table import Table

    from simulator.corpus.realism import FEW_WINDOWS
    from simulator.tui.lines import console

    out = console()
    windows = facts.windows
    out.print(
        f"{facts.sessions} sessions, {facts.messages} messages, windows: {windows[15]} of 15, {windows[100]} of 100"
    )
    if windows[15] < FEW_WINDOWS:
        out.print(f"{windows[15]} windows of 15 are few: the figures are loose", style="yellow")
    table = Table(box=None, pad_edge=False)
    for column in ("turn-taking", "here", "real", "5 %", "95 %", ""):
        table.add_column(column, justify="left" if column in ("turn-taking", "") else "right")
    for row in facts.turn_taking:
        verdict = "-" if row.inside is None else "inside" if row.inside else "OUTSIDE"
        table.add_row(*_figures(row), verdict, style="red" if verdict == "OUTSIDE" else None)
    out.print(table)
    out.print(
        f"{facts.inside} inside, {facts.outside} outside, {facts.not_measured} not measured;"
        f" {facts.allowed} may be outside"
    )
    distance = facts.reply_distance
    table = Table(box=None, pad_edge=False)
    for column in ("reply distance", "25 %", "50 %", "75 %", "95 %", "real", "never"):
        table.add_column(column, justify="left" if column == "reply distance" else "right")
    for name, title in (("back", "back to what is answered"), ("answer", "on to the answer")):
        reply = distance[name]
        real = "/".join(f"{value:g}" for value in reply.reference)
        quarters = [_number(value, "d") for value in (reply.p25, reply.p50, reply.p75, reply.p95)]
        table.add_row(title, *quarters, real, _number(reply.never, ".1%"))
    out.print(table)
    table = Table(box=None, pad_edge=False)
    for column in ("form, for comparison", "here", "real", "5 %", "95 %"):
        table.add_column(column, justify="left" if column == "form, for comparison" else "right")
    for row in facts.form:
        table.add_row(*_figures(row))
    out.print(table)


def _show_diversity(facts: DiversityFacts, figures: Reference) -> None:
    """The facts as tables."""
    from rich.table import Table

    from simulator.tui.lines import console

    out, variety = console(), figures.variety
    out.print(f"{facts.sessions} sessions, {facts.messages} messages, {facts.words} words")
    sessions, messages = facts.near_duplicates.sessions, facts.near_duplicates.messages
    table = Table(box=None, pad_edge=False)
    for column in ("repetition", "here", "real"):
        table.add_column(column, justify="left" if column == "repetition" else "right")
    table.add_row("near-duplicate sessions", _number(sessions.share, ".2%"), "")
    for who, repeated in (("lead", messages.share_of_lead), ("people", messages.share_of_people)):
        share = _number(repeated, ".2%")
        table.add_row(f"near-duplicate messages, {who}", share, f"{variety.near_duplicate_messages:.2%}")
    blocks, whole = facts.distinct.blocks, facts.distinct.whole
    for length, real in variety.distinct.items():
        table.add_row(f"distinct-{length} in {blocks.words} words", _number(blocks.shares[length], ".3f"), f"{real:g}")
    for size, in_all in whole.items():
        table.add_row(f"distinct-{size} in all", _number(in_all, ".3f"), "")
    likeness = facts.self_similarity.mean
    table.add_row("self-similarity of sessions", _number(likeness, ".3f"), f"{variety.self_similarity:g}")
    out.print(table)
    for text in messages.most_repeated:
        out.print(f"  said {'once' if text.times == 1 else f'{text.times} times'} more: {text.text}")
    table = Table(box=None, pad_edge=False)
    for column in ("openings", "of the lead", "of people"):
        table.add_column(column)
    for length, limit in figures.habits.opening.items():
        cells = [
            ", ".join(f"{row.opening} {row.share:.1%}{_over(row)}" for row in facts.openings[who][length])
            for who in ("lead", "people")
        ]
        table.add_row(f"{length} word{'s' if length > 1 else ''}, limit {limit:.0%}", *cells)
    out.print(table)
    limit = figures.habits.phrase_per_1000
    table = Table(box=None, pad_edge=False)
    for column in (f"phrases of the lead in 1000 messages, limit {limit:g}", "of people"):
        table.add_column(column)
    phrases = [
        [f"{row.phrase} {row.per_1000:g}{_over(row)}" for row in facts.phrases[who][:PHRASES]]
        for who in ("lead", "people")
    ]
    for of_lead, of_people in zip_longest(*phrases, fillvalue=""):
        table.add_row(of_lead, of_people)
    out.print(table)
    nicks = facts.nicks
    talkers = ", ".join(f"{nick} {share or 0:.1%}" for nick, share in list(nicks.shares.items())[:5])
    out.print(
        f"nicks: {nicks.people} people, Gini {_number(nicks.gini, '.2f')}, most: {talkers};"
        f" the lead has {_number(nicks.lead_share, '.1%')} of all messages"
    )
    if facts.topics is None:
        return
    table = Table(box=None, pad_edge=False)
    for column in ("topics", "sessions", "share", "target", ""):
        table.add_column(column, justify="left" if column in ("topics", "") else "right")
    for name, row in facts.topics.groups.items():
        table.add_row(name, str(row.count), _number(row.share, ".1%"), f"{row.target:.0%}", row.standing)
    out.print(table)
    used = ", ".join(f"{topic.topic} {topic.sessions}" for topic in facts.topics.most_used[:3])
    out.print(f"{facts.topics.different} different topics; most used: {used}")


def _figures(row: StatisticRange) -> tuple[str, ...]:
    return (row.statistic, *(_number(value, ".3f") for value in (row.value, row.p50, row.p5, row.p95)))


def _number(value: float | None, shape: str) -> str:
    return "-" if value is None else format(value, shape)


def _over(row: Opening | Phrase) -> str:
    return " OVER" if row.over else ""
