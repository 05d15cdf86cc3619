"""The filters on files that anybody hands over, and on the sessions of a run, one document after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from simulator.corpus.filters import Filters
from simulator.corpus.near_duplicates import NearDuplicates
from simulator.corpus.reading import Broken, Text, documents
from simulator.corpus.verdict import Reason, Verdict
from simulator.document import Document, parse_document
from simulator.journal.journal import Journal
from simulator.session.transcript import document


def check(
    paths: Iterable[Path], filters: Filters, twins: NearDuplicates | None = None
) -> Iterator[tuple[str, Verdict]]:
    """(id, verdict) of every document, in the order of the files; see `reading.documents` for what they may hold.

    What cannot be read as a document gets a verdict with the rule `malformed`. A document is a `near-duplicate` of a
    kept one before it; `twins` may know earlier ones. Memory does not grow, apart from `twins`.

    Raises UsageError for a file that cannot be read or is neither kind; before the first verdict where that is known.
    """
    twins = NearDuplicates(filters.style) if twins is None else twins
    for item in documents(paths, filters.style.numbers.max_document_bytes):
        yield item.id, _broken(item) if isinstance(item, Broken) else _read(item, filters, twins)


def kept(journal: Journal, filters: Filters) -> Iterator[tuple[str, Verdict]]:
    """(id, verdict) of every kept session of a run, as the document that it would be exported as.

    What its script expected is left aside: it was held against that when it was made, and a real channel has none.
    """
    twins = NearDuplicates(filters.style)
    for row in journal.sessions("kept"):
        ident = row.session.id
        made = document(row.session.setting, journal.events(ident))
        yield ident, _judged(ident, made, filters, twins)


def _read(item: Text, filters: Filters, twins: NearDuplicates) -> Verdict:
    return _judged(item.id, parse_document(item.text), filters, twins)


def _judged(name: str, document: Document, filters: Filters, twins: NearDuplicates) -> Verdict:
    verdict = filters.judge(document)
    twin = twins.twin(name, document, remember=verdict.keep)
    if twin is None:
        return verdict
    reason = Reason(rule="near-duplicate", message=None, evidence=f"{twin[1]:.0%} like {twin[0]}")
    return Verdict(keep=False, reasons=(*verdict.reasons, reason))


def _broken(item: Broken) -> Verdict:
    return Verdict(keep=False, reasons=(Reason(rule="malformed", message=None, evidence=item.cause),))
