"""Is this session nearly the same as an earlier one?

Sessions are compared by their shingles (a few words in a row). Of each session a sketch of fixed size is kept: shingles
are dealt into bins by their hash, and each bin remembers the smallest hash that fell into it (one-permutation MinHash,
Li, Owen and Zhang 2012). Two sketches agree in about as many bins as the shingle sets have in common (Jaccard). Bins
are also looked up in threes, so that only sessions that may be twins are compared at all.

Memory is about 2.5 kB a session, whatever its length, and no hash depends on the process.
"""

from __future__ import annotations

from array import array
from zlib import crc32

from simulator.manners.words import words_of
from simulator.screen import Document
from simulator.world.style import StylePolicy

BINS = 63
"""The similarity is estimated to within about 6 %."""
BAND = 3
"""Bins that are looked up together: a pair with similarity 0.5 is found with 94 %, one with 0.6 with 99 %."""
EMPTY = 0xFFFFFFFF


class NearDuplicates:
    """All sessions so far, as sketches."""

    def __init__(self, style: StylePolicy) -> None:
        self._shingle, self._similarity = style.numbers.twin_shingle, style.numbers.twin_similarity
        self._ids: list[str] = []
        self._sketches: list[array[int]] = []
        self._bands: list[dict[int, int]] = [{} for _ in range(BINS // BAND)]
        """For each band: hash of its bins to the number of the first session that had them."""

    def twin(self, id: str, document: Document, *, remember: bool = True) -> tuple[str, float] | None:
        """The earlier session that this one is most like, and how like (estimated share of common shingles).

        None if there is no near-duplicate; then the session is remembered under `id`, unless `remember` is False.
        """
        sketch = self._sketch(document)
        keys = [hash(tuple(sketch[start : start + BAND])) for start in range(0, BINS, BAND)]
        candidates = {
            found for band, key in zip(self._bands, keys, strict=True) if (found := band.get(key)) is not None
        }
        likeness = {number: self._likeness(sketch, number) for number in sorted(candidates)}
        best = max(likeness, key=likeness.__getitem__, default=None)
        if best is None or likeness[best] < self._similarity:
            if remember:
                self._remember(id, sketch, keys)
            return None
        return self._ids[best], likeness[best]

    def _sketch(self, document: Document) -> array[int]:
        """Of what is said; not of who says it, so that the same session under other nicks is a twin."""
        said = words_of(" ".join(line.text for line in document.messages))
        bins = [EMPTY] * BINS
        for start in range(len(said) - self._shingle + 1):
            number = crc32(" ".join(said[start : start + self._shingle]).encode())
            place = number % BINS
            if number < bins[place]:
                bins[place] = number
        return array("I", bins)

    def _likeness(self, sketch: array[int], number: int) -> float:
        pairs = [(a, b) for a, b in zip(sketch, self._sketches[number], strict=True) if (a, b) != (EMPTY, EMPTY)]
        return sum(a == b for a, b in pairs) / len(pairs) if pairs else 0.0

    def _remember(self, id: str, sketch: array[int], keys: list[int]) -> None:
        number = len(self._ids)
        self._ids.append(id)
        self._sketches.append(sketch)
        for band, start, key in zip(self._bands, range(0, BINS, BAND), keys, strict=True):
            if any(value != EMPTY for value in sketch[start : start + BAND]):
                band.setdefault(key, number)
