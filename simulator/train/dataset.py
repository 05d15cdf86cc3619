"""From a corpus on disk to documents that may be trained on; everything that is wrong is said before a model loads."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from simulator import rng
from simulator.corpus.check import check
from simulator.corpus.file_names import STATS, Names
from simulator.corpus.filters import Filters
from simulator.corpus.near_duplicates import NearDuplicates
from simulator.corpus.reading import Text, documents
from simulator.document import HeaderLayout, parse_document
from simulator.errors import ContentError, NotMet, UsageError
from simulator.journal.records import Goal
from simulator.world.policy import QuotaPolicy
from simulator.world.world import World

SHORT_OF = 0.05
"""A share this far from its quota is worth a warning, if it is more than whole documents can explain."""


@dataclass(frozen=True, slots=True)
class Source:
    """One document, as it was written."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a training may use."""

    training: tuple[Source, ...]
    validation: tuple[Source, ...]
    lead: str
    """Nick of the lead."""
    layout: HeaderLayout
    """How its documents begin."""
    digest: str
    """16 hex digits of the training documents' texts, in order."""
    worlds: str
    """Digests of the content that the documents name, joined by commas; `unknown`: they name none."""
    scripted: bool
    rejected: Counter[str]
    """Documents left out by --skip-rejected, by rule."""
    warnings: tuple[str, ...]
    """Lines about the shares of the quota."""


@dataclass(frozen=True, slots=True)
class CorpusRequest:
    """Which documents are trained on."""

    path: Path
    """A folder that `em export` wrote, or a `.jsonl` file."""
    share: float
    """Of the documents that are held out where there is no validation file, in [0, 1]."""
    seed: int
    """Of the choice of those."""
    allow_scripted: bool = False
    """Also documents that no model wrote."""
    skip_rejected: bool = False
    """Leave rejected documents out instead of stopping."""


def read_corpus(request: CorpusRequest, world: World) -> Corpus:
    """The documents that are asked for, each checked by the filters.

    A document is rejected for what `em check` rejects it for, and for being nearly the same as an earlier one, training
    before validation.

    Raises UsageError for a path that is no corpus and for scripted documents unless they are allowed, ContentError for
    rejected documents unless they are skipped, NotMet if none is left.
    """
    path = request.path
    files = _files(path, Names.of(world.names.output))
    filters = Filters(world.style, world.engagement, world.quota, world.lead.nick, world.layout)
    near = NearDuplicates(world.style)
    splits: list[list[Source]] = []
    faults: list[tuple[str, str, str]] = []
    rejected: Counter[str] = Counter()
    worlds: set[str] = set()
    scripted = False
    for file in files:
        split = []
        texts = documents([file], world.style.numbers.max_document_bytes)
        for item, (name, verdict) in zip(texts, check([file], filters, near), strict=True):
            if not isinstance(item, Text) or not verdict.keep:
                reason = verdict.reasons[0]
                faults.append((name, reason.rule, reason.evidence))
                rejected.update({each.rule for each in verdict.reasons})
                continue
            split.append(Source(item.id, item.text))
            scripted |= item.about.get("scripted") is True
            if isinstance(made_of := item.about.get("world"), str):
                worlds.add(made_of)
        splits.append(split)
    if scripted and not request.allow_scripted:
        raise UsageError(
            "holds scripted documents, which no model wrote",
            place=str(path),
            remedy="export a model's run, or say --allow-scripted to train on them for a dry run",
        )
    if faults and not request.skip_rejected:
        name, rule, evidence = faults[0]
        raise ContentError(
            f"{len(faults)} of {len(faults) + sum(map(len, splits))} documents are rejected; the first is {name}:"
            f" {rule} ({evidence})",
            place=str(path),
            remedy=f"see `em check {files[0]}`, mend or remove them, or leave them out with --skip-rejected",
        )
    training, validation = splits if len(splits) == 2 else _split(splits[0], request.share, request.seed)
    if not training:
        raise NotMet("no document is left to train on", place=str(path), remedy="export a larger run")
    return Corpus(
        training=tuple(training),
        validation=tuple(validation),
        lead=world.lead.nick,
        layout=world.layout,
        digest=_digest(training),
        worlds=",".join(sorted(worlds)) or "unknown",
        scripted=scripted,
        rejected=rejected,
        warnings=tuple(_uneven((*training, *validation), _held_to(path, world.quota), world.layout)),
    )


def _files(path: Path, names: Names) -> list[Path]:
    """The training file, and the validation file if there is one."""
    remedy = "name a folder that `em export` wrote, or a .jsonl file"
    if path.is_file():
        if path.suffix != ".jsonl":
            raise UsageError("is not a .jsonl file", place=str(path), remedy=remedy)
        return [path]
    training = path / names.split(False, ".jsonl")
    if not training.is_file():
        cause = f"holds no {training.name}" if path.is_dir() else "no such file or folder"
        raise UsageError(cause, place=str(path), remedy=remedy)
    stats = path / STATS
    try:
        whole = not stats.exists() or json.loads(stats.read_bytes()).get("complete") is True
    except (OSError, ValueError, AttributeError):
        whole = False
    if not whole:
        raise UsageError("is not a whole export", place=str(path), remedy="export the run again")
    validation = path / names.split(True, ".jsonl")
    return [training, validation] if validation.is_file() else [training]


def _split(found: list[Source], share: float, seed: int) -> tuple[list[Source], list[Source]]:
    """`share` of the documents, rounded, by the document's own number; none of a single document."""
    row = sorted(range(len(found)), key=lambda place: rng.number(seed, "validation", found[place].id, place))
    count = min(max(int(share * len(found) + 0.5), 1), len(found) - 1) if share > 0 else 0
    out = set(row[:count])
    return (
        [each for place, each in enumerate(found) if place not in out],
        [each for place, each in enumerate(found) if place in out],
    )


def _digest(sources: Iterable[Source]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for source in sources:
        digest.update(hashlib.blake2b(source.text.encode()).digest())
    return digest.hexdigest()


def _held_to(path: Path, quota: QuotaPolicy) -> QuotaPolicy:
    """The quotas that the documents' run was asked for; where no run is on record, all of them."""
    try:
        goal = json.loads((path / STATS).read_bytes())["run"]["goal"]
        return Goal.model_validate(goal).held_to(quota)
    except (OSError, ValueError, KeyError, TypeError):
        return quota


def _uneven(sources: tuple[Source, ...], quota: QuotaPolicy, layout: HeaderLayout) -> Iterable[str]:
    """A line for each level, channel and length class whose share of the documents is far from the quota's."""
    read = [parse_document(source.text, layout) for source in sources]
    lengths = {name: each.messages for name, each in quota.lengths.items()}
    counted: dict[str, Counter[str]] = {
        "engagement": Counter(d.header.engagement for d in read if d.header),
        "channel": Counter(d.header.channel for d in read if d.header),
        "length": Counter(
            name for d in read for name, (least, most) in lengths.items() if least <= len(d.messages) <= most
        ),
    }
    wanted: dict[str, Mapping[str, float]] = {
        "engagement": dict(quota.engagement),
        "channel": dict(quota.channels),
        "length": {name: each.share for name, each in quota.lengths.items()},
    }
    for axis, shares in wanted.items():
        for value, share in shares.items():
            count = counted[axis][value]
            off = abs(count - share * len(sources))
            if off > 2 and off > SHORT_OF * len(sources):
                yield f"{axis} {value}: {count} of {len(sources)} documents, the quota wants {100 * share:g} %"
