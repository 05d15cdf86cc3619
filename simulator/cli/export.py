"""em export"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options
from simulator.cli.named_sessions import real_sessions

if TYPE_CHECKING:
    from simulator.corpus.export import ExportRequest
    from simulator.corpus.quality import Quality
    from simulator.document import Document
    from simulator.journal.journal import Journal
    from simulator.world.world import World


@click.command()
@options.run_argument
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder for the files.")
@click.option(
    "--format",
    "formats",
    default="jsonl,txt",
    show_default=True,
    metavar="LIST",
    help="Comma-separated: jsonl, txt, parquet, chatml, sharegpt; dpo and kto: preference data.",
)
@click.option(
    "--pairs",
    metavar="LIST",
    help="Of preference data, comma-separated: groups of policies/preferences.yaml (assistant, solving, character,"
    " repetition), marked, loser. Default: all.",
)
@click.option("--balance", is_flag=True, help="Of preference data: leave pairs out until no side is mostly longer.")
@click.option(
    "--shard-mb",
    type=click.FloatRange(min=0, min_open=True),
    default=500,
    show_default=True,
    metavar="MB",
    help="Size of a parquet file.",
)
@click.option("--actions/--no-actions", default=True, show_default=True, help="/me lines are part of the documents.")
@click.option("--allow-scripted", is_flag=True, help="Export a run whose lines no model wrote, for a dry run.")
@click.option("--opted-in", is_flag=True, help="Of a real channel: the lines of those who said `optin` in it.")
@click.option("--only-nicks", metavar="A,B|FILE", help="Of a real channel: the lines of these, whom you asked.")
@click.option("--allow-imported", is_flag=True, help="Of a real channel: everybody's lines; you asked them all.")
@click.option(
    "--against", multiple=True, metavar="RUN|FILE", help="For the card: sessions of real channels; may be repeated."
)
@options.data_option
@options.world_option
def export(
    name: str,
    out: Path,
    formats: str,
    pairs: str | None,
    balance: bool,
    shard_mb: float,
    actions: bool,
    allow_scripted: bool,
    opted_in: bool,
    only_nicks: str | None,
    allow_imported: bool,
    against: tuple[str, ...],
    data: Path,
    world_dir: Path | None,
) -> None:
    """Write the kept sessions of run NAME as training files.

    em_character_training.jsonl (named by `output` in policies/names.yaml), validation.jsonl, conversation_*.txt,
    generation_progress.json, generation_stats.json and a dataset card.

    dpo and kto write what the run has of lines that did not stand: refused tries, lines that people marked bad, and
    plays that a judge liked less. The prompt is the document up to the line; pairs that are too alike are left out.

    What people said in a real channel belongs to them: --opted-in, --only-nicks (with both, a person in either) or
    --allow-imported is required. A session is cut where somebody who did not agree speaks, is named or is quoted; each
    part of at least 10 messages becomes a document of its own. Who wrote `optout` in the channel is always left out.

    With --against the card says, too, how well a small classifier tells the sessions from those of real channels.
    """
    if allow_imported and (opted_in or only_nicks is not None):
        raise click.UsageError("--allow-imported takes everybody's lines: leave it out, or --opted-in and --only-nicks")
    from simulator.corpus.export import ExportRequest

    request = ExportRequest(
        formats=split_formats(formats),
        allow_scripted=allow_scripted,
        allow_imported=allow_imported,
        opted_in=opted_in,
        only_nicks=_nicks(only_nicks),
        actions=actions,
        pairs=split_formats(pairs) if pairs else (),
        balance=balance,
        shard_bytes=round(shard_mb * 1e6),
    )
    world = options.loaded(world_dir)
    write_export(data / "runs" / name, out, world, request, real_sessions(against, world, data))


def split_formats(given: str) -> tuple[str, ...]:
    """Names of formats, comma-separated."""
    return tuple(name.strip() for name in given.split(","))


def _nicks(given: str | None) -> tuple[str, ...]:
    """Nicks, comma-separated, or one a line in a file. Raises UsageError where that names nobody."""
    from simulator.errors import UsageError

    if given is None:
        return ()
    try:
        text = Path(given).read_text(encoding="utf-8") if Path(given).is_file() else given
    except (OSError, UnicodeDecodeError):
        raise UsageError("cannot be read", place=given, remedy="a text file with one nick a line") from None
    nicks = tuple(nick for nick in text.replace(",", " ").split() if nick)
    if not nicks:
        raise UsageError("names nobody", place="--only-nicks", remedy="write nicks, or a file with one a line")
    return nicks


def write_export(
    folder: Path, out: Path, world: World, request: ExportRequest, against: Sequence[Document] = ()
) -> None:
    """Exports the run in `folder` and says what was written. `against`: sessions of real channels, for the card."""
    from simulator.corpus.export import ExportPolicy, export
    from simulator.journal.journal import Journal

    with Journal.read(folder) as journal:
        if not journal.run.imported:
            request = replace(request, quality=lambda: _measured(journal, world, against))
        policy = ExportPolicy.of(world)
        done = export(journal, out, policy, request)
    note = " (scripted: no language model wrote these lines)" if done.scripted else ""
    click.echo(
        f"{out}: {done.training} training and {done.validation} validation documents, {done.bytes / 1e6:.2f} MB{note}"
    )
    if (made := done.preferences) is not None:
        click.echo(
            f"preference data: {made.pairs} pairs ({made.alike} too alike and {made.unbalanced} unbalanced ones left"
            f" out), {made.good} good and {made.bad} bad lines; words {made.chosen_words} chosen,"
            f" {made.rejected_words} rejected, chosen longer in {made.chosen_longer:.0%}"
        )
    if done.very_small_model:
        every = done.training + done.validation
        click.echo(
            f"{done.very_small_model} of {every} documents read as a very small model writes; they were kept"
            " for want of a better model, and the card says so"
        )


def _measured(journal: Journal, world: World, against: Sequence[Document]) -> Quality:
    from simulator.corpus.quality import measured, quality

    return quality(journal, world, measured(journal, world), against)
