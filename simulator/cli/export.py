"""em export"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options

if TYPE_CHECKING:
    from simulator.corpus.stats import Steps


@click.command()
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder for the files.")
@click.option(
    "--format",
    "formats",
    default="jsonl,txt",
    show_default=True,
    metavar="LIST",
    help="Comma-separated: jsonl, txt, parquet, chatml, sharegpt.",
)
@click.option("--actions", is_flag=True, help="Keep /me lines in the documents.")
@click.option("--allow-scripted", is_flag=True, help="Export a run whose lines no model wrote, for a dry run.")
@click.option("--allow-imported", is_flag=True, help="Export what real people said in a channel, by their leave.")
@options.data_option
@options.world_option
def export(
    name: str,
    out: Path,
    formats: str,
    actions: bool,
    allow_scripted: bool,
    allow_imported: bool,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Write the kept sessions of run NAME as training files.

    em_character_training.jsonl, validation.jsonl, conversation_*.txt, generation_progress.json, generation_stats.json
    and a dataset card.
    """
    write(
        data / "runs" / name, out, formats.split(","), actions, allow_scripted, world_dir, allow_imported=allow_imported
    )


def write(
    folder: Path,
    out: Path,
    formats: list[str],
    actions: bool,
    allow_scripted: bool,
    world_dir: Path | None,
    steps: Steps | None = None,
    *,
    allow_imported: bool = False,
) -> None:
    """Exports the run in `folder` and says what was written. `steps`: what the progress file says to type next."""
    from simulator.corpus.export import export as exported
    from simulator.corpus.stats import STEPS
    from simulator.journal.journal import Journal

    world = options.loaded(world_dir)
    with Journal.read(folder) as journal:
        done = exported(
            journal,
            out,
            quota=world.quota,
            engagement=world.engagement,
            formats=[f.strip() for f in formats],
            allow_scripted=allow_scripted,
            allow_imported=allow_imported,
            actions=actions,
            steps=steps or STEPS,
        )
    note = " (scripted: no language model wrote these lines)" if done.scripted else ""
    click.echo(
        f"{out}: {done.training} training and {done.validation} validation documents, {done.bytes / 1e6:.2f} MB{note}"
    )
