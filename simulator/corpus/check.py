"""The filters on files that anybody hands over, and on the sessions of a run, one document after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.corpus.filters import Filters
from simulator.corpus.near_duplicates import NearDuplicates
from simulator.corpus.reading import Broken, Text, documents
from simulator.corpus.small_model import SMALL_MODEL
from simulator.corpus.verdict import Reason, Verdict
from simulator.document import Document, parse_document

if TYPE_CHECKING:
    from simulator.journal.journal import Journal


def check(paths: Iterable[Path], filters: Filters, near: NearDuplicates | None = None) -> Iterator[tuple[str, Verdict]]:
    """(id, verdict) of every document, in the order of the files; see `reading.documents` for what they may hold.

    A document whose line says that a very small model wrote it is not blamed for that: whoever made it chose so. What
    cannot be read as a document gets a verdict with the rule `malformed`. A document is a `near-duplicate` of a
    kept one before it; `near` may know earlier ones. Memory does not grow, apart from `near`.

    Raises UsageError for a file that cannot be read or is neither kind; before the first verdict where that is known.
    """
    near = NearDuplicates(filters.style) if near is None else near
    lenient = filters.sparing(frozenset({SMALL_MODEL}))
    for item in documents(paths, filters.style.numbers.max_document_bytes):
        if isinstance(item, Broken):
            yield item.id, _broken(item)
        else:
            yield item.id, _read(item, lenient if _by_small_model(item) else filters, near)


def kept(journal: Journal, filters: Filters) -> Iterator[tuple[str, Verdict]]:
    """(id, verdict) of every kept session of a run, as the document that it would be exported as: with its edits.

    What its script expected is left aside: it was held against that when it was made, and a real channel has none.
    """
    from simulator.session.transcript import document

    near = NearDuplicates(filters.style)
    if journal.run.models.small:
        filters = filters.sparing(frozenset({SMALL_MODEL}))
    for row in journal.sessions("kept"):
        ident = row.session.id
        made = document(row.session.setting, journal.edited(ident), filters.layout)
        yield ident, _judged(ident, made, filters, near)


def _by_small_model(item: Text) -> bool:
    about = item.about
    named = {name for name in (about.get("people_model"), about.get("lead_model")) if isinstance(name, str)}
    if about.get("scripted") is True or not named:
        return about.get("scripted") is True
    from simulator.journal.model_choice import SMALL_MODELS

    return not SMALL_MODELS.isdisjoint(named)


def _read(item: Text, filters: Filters, near: NearDuplicates) -> Verdict:
    return _judged(item.id, parse_document(item.text, filters.layout), filters, near)


def _judged(name: str, document: Document, filters: Filters, near: NearDuplicates) -> Verdict:
    verdict = filters.judge(document)
    found = near.find(name, document, remember=verdict.keep)
    if found is None:
        return verdict
    reason = Reason(rule="near-duplicate", message=None, evidence=f"{found[1]:.0%} like {found[0]}")
    return Verdict(keep=False, reasons=(*verdict.reasons, reason))


def _broken(item: Broken) -> Verdict:
    return Verdict(keep=False, reasons=(Reason(rule="malformed", message=None, evidence=item.cause),))
