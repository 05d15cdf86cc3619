"""Is this session nearly the same as an earlier one?

Sessions are compared by their shingles (a few words in a row), of which a sketch of fixed size is kept: on disk from
some ten thousand sessions on, so that memory stays flat.
"""

from __future__ import annotations

from rensa import RMinHash

from simulator.corpus.sketch import shingles, sketch
from simulator.corpus.sketch_index import SketchIndex
from simulator.document import Document
from simulator.line_checks.wording import words_of
from simulator.world.style import StylePolicy

PLACES = 256


class NearDuplicates:
    """All sessions so far, as sketches."""

    def __init__(self, style: StylePolicy) -> None:
        self._shingle = style.numbers.twin_shingle
        self._shelf = SketchIndex(PLACES, style.numbers.twin_similarity)

    def twin(self, id: str, document: Document, *, remember: bool = True) -> tuple[str, float] | None:
        """The earlier session that this one is most like, and how like (estimated share of common shingles).

        None if there is no near-duplicate; then the session is remembered under `id`, unless `remember` is False.
        """
        own = session_sketch(document, self._shingle)
        if own is None:
            return None
        found = self._shelf.nearest(own)
        if found is None and remember:
            self._shelf.add(id, own)
        return found


def session_sketch(document: Document, shingle: int) -> RMinHash | None:
    """Of what is said; not of who says it, so that the same session under other nicks is a twin.

    None for a session with fewer than `shingle` words.
    """
    said = words_of(" ".join(line.text for line in document.messages))
    return sketch(shingles(said, shingle), PLACES)
