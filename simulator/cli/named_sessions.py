"""Sessions that a command is given by name: those of a run, or documents of anybody's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from simulator.corpus.reading import Broken
    from simulator.document import Document
    from simulator.world.world import World

Piece = tuple[str, "Document", str | None, str | None]
"""Id, document, topic group, topic."""


def names_a_run(what: tuple[str, ...]) -> bool:
    """Whether NAME|FILES is the name of a run: one word without a slash that does not end like a file of documents."""
    from simulator.corpus.reading import KINDS

    return len(what) == 1 and Path(what[0]).suffix.lower() not in KINDS and Path(what[0]).name == what[0]


def real_sessions(names: Sequence[str], world: World, data: Path) -> list[Document]:
    """The sessions of real channels by names of runs and files; says on stderr what of them cannot be read."""
    broken: list[Broken] = []
    found: list[Document] = []
    for each in names:
        run = names_a_run((each,))
        pieces = run_pieces(data / "runs" / each, world) if run else file_pieces((each,), world, broken)
        found += [document for _, document, _, _ in pieces]
    for fault in broken:
        click.echo(f"em: left out: {fault.cause}", err=True)
    return found


def run_pieces(folder: Path, world: World) -> Iterator[Piece]:
    """The kept sessions of a run, lines as edited."""
    from simulator.journal.journal import Journal
    from simulator.session.transcript import document

    with Journal.read(folder) as journal:
        for row in journal.sessions("kept"):
            session = row.session
            made = document(session.setting, journal.edited(session.id), world.layout)
            yield session.id, made, session.cell.group, session.topic


def file_pieces(paths: tuple[str, ...], world: World, broken: list[Broken]) -> Iterator[Piece]:
    """The documents of files; `broken` gets what is none."""
    from simulator.corpus.reading import Broken, documents
    from simulator.document import parse_document

    for item in documents(map(Path, paths), world.style.numbers.max_document_bytes):
        if isinstance(item, Broken):
            broken.append(item)
            continue
        group, topic = item.about.get("topic_group"), item.about.get("topic")
        yield (
            item.id,
            parse_document(item.text, world.layout),
            group if isinstance(group, str) else None,
            topic if isinstance(topic, str) else None,
        )
