"""From a run to the files that a trainer reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from simulator.corpus import card, example, split, stats
from simulator.corpus.formats import FORMATS, NAMES, Document, Names, owned, require
from simulator.corpus.staging import staged
from simulator.errors import NotMet, UsageError
from simulator.journal.journal import Journal
from simulator.world.policy import EngagementPolicy, QuotaPolicy


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    folder: Path
    training: int
    """Documents."""
    validation: int
    bytes: int
    """Of text in all documents."""
    files: tuple[str, ...]
    """Names of the data files, conversations left out."""
    scripted: bool


def export(
    journal: Journal,
    out: Path,
    *,
    quota: QuotaPolicy,
    engagement: EngagementPolicy,
    formats: Sequence[str] = ("jsonl", "txt"),
    allow_scripted: bool = False,
    allow_imported: bool = False,
    actions: bool = False,
    names: Names = NAMES,
    steps: stats.Steps = stats.STEPS,
) -> Exported:
    """Writes every kept session of a run, in the order of the run, to `out`; again, if they are there.

    The same sessions give the same bytes in every file but the one that tells the time (`names.progress`). Files of a
    format that is not asked for stay as they are. /me lines are part of the documents only with `actions`.

    Raises UsageError for an unknown format, for a scripted run without `allow_scripted` and for one made from logs
    without `allow_imported`, NotMet if no session was kept, StorageError if the folder cannot be written; then nothing
    in it has changed.
    """
    formats = tuple(dict.fromkeys(formats))
    require(formats)
    run, scripted = journal.run, stats.scripted(journal)
    if scripted and not allow_scripted:
        raise UsageError(
            "the lines of this run are scripted, not written by a model",
            place=run.name,
            remedy="use a model, or say --allow-scripted to export it for a dry run",
        )
    if run.imported and not allow_imported:
        raise UsageError(
            "real people wrote the lines of this run",
            place=run.name,
            remedy="ask them, then say --allow-imported to make training data of what they said",
        )
    strata = [split.stratum(row.plan) for row in journal.sessions("kept")]
    if not strata:
        raise NotMet("no session was kept, nothing to export", place=run.name, remedy=f"try `em resume {run.name}`")
    ids = {stratum[-1] for stratum in strata}
    held_out = split.validation(strata, quota.validation_share, run.seed)

    marginals, shares, lengths = stats.Marginals(), stats.LeadShares(engagement), stats.MessageLengths()
    size, lead = 0, ""
    with staged(out, last=names.stats, stale=lambda name: owned(name, formats, names)) as folder:
        with ExitStack() as writers:
            writing = [writers.enter_context(closing(FORMATS[name].open(folder, names))) for name in formats]
            for row in journal.sessions("kept"):
                if row.plan.id not in ids:  # kept since the split was drawn: part of the next export
                    continue
                plan, events = row.plan, journal.events(row.plan.id)
                made = example.example(plan, events, run, actions=actions, scripted=scripted)
                said, lead = example.lines(plan, events, actions), plan.lead
                for writer in writing:
                    writer.add(Document(made, said, lead, plan.id in held_out))
                marginals.add(plan)
                shares.add(made)
                lengths.add(said, lead)
                size += len(made.text.encode())
        files = dict(_files(folder, names))
        facts = {
            "run": stats.card(run),
            "scripted": scripted,
            "imported": run.imported,
            "actions": actions,
            "documents": {"training": len(ids) - len(held_out), "validation": len(held_out)},
            "bytes": size,
            "marginals": marginals.table(quota),
            "lead_share": shares.table(),
            "message_lengths": lengths.table(),
            **stats.outcomes(journal),
            "files": files,
            "complete": True,
        }
        readme = card.card(facts, lead, formats, names)
        (folder / names.card).write_text(readme, encoding="utf-8", newline="\n")
        _write(folder / names.progress, stats.progress(journal, steps))
        _write(folder / names.stats, facts)
    return Exported(out, len(ids) - len(held_out), len(held_out), size, tuple(files), scripted)


def _files(folder: Path, names: Names) -> Iterator[tuple[str, dict[str, int | str]]]:
    """Size and digest of the data files, so that a copy can be checked; conversations repeat what these hold."""
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(names.conversation):
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            yield path.name, {"bytes": path.stat().st_size, "sha256": digest}


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
